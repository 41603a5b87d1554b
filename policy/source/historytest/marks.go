package historytest

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/policy/source"
)

func marks(t *testing.T, s Store) {
	h, other := s.Open(t), s.Open(t)
	recorded(t, h, 3)
	must(t, other.Refresh())
	h.Mark(1, source.MarkTaken, "")
	h.Mark(2, source.MarkRejected, "pair-1: a port is taken\npair-2: no such file")
	h.Mark(2, source.MarkRejected, "something else")
	must(t, other.Refresh())
	other.Mark(1, source.MarkRejected, "later")
	other.Mark(2, source.MarkRejected, "something else again")
	var want []source.Change
	for n := range 3 {
		c := change(n + 1)
		c.Number = n + 1
		want = append(want, c)
	}
	want[0].Taken, want[0].Rejected = true, "later"
	want[1].Rejected = "pair-1: a port is taken\npair-2: no such file"
	for what, h := range map[string]source.History{"who marked": h, "who refreshed": other, "who opens it later": s.Open(t)} {
		must(t, h.Refresh())
		if diff := cmp.Diff(want, h.Changes()); diff != "" {
			t.Errorf("%s: the changes differ (-want +got):\n%s", what, diff)
		}
	}
}

func strayMark(t *testing.T, s Store) {
	h := s.Open(t)
	h.Mark(1, source.MarkTaken, "")
	h.Mark(0, source.MarkRejected, "no")
	recorded(t, h, 1)
	h.Mark(2, source.MarkTaken, "")
	recorded(t, h, 1)
	for what, h := range map[string]source.History{"who marked": h, "who opens it later": s.Open(t)} {
		must(t, h.Refresh())
		for _, c := range h.Changes() {
			if c.Taken || c.Rejected != "" {
				t.Errorf("%s: a change has the mark of an earlier one: %+v", what, c)
			}
		}
	}
}
