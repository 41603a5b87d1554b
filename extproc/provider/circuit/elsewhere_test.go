package circuit_test

import (
	"testing"
	"time"

	"github.com/headgate/headgate/extproc/provider/circuit"
	"github.com/headgate/headgate/policy"
)

// learns has the rig learn at a second that another pair's circuit opened and half-opens then.
func (r *rig) learns(seconds, opened, until float64) {
	r.now = at(seconds)
	r.store.Learn([]circuit.Elsewhere{r.elsewhere(use("b", "m"), opened, until)})
}

func (r *rig) elsewhere(u policy.Use, opened, until float64) circuit.Elsewhere {
	return circuit.Elsewhere{
		Backend: u.Backend.Name, Model: u.Model, Account: circuit.Account(u), Reason: circuit.Limited, Since: at(opened), Until: at(until), Named: true,
	}
}

func (r *rig) learnsNothing(seconds float64) {
	r.now = at(seconds)
	r.store.Learn(nil)
}

func TestWhatAnotherPairFoundOpensForTheRestOfTheTimeAndProbesOnce(t *testing.T) {
	r := newRig()
	r.learns(2, 1, 9)
	r.enters(t, 8.9, "is left out")
	if left, named := r.Named(at(3)); !named || left != 6*time.Second {
		t.Errorf("%v are left, named: %v", left, named)
	}
	probe := r.enters(t, 9, "probes")
	r.enters(t, 9, "is left out")
	r.Leave(probe)
	r.enters(t, 9, "probes")
	r.saw(9, 10, circuit.None, 0)
	r.enters(t, 10, "enters")
	r.reported(t, "b/m limited 7s", "closed")
}

// TestWhatWasLearntIsNotPassedOn holds that a pair reports its own observations alone: two pairs
// would else keep a circuit open by each other's word.
func TestWhatWasLearntIsNotPassedOn(t *testing.T) {
	r := newRig()
	r.learns(0, 0, 60)
	if all := r.store.List(); len(all) != 0 {
		t.Errorf("listed %+v", all)
	}
	if open := r.store.Open(); open["b"] != 1 {
		t.Errorf("open: %v", open)
	}
	r.saw(1, 2, circuit.Limited, 30*time.Second) // the last resort was asked
	if all := r.store.List(); len(all) != 1 || !all[0].Until.Equal(at(32)) || all[0].Account != circuit.Account(use("b", "m")) {
		t.Errorf("listed %+v", all)
	}
	r.learnsNothing(3)
	r.enters(t, 3, "is left out")
}

func TestWhatAnotherPairTakesBackCloses(t *testing.T) {
	r := newRig()
	r.learns(0, 0, 60)
	r.learns(1, 0, 60)
	r.learnsNothing(5)
	r.enters(t, 5, "enters")
	r.reported(t, "b/m limited 1m0s", "closed")
}

// TestAnAnswerHereCountsMore holds that what an answer has closed here does not open again for
// what was known before it, but for what another pair finds later.
func TestAnAnswerHereCountsMore(t *testing.T) {
	r := newRig()
	r.learns(2, 1, 60)
	r.saw(0, 3, circuit.None, 0) // began before it was found
	r.enters(t, 3, "is left out")
	r.saw(2, 4, circuit.None, 0)
	r.learns(5, 1, 60)
	r.enters(t, 5, "enters")
	r.learns(7, 6, 60)
	r.enters(t, 7, "is left out")
	r.reported(t, "b/m limited 58s", "closed", "b/m limited 53s")
}

func TestWhatIsKnownHereStaysAsItIs(t *testing.T) {
	r := newRig()
	r.saw(0, 0, circuit.Limited, 5*time.Second)
	r.learns(1, 1, 60)
	r.enters(t, 5, "probes")
	r.learnsNothing(6)
	r.enters(t, 6, "is left out") // while its own probe is under way
	r.reported(t, "b/m limited 5s")
}

func TestWhatIsLearntIsBounded(t *testing.T) {
	r := newRig()
	r.learns(0, 0, 86_400)
	r.enters(t, circuit.MaxOpen.Seconds()-1, "is left out")
	r.enters(t, circuit.MaxOpen.Seconds(), "probes")
}

// TestWhatWasLearntBeforeAPolicyNamesIt holds that a use which a policy brings later is known,
// and that the same names at another account are not meant.
func TestWhatWasLearntBeforeAPolicyNamesIt(t *testing.T) {
	r := newRig()
	other := use("b", "m")
	other.Backend.Credentials = []policy.Credential{{Env: "OTHER"}}
	r.store.Learn([]circuit.Elsewhere{r.elsewhere(use("c", "m"), 0, 60), r.elsewhere(other, 0, 60)})
	r.enters(t, 1, "enters")
	if !r.store.Of(use("c", "m")).Open(at(1)) || !r.store.Of(other).Open(at(1)) {
		t.Error("what comes later is not known")
	}
}
