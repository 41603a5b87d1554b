package canon

import (
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/scan"
)

// TestToolNamesComeBack holds that every name becomes one that a server takes, that no two
// become one, and that the tools of the request lead back.
func TestToolNamesComeBack(t *testing.T) {
	long := strings.Repeat("n", 64)
	names := []string{"f", "f-1_A", long, long + "n", long + "m", "a b", "a.b", "a:b", "é", "日本語", "a\"b", strings.Repeat("日", 100), "x_hgabcdefghij", "x_hgabcdefghi_", "_hg0123456789"}
	for _, name := range names[:15:15] { // what they become are names, too
		names = append(names, Str(AppendToolName(nil, scan.AppendString(nil, name), 64)))
	}
	var r Request
	known := map[string]bool{}
	for _, name := range names {
		if !known[name] {
			known[name] = true
			r.Tools = append(r.Tools, Tool{Name: scan.AppendString(nil, name)})
		}
	}
	for _, max := range []int{64, 128} {
		seen := map[string]bool{}
		for i := range r.Tools {
			name := r.Tools[i].Name
			there := scan.Value(AppendToolName(nil, name, max))
			if in := Inside(there); !Plain(in) || len(in) > max || seen[string(there)] {
				t.Errorf("%s becomes %s", name, there)
			}
			seen[string(there)] = true
			if back := r.ToolName(there); string(back) != string(name) {
				t.Errorf("%s becomes %s and comes back as %s", name, there, back)
			}
		}
	}
	for _, stranger := range []string{`"x_hg0000000000"`, `"g"`, `""`} {
		if got := r.ToolName(scan.Value(stranger)); string(got) != stranger {
			t.Errorf("%s becomes %s", stranger, got)
		}
	}
}
