package policy

import (
	"testing"
	"time"
)

// TestDescribe holds that an entry is described on one line, whatever people have written.
func TestDescribe(t *testing.T) {
	e := Weights{Model: "org/x", Link: 1, Uses: map[string]uint32{"b/x": 0, "a/x": 7}}
	if got, want := Describe(e), `models["org/x"].chain[1]: a/x=7 b/x=0`; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	e.Laid = Laid{Author: "ann\r", Reason: "slow\nready", Since: time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC), Expiry: time.Date(2026, 9, 1, 13, 0, 0, 0, time.UTC)}
	if got, want := Describe(e), `models["org/x"].chain[1]: a/x=7 b/x=0, by ann\r since 2026-09-01T12:00:00Z until 2026-09-01T13:00:00Z: slow\nready`; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
