package policy

import (
	"testing"
	"time"
)

// TestLargeBodiesHaveMoreTime holds how long Envoy waits for ext_proc about large bodies: it
// grows with what a body may be.
func TestLargeBodiesHaveMoreTime(t *testing.T) {
	for limits, want := range map[string]time.Duration{
		"{}":                          18 * time.Second,
		"{body: 1MiB}":                10250 * time.Millisecond,
		"{body: 256MiB}":              74 * time.Second,
		"{body: 256MiB, stall: 1m}":   132 * time.Second,
		"{body: 4MiB, stall: 1500ms}": 10500 * time.Millisecond,
	} {
		set, err := Parse("policy.yaml", []byte("version: 1\nlimits: "+limits))
		if err != nil {
			t.Fatal(err)
		}
		if got := set.LargeStall(); got != want {
			t.Errorf("%s: %v, want %v", limits, got, want)
		}
	}
}
