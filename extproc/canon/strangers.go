package canon

import (
	"bytes"
	"fmt"

	"github.com/headgate/headgate/extproc/scan"
)

// Strangers appends the members of an object that its dialect's reader does not know.
// The object is one that the dialect carries whole, at this path below what the members
// are appended to.
func Strangers(extra []Member, at string, v scan.Value, known ...string) []Member {
	for m := v.Fields(); m.Next(); {
		if index(known, m.Key()) < 0 {
			extra = append(extra, Within(at, m.Key(), m.Value()))
		}
	}
	return extra
}

// Within is a member of an object that its dialect carries whole.
func Within(at string, name []byte, v scan.Value) Member {
	return Member{Name: append(append([]byte(at), '.'), name...), Value: v, Inside: true}
}

// PickInside reads the members of an object that stands in another as Pick does, and
// appends those that are not known to extra, by their path.
func PickInside(at string, v scan.Value, names []string, into []scan.Value, extra []Member) ([]Member, error) {
	n := len(extra)
	extra, err := Pick(v.Fields(), names, into, extra)
	if err != nil {
		return extra, fmt.Errorf("%s: %w", at, err)
	}
	for i := range extra[n:] {
		extra[n+i] = Within(at, extra[n+i].Name, extra[n+i].Value)
	}
	return extra, nil
}

// Own marks the members that only the providers of a dialect understand, with what
// others lack.
func Own(extra []Member, why map[string]string) {
	for i := range extra {
		extra[i].Why = why[string(extra[i].Name)]
	}
}

// InsideOf returns the members that stand in another.
func InsideOf(members []Member, at string) (all []Member) {
	for _, m := range members {
		if m.Inside && bytes.HasPrefix(m.Name, []byte(at+".")) {
			all = append(all, m)
		}
	}
	return all
}
