package app

import (
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

// TestBombsAreCountedAndSeldomLogged holds that each bomb counts, and that a backend that sends
// nothing else does not fill the log.
func TestBombsAreCountedAndSeldomLogged(t *testing.T) {
	core, lines := observer.New(zap.WarnLevel)
	reg, at := prometheus.NewRegistry(), time.Unix(1e9, 0)
	report := answerBombs(reg, zap.New(core), func() time.Time { return at })
	for range 3 {
		report("b")
	}
	report("other")
	at = at.Add(seldomEvery)
	report("b")
	if n, err := testutil.GatherAndCount(reg, "headgate_answer_bombs_total"); n != 2 || err != nil {
		t.Errorf("%d series, %v: want one for each backend", n, err)
	}
	if n := lines.Len(); n != 3 {
		t.Errorf("%d lines, want 3", n)
	}
}
