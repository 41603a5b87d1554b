package spool

import (
	"strings"
	"testing"
)

// TestAFullSpoolDrops holds that with when_full: drop every request is served, whether or not there
// is room for its row, and that the rows that are missing from the journal afterwards are counted.
func TestAFullSpoolDrops(t *testing.T) {
	t.Parallel()
	r := startRig(t, "when_full: drop, spool: 16MiB")
	r.database.Kill()
	r.fill("lost rows", func() bool { return r.lost("closed") > 50 })
	if n := r.refused(); n != 0 || !r.serves() {
		t.Errorf("%d requests were refused", n)
	}
	r.checkSeen(true, 1, "rows are lost")
	r.await("how many are lost", func() bool { return strings.Contains(r.fleet.XDS[0].Status(), "are lost so far") })
	r.database.Start(t)
	r.await("room", r.keeps)
	r.checkOver(1)
	r.judge(r.lost("closed"))
}

// keeps reports whether what is asked now has its rows.
func (r *rig) keeps() bool {
	before := r.lost("closed")
	return r.serves() && r.lost("closed") == before
}
