package source

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/policy"
)

// TestDrain holds that what people drain is a change like others, beside what else lies
// over the policy, that it survives a restart, and that it is taken back by its name.
func TestDrain(t *testing.T) {
	path, folder := policyFile(t, split("5")), t.TempDir()
	at := func() *Source {
		history, err := OpenFolder(folder, whole(t))
		must(t, err)
		return open(t, Options{Path: path, History: history})
	}
	s := at()
	lay(t, s, laying("b/x", 3))
	laid := lay(t, s, Laying{Drain: []Drain{{Backend: "a"}, {Backend: "c", Use: "x", Model: "m"}}, Author: "ann", Reason: "test"})
	if laid.Origin != FromOverlay || len(laid.Overlay.Drained) != 2 || len(laid.Overlay.Weights) != 1 {
		t.Errorf("the change is %+v", laid)
	}
	s = at()
	weighs(t, "drained, after a restart", s, map[string]uint32{"b": 3})
	if n := len(s.Latest().Models["m"].Chain); n != 1 {
		t.Errorf("the chain has %d links", n)
	}
	by := policy.Laid{Author: "ann", Reason: "test", Since: noon}
	want := []policy.Drained{{Backend: "a", Laid: by}, {Backend: "c", Use: "x", Model: "m", Laid: by}}
	if diff := cmp.Diff(want, s.Overlay().Drained); diff != "" {
		t.Errorf("drained differs (-want +got):\n%s", diff)
	}
	lay(t, s, Laying{Undrain: []Drain{{Backend: "a"}}, Author: "bob", Reason: "over"})
	weighs(t, "one taken back", s, map[string]uint32{"a": 5, "b": 3})
	lay(t, s, Laying{Undrain: []Drain{{Backend: "c", Use: "x", Model: "m"}}, Clear: []Target{{Model: "m"}}, Author: "bob", Reason: "over"})
	if !s.Overlay().IsZero() {
		t.Errorf("over the policy lies %+v", s.Overlay())
	}
}

// TestDrainIsRefused holds that every fault is named, and that nothing changes then.
func TestDrainIsRefused(t *testing.T) {
	s := open(t, Options{Path: policyFile(t, split("5"))})
	_, err := s.Lay(Laying{Drain: []Drain{{Backend: "d"}}, Undrain: []Drain{{Backend: "a"}}, Author: "ann", Reason: "test"})
	if want := "backends.d: backend \"d\" is not defined\nbackends.a: nobody has drained it"; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("%v, want %s", err, want)
	}
	if len(s.History()) != 1 {
		t.Error("something changed")
	}
}
