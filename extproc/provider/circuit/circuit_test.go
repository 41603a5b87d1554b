package circuit_test

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/headgate/headgate/extproc/provider/circuit"
	"github.com/headgate/headgate/policy"
)

var start = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func at(seconds float64) time.Time { return start.Add(time.Duration(seconds * float64(time.Second))) }

// rig is one circuit with all that it reported.
type rig struct {
	*circuit.Circuit
	store   *circuit.Store
	changes []string
	now     time.Time
}

func newRig() *rig {
	r := &rig{now: start}
	r.store = circuit.NewStore(func(c circuit.Change) {
		if c.Open {
			r.changes = append(r.changes, fmt.Sprint(c.Backend, "/", c.Model, " ", c.Reason, " ", c.Wait))
		} else {
			r.changes = append(r.changes, "closed")
		}
	}, func() time.Time { return r.now })
	r.Circuit = r.store.Of(use("b", "m"))
	return r
}

func use(backend, model string) policy.Use {
	return policy.Use{Backend: &policy.Backend{Name: backend}, Model: model}
}

// saw notes what an attempt, which began and was answered at these seconds, was told.
func (r *rig) saw(began, answered float64, why circuit.Reason, wait time.Duration) {
	r.Observe(circuit.Observation{Began: at(began), At: at(answered), Reason: why, Wait: wait, Else: 5 * time.Second})
}

func (r *rig) enters(t *testing.T, seconds float64, want string) (probe uint64) {
	t.Helper()
	probe, ok := r.Enter(at(seconds))
	got := map[bool]string{true: "enters", false: "is left out"}[ok]
	if probe > 0 {
		got = "probes"
	}
	if got != want {
		t.Errorf("after %v s a request %s, want: %s", seconds, got, want)
	}
	return probe
}

func (r *rig) reported(t *testing.T, want ...string) {
	t.Helper()
	if !slices.Equal(r.changes, want) {
		t.Errorf("reported %q, want %q", r.changes, want)
	}
}

func TestOpensForTheNamedTimeProbesOnceAndCloses(t *testing.T) {
	r := newRig()
	r.enters(t, 0, "enters")
	r.saw(0, 1, circuit.Limited, 7*time.Second)
	r.enters(t, 1, "is left out")
	r.enters(t, 7.9, "is left out")
	probe := r.enters(t, 8, "probes")
	r.enters(t, 8, "is left out")
	r.saw(8, 9, circuit.None, 0)
	r.Leave(probe) // when the exchange ends
	r.enters(t, 9, "enters")
	r.reported(t, "b/m limited 7s", "closed")
}

func TestAProbeThatFailsOpensAgain(t *testing.T) {
	r := newRig()
	r.saw(0, 0, circuit.Limited, 2*time.Second)
	first := r.enters(t, 3, "probes")
	r.saw(3, 4, circuit.Overloaded, 3*time.Second)
	r.enters(t, 6.9, "is left out")
	r.enters(t, 7, "probes")
	r.Leave(first) // it ends late, and takes nothing from the next
	r.enters(t, 7, "is left out")
	r.reported(t, "b/m limited 2s", "b/m overloaded 3s")
}

func TestAProbeThatWasNotAskedIsAnothersTurn(t *testing.T) {
	r := newRig()
	r.saw(0, 0, circuit.Limited, time.Second)
	r.Leave(r.enters(t, 2, "probes"))
	r.enters(t, 2, "probes")
	r.reported(t, "b/m limited 1s")
}

func TestWithoutANamedTimeItGrowsWithEveryProbeThatFails(t *testing.T) {
	r := newRig()
	for range circuit.Unnamed - 1 {
		r.saw(0, 0, circuit.Overloaded, 0)
		r.enters(t, 0, "enters")
	}
	now := 0.0
	for _, want := range []float64{5, 10, 20, 40, 60, 60} {
		r.saw(now, now, circuit.Limited, 0)
		r.saw(now, now+1, circuit.Limited, 0) // the last resort was asked meanwhile
		r.enters(t, now+want-0.1, "is left out")
		r.enters(t, now+want, "probes")
		now += want
	}
	r.saw(now, now, circuit.None, 0)
	for range circuit.Unnamed - 1 {
		r.saw(now, now, circuit.Limited, 0)
	}
	r.saw(now, now, circuit.None, 0) // not in a row
	for range circuit.Unnamed {
		r.saw(now, now, circuit.Limited, 0)
	}
	r.enters(t, now+5, "probes")
	r.reported(t, "b/m limited 5s", "b/m limited 10s", "b/m limited 20s", "b/m limited 40s", "b/m limited 1m0s", "b/m limited 1m0s", "closed", "b/m limited 5s")
	if left, named := r.Named(at(now + 1)); named {
		t.Errorf("named %v", left)
	}
}

func TestNamedTimesAreBounded(t *testing.T) {
	r := newRig()
	r.saw(0, 0, circuit.Limited, 100*time.Millisecond)
	r.saw(0.1, 0.1, circuit.Limited, 100*time.Millisecond)
	r.saw(2, 2, circuit.None, 0)
	r.reported(t, "b/m limited 100ms", "b/m limited 1s", "closed")
	r = newRig()
	r.saw(0, 0, circuit.Limited, 24*time.Hour)
	r.enters(t, 299, "is left out")
	r.enters(t, 300, "probes")
	r.saw(300, 300, circuit.UsedUp, time.Hour)
	r.enters(t, 359, "is left out")
	r.enters(t, 360, "probes")
	r.reported(t, "b/m limited 5m0s", "b/m used_up 1m0s")
}

