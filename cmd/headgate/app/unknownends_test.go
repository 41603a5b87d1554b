package app

import (
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

// TestUnknownEndsAreCountedAndSeldomLogged holds that each unknown end counts, and that a backend
// which writes one at the end of every answer does not fill the log.
func TestUnknownEndsAreCountedAndSeldomLogged(t *testing.T) {
	core, lines := observer.New(zap.WarnLevel)
	reg, at := prometheus.NewRegistry(), time.Unix(1e9, 0)
	report := unknownEnds(reg, zap.New(core), func() time.Time { return at })
	for range 3 {
		report("b", "openai", "done")
	}
	report("other", "anthropic", "done")
	at = at.Add(seldomEvery)
	report("b", "openai", "done")
	if n, err := testutil.GatherAndCount(reg, "headgate_unknown_ends_total"); n != 2 || err != nil {
		t.Errorf("%d series, %v: want one for each backend", n, err)
	}
	if n := lines.Len(); n != 3 {
		t.Errorf("%d lines, want 3", n)
	}
}
