package app

import (
	"strconv"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/headgate/headgate/extproc/provider/circuit"
)

// TestSeldom holds that each thing has its own minute, and that what is remembered is bounded.
func TestSeldom(t *testing.T) {
	at := time.Unix(1e9, 0)
	s := newSeldom(func() time.Time { return at })
	if !s.may("a") || !s.may("b") || s.may("a") {
		t.Error("the first line of each thing, and no second one, is said")
	}
	at = at.Add(seldomEvery - 1)
	if s.may("a") {
		t.Error("said again too soon")
	}
	at = at.Add(1)
	if !s.may("a") {
		t.Error("not said again after a minute")
	}
	for i := range 10 * maxSeldom {
		s.may(strconv.Itoa(i))
	}
	if len(s.said) > maxSeldom {
		t.Errorf("%d things are remembered", len(s.said))
	}
}

// TestRefusedKeysAreCountedAndSeldomLogged holds that each refusal of a credential counts, and that a
// backend which refuses every request does not fill the log.
func TestRefusedKeysAreCountedAndSeldomLogged(t *testing.T) {
	core, lines := observer.New(zap.WarnLevel)
	reg, at := prometheus.NewRegistry(), time.Unix(1e9, 0)
	report := refusedKeys(reg, zap.New(core), func() time.Time { return at })
	for range 100 {
		report("b", 401)
	}
	report("other", 403)
	if n, err := testutil.GatherAndCount(reg, "headgate_credentials_refused_total"); n != 2 || err != nil {
		t.Errorf("%d series, %v: want one for each backend", n, err)
	}
	if n := lines.Len(); n != 2 {
		t.Errorf("%d lines, want 2", n)
	}
}

// TestCircuitsAreCountedAndSeldomLogged holds that a backend whose limit is reached again and again
// does not fill the log.
func TestCircuitsAreCountedAndSeldomLogged(t *testing.T) {
	core, lines := observer.New(zap.InfoLevel)
	reg, at := prometheus.NewRegistry(), time.Unix(1e9, 0)
	changed := circuitChanges(reg, zap.New(core), func() time.Time { return at })
	for range 50 {
		changed(circuit.Change{Key: circuit.Key{Backend: "b", Model: "m"}, Reason: circuit.Limited, Wait: time.Second})
		changed(circuit.Change{Key: circuit.Key{Backend: "b", Model: "m"}, Closed: true})
	}
	if n := lines.Len(); n != 2 {
		t.Errorf("%d lines, want that it is left alone and that it is not any more", n)
	}
	at = at.Add(seldomEvery)
	changed(circuit.Change{Key: circuit.Key{Backend: "b", Model: "m"}, Reason: circuit.Limited, Learnt: true})
	if n := lines.Len(); n != 3 {
		t.Errorf("%d lines after a minute, want 3", n)
	}
}
