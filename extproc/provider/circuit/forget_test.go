package circuit_test

import (
	"testing"
	"time"

	"github.com/headgate/headgate/extproc/provider/circuit"
)

// TestForgetClosesWhateverIsKnown holds that a backend is asked again at once, whether its limit was
// found here or elsewhere, that an answer to what began before does not open it again, nor do others
// who still say what they found before, and that other backends stay as they are.
func TestForgetClosesWhateverIsKnown(t *testing.T) {
	r := newRig()
	learnt, other, unnamed := r.store.Of(use("b", "learnt")), r.store.Of(use("c", "m")), r.store.Of(use("b", "unnamed"))
	elsewhere := []circuit.Elsewhere{
		{Backend: "b", Model: "learnt", Account: circuit.Account(use("b", "learnt")), Reason: circuit.Limited, Since: at(0), Until: at(200)},
		{Backend: "b", Model: "later", Account: circuit.Account(use("b", "later")), Reason: circuit.Limited, Since: at(0), Until: at(200)},
	}
	r.store.Learn(elsewhere)
	r.saw(0, 0, circuit.Limited, time.Minute)
	other.Observe(circuit.Observation{Began: at(0), At: at(0), Reason: circuit.Limited, Wait: time.Minute})
	for range circuit.Unnamed - 1 {
		unnamed.Observe(circuit.Observation{Began: at(0), At: at(0), Reason: circuit.Overloaded})
	}
	r.now = at(10)
	if n := r.store.Forget("b"); n != 3 {
		t.Errorf("%d circuits are forgotten, want 3", n)
	}
	if !r.Closed() || !learnt.Closed() || !r.store.Of(use("b", "later")).Closed() || other.Closed() {
		t.Errorf("closed: %v, learnt %v, another backend's %v", r.Closed(), learnt.Closed(), other.Closed())
	}
	r.saw(9, 11, circuit.Limited, time.Minute)
	unnamed.Observe(circuit.Observation{Began: at(9), At: at(11), Reason: circuit.Overloaded, Else: time.Second})
	r.store.Learn(elsewhere[:1])
	if !r.Closed() || !unnamed.Closed() || !learnt.Closed() {
		t.Error("what was found before opens it again")
	}
	r.saw(11, 12, circuit.Limited, time.Minute)
	if !r.Open(at(12)) {
		t.Error("a limit that was found since leaves it closed")
	}
	if n := r.store.Forget("b") + r.store.Forget("nothing"); n != 1 {
		t.Errorf("%d circuits are forgotten, want 1", n)
	}
}
