package scan_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/extproc/scan"
)

// TestWhatIsCutTakesItsCommaAlong cuts random members and elements and holds that the
// rest is what it was.
func TestWhatIsCutTakesItsCommaAlong(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		n := r.IntN(6)
		members, elements := []string{}, []string{}
		kept, rest := map[string]any{}, []any{}
		cut := make([]bool, n)
		for i := range n {
			members = append(members, fmt.Sprintf(`"k%d" :%d`, i, i))
			elements = append(elements, fmt.Sprint(i))
			if cut[i] = r.IntN(2) == 0; !cut[i] {
				kept[fmt.Sprintf("k%d", i)] = float64(i)
				rest = append(rest, float64(i))
			}
		}
		sep := []string{",", " ,\n "}[r.IntN(2)]
		object, array := "{ "+strings.Join(members, sep)+" }", "[ "+strings.Join(elements, sep)+" ]"
		c := scan.NewCutter(nil)
		f := scan.Value(object).Fields()
		for i := 0; f.Next(); i++ {
			start, end := f.MemberSpan()
			c.Item(start, end, cut[i])
		}
		same(t, object, c.Close(), kept)
		c = scan.NewCutter(nil)
		e := scan.Value(array).Elements()
		for i := 0; e.Next(); i++ {
			start, end := e.Span()
			c.Item(start, end, cut[i])
		}
		same(t, array, c.Close(), rest)
	}
}

func same(t *testing.T, text string, edits []scan.Edit, want any) {
	t.Helper()
	out := scan.Splice(nil, []byte(text), edits)
	var got any
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("%s became %s: %v", text, out, err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("%s became %s: %s", text, out, diff)
	}
}