// TestWhatBeganBeforeItOpenedSaysNothing holds that answers to earlier attempts neither
// close a circuit nor shorten its time, but may lengthen it.
func TestWhatBeganBeforeItOpenedSaysNothing(t *testing.T) {
	r := newRig()
	r.saw(0, 2, circuit.Limited, 10*time.Second)
	r.saw(1, 3, circuit.None, 0)
	r.saw(1, 3, circuit.Limited, 4*time.Second)
	r.enters(t, 11.9, "is left out")
	r.saw(1, 4, circuit.Limited, 20*time.Second)
	r.enters(t, 12, "is left out")
	r.saw(5, 5, circuit.Limited, 8*time.Second) // the last resort was given less
	if left, named := r.Named(at(6)); !named || left != 7*time.Second {
		t.Errorf("named %v", left)
	}
	r.saw(6, 6, circuit.None, 0) // it took one more
	r.enters(t, 6, "enters")
	r.reported(t, "b/m limited 10s", "closed")
}

func TestCircuitsAreOfBackendModelAndAccount(t *testing.T) {
	r := newRig()
	r.saw(0, 0, circuit.Limited, time.Minute)
	if r.store.Of(use("b", "m")) != r.Circuit {
		t.Error("the same use has another circuit under another policy")
	}
	other := use("b", "m")
	other.Backend.Credentials = []policy.Credential{{Env: "OTHER"}}
	for _, u := range []policy.Use{use("b", "n"), use("c", "m"), other} {
		if !r.store.Of(u).Closed() {
			t.Errorf("%v is open with another", u)
		}
	}
	if open := r.store.Open(); open["b"] != 1 || open["c"] != 0 || len(open) != 2 {
		t.Errorf("open: %v", open)
	}
	if all := r.store.List(); len(all) != 1 || all[0].Key != circuit.KeyOf(use("b", "m")) || all[0].Reason != circuit.Limited || !all[0].Opened.Equal(at(0)) || !all[0].Until.Equal(at(60)) {
		t.Errorf("listed %+v", all)
	}
	r.now = at(60)
	if open := r.store.Open(); open["b"] != 0 {
		t.Errorf("half-open counts as open: %v", open)
	}
	if all := r.store.List(); len(all) != 0 {
		t.Errorf("half-open is listed: %v", all)
	}
}

func TestOneProbeAtATimeAmongMany(t *testing.T) {
	r := newRig()
	r.saw(0, 0, circuit.Limited, time.Second)
	var probes, entered atomic.Int32
	var all sync.WaitGroup
	for range 64 {
		all.Go(func() {
			if probe, ok := r.Enter(at(2)); probe > 0 {
				probes.Add(1)
			} else if ok {
				entered.Add(1)
			}
		})
	}
	all.Wait()
	if probes.Load() != 1 || entered.Load() != 0 {
		t.Errorf("%d probes, %d others", probes.Load(), entered.Load())
	}
}

func TestNothingIsAllocatedForARequest(t *testing.T) {
	r := newRig()
	look := func() {
		_, _ = r.Enter(at(0))
		r.saw(0, 0, circuit.None, 0)
	}
	closed := testing.AllocsPerRun(100, look)
	r.saw(0, 0, circuit.Limited, time.Minute)
	open := testing.AllocsPerRun(100, func() { _, _ = r.Enter(at(1)) })
	if closed+open > 0 {
		t.Errorf("%v allocations where it is closed, %v where it is open", closed, open)
	}
}

// TestCircuitsOfNamesAreBounded holds that names that clients choose have circuits of their own, as
// many as are kept, and that they crowd out no circuit of what a policy names.
func TestCircuitsOfNamesAreBounded(t *testing.T) {
	r := newRig()
	written := use("b", "*")
	if r.store.OfName(use("b", "m"), written) != r.Circuit || r.store.OfName(written, written) != r.store.Of(written) {
		t.Error("what the policy names has two circuits")
	}
	limited := func(c *circuit.Circuit) {
		c.Observe(circuit.Observation{Began: at(1), At: at(1), Reason: circuit.Limited, Wait: time.Minute})
	}
	r.now = at(2)
	first := r.store.OfName(use("b", "name"), written)
	limited(first)
	for i := range 10_000 {
		r.store.OfName(use("b", fmt.Sprint("passing ", i)), written)
	}
	if r.store.OfName(use("b", "name"), written) != first || r.store.Of(use("b", "m")) != r.Circuit {
		t.Error("an open circuit, or one of the policy's, was crowded out")
	}
	shared := 0
	for i := range 2000 {
		c := r.store.OfName(use("b", fmt.Sprint("limited ", i)), written)
		if c == r.store.Of(written) {
			shared++
		} else {
			limited(c)
		}
	}
	if open := len(r.store.List()); open != circuit.MaxAsked || shared != 2000-circuit.MaxAsked+1 {
		t.Errorf("%d circuits are open, %d names share one", open, shared)
	}
	if adopted := r.store.Of(use("b", "name")); adopted != first {
		t.Error("a name that the policy comes to name has another circuit")
	}
}
