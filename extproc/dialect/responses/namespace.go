package responses

import (
	"fmt"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// Members of a namespace of tools.
var namespaceNames = []string{"type", "name", "tools", "description"}

// namespace reads the tools in a namespace, as if they stood beside it: other dialects know
// none. It returns false if the tool is none.
func (d *decoder) namespace(v scan.Value, in string, i int) (bool, error) {
	if string(canon.Inside(v.Get("type"))) != "namespace" {
		return false, nil
	}
	at := fmt.Sprintf("%stools[%d]", in, i)
	var m [4]scan.Value
	extra, err := canon.PickInside(at, v, namespaceNames, m[:], d.r.Extra)
	if err != nil {
		return true, canon.Errorf(at, "%v", err)
	}
	d.r.Extra = extra
	if err := wantString(m[1], "name"); err != nil {
		return true, canon.Errorf(at, "%v", err)
	}
	if !canon.Empty(m[3]) {
		left := canon.Within(at, []byte("description"), m[3])
		left.Tuning = true
		d.r.Extra = append(d.r.Extra, left)
	}
	return true, d.toolList(m[2], at+".", m[1])
}

// withoutNamesakes leaves to this dialect alone the tools of items and namespaces that have
// the name of one before them: items repeat tools, and namespaces keep names of one kind from
// each other.
func (d *decoder) withoutNamesakes() {
	for i := range d.r.Tools {
		t := &d.r.Tools[i]
		if t.Again && !t.Other && (i >= d.listed || t.Namespace != nil) {
			t.Other, t.Offered, t.Again = true, true, false
		}
	}
}
