package app

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/zap"

	"github.com/headgate/headgate/extproc"
	"github.com/headgate/headgate/extproc/cache/store"
	"github.com/headgate/headgate/policy/pairpb"
	"github.com/headgate/headgate/xds/purge"
)

// keeper is a kind that notes which entries it is to forget, of which it has seven.
type keeper struct {
	extproc.Kind
	purges []store.Purge
}

func (k *keeper) Purge(p store.Purge) int {
	k.purges = append(k.purges, p)
	return 7
}

// TestAPurgeIsDoneOnce holds that a pair's cache is given all that a control plane says of a purge,
// its moment by the pair's own clock, and nothing that it was given before.
func TestAPurgeIsDoneOnce(t *testing.T) {
	k, now := &keeper{}, time.Now()
	p := newPurger([]extproc.Kind{k}, prometheus.NewRegistry(), zap.NewNop())
	e := &pairpb.Entries{Purge: "x", AgeNanos: time.Hour.Nanoseconds(), Ids: []string{"i"}, Caller: "ci", Team: "red", Model: "m", Prompt: "p", Tag: "a"}
	for i, want := range []int{7, 0} {
		if got := p.purge(e, now.Add(time.Duration(i)*time.Minute)); got != want {
			t.Errorf("%d are forgotten, want %d", got, want)
		}
	}
	want := []store.Purge{{ID: "x", At: now.Add(-time.Hour), IDs: []string{"i"}, Caller: "ci", Team: "red", Model: "m", Prompt: "p", Tag: "a"}}
	if diff := cmp.Diff(want, k.purges); diff != "" || testutil.ToFloat64(p.entries) != 1 {
		t.Errorf("%v are counted (-want +got):\n%s", testutil.ToFloat64(p.entries), diff)
	}
	p.purge(&pairpb.Entries{Purge: "y"}, now.Add(purge.Life))
	if len(p.done) != 1 {
		t.Errorf("what is over is kept: %v", p.done)
	}
}
