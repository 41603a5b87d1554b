package scan_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/headgate/headgate/extproc/scan"
)

// TestReshape gives every combination of fates to the members of an object, with and
// without blanks: what is left is JSON with the members that are to be there.
func TestReshape(t *testing.T) {
	for _, body := range []string{`{"a":1,"b":"x,}","c":[1,2],"d":{"e":5}}`, " { \"a\" : 1 ,\n \"b\" : \"x,}\" , \"c\" : [1, 2] ,\"d\": {\"e\": 5} } "} {
		for mix := range 81 {
			fates, n := map[string]scan.Fate{}, mix
			want := map[string]any{}
			for i, name := range []string{"a", "b", "c", "d"} {
				fates[name] = scan.Fate(n % 3)
				n /= 3
				switch fates[name] {
				case scan.Kept:
					want[name] = []any{1.0, "x,}", []any{1.0, 2.0}, map[string]any{"e": 5.0}}[i]
				case scan.Replaced:
					want["new-"+name] = true
				case scan.Dropped:
				}
			}
			if len(want) == 0 {
				continue
			}
			edits := scan.Reshape(nil, []byte(body), func(m *scan.Members) (scan.Fate, []byte) {
				return fates[string(m.Key())], []byte(`"new-` + string(m.Key()) + `":true`)
			})
			out := scan.Splice(nil, []byte(body), edits)
			var got map[string]any
			if err := json.Unmarshal(out, &got); err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%v of %s: %s %v", fates, body, out, err)
			}
		}
	}
}
