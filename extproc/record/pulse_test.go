package record

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestAStallLeavesDoubt holds that rows are in doubt from when the process stands still until
// Envoy's accounts of that time have come.
func TestAStallLeavesDoubt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPulse()
		time.Sleep(time.Minute + beat/2)
		if p.stalled() {
			t.Error("a process that runs is in doubt")
		}
		p.stop()
		const still = 3 * time.Second
		time.Sleep(still)
		if !p.stalled() {
			t.Error("no doubt in the first moment after a stall, before the next beat")
		}
		p.beat()
		if !p.stalled() {
			t.Error("no doubt after the first beat")
		}
		time.Sleep(still + Wait - time.Second)
		if !p.stalled() {
			t.Error("no doubt although accounts may be on their way")
		}
		time.Sleep(2 * time.Second)
		if p.stalled() {
			t.Error("doubt has no end")
		}
		p.stop()
	})
}
