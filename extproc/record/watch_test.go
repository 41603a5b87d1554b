package record_test

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/record"
	"github.com/headgate/headgate/policy/policypb"
)

// watchRig is a Watch whose clock a test moves.
type watchRig struct {
	*record.Watch
	lines *observer.ObservedLogs
	at    time.Time
	reg   *prometheus.Registry
}

func newWatchRig() *watchRig {
	core, lines := observer.New(zapcore.DebugLevel)
	r := &watchRig{lines: lines, at: time.Unix(1e9, 0), reg: prometheus.NewRegistry()}
	r.Watch = record.NewWatch(r.reg, zap.New(core), func() time.Time { return r.at })
	return r
}

// answers and fails have a backend answer, and fail, so often, a second apart.
func (r *watchRig) answers(backend string, times int) {
	r.plays(times, &policypb.Row{Route: "m", Backend: backend, Attempts: 1, Outcome: "ok", Status: 200})
}

func (r *watchRig) fails(backend string, times int) {
	r.plays(times, &policypb.Row{Exchange: "x-1", Route: "m", Backend: backend, Written: "served", Attempts: 1, Outcome: "provider_error", By: "provider", Status: 503})
}

func (r *watchRig) plays(times int, row *policypb.Row) {
	for range times {
		r.at = r.at.Add(time.Second)
		r.Take(row)
	}
}

// said returns the messages so far, and forgets them.
func (r *watchRig) said() (messages []string) {
	for _, e := range r.lines.TakeAll() {
		messages = append(messages, e.Message)
	}
	return messages
}

func (r *watchRig) says(t *testing.T, want ...string) {
	t.Helper()
	if got := r.said(); !slices.Equal(got, want) {
		t.Errorf("log %q, want %q", got, want)
	}
}

const (
	begins   = "a backend has begun to fail"
	goesOn   = "a backend goes on failing"
	isBack   = "a backend answers again"
	allSpent = "every link of a chain has failed"
)

// TestWatchSaysWhenABackendFailsAndIsBack holds what the log says of an outage, and that it says each
// thing once: its beginning with what the client got, ever more seldom that it goes on, and its end with
// how long it was and how many attempts failed.
func TestWatchSaysWhenABackendFailsAndIsBack(t *testing.T) {
	r := newWatchRig()
	r.answers("a", 100)
	r.says(t)
	r.fails("a", 1)
	first := r.lines.All()[0].ContextMap()
	for key, want := range map[string]any{"backend": "a", "served": "served", "failure": "status", "status": int64(503), "model": "m", "exchange": "x-1", "client_got": int32(503), "outcome": "provider_error", "failed": int64(1)} {
		if first[key] != want {
			t.Errorf("%s is %v, want %v", key, first[key], want)
		}
	}
	r.fails("a", 58)
	if since := series(t, r.reg)[`headgate_backend_failing_since_seconds backend="a"`]; since != 1e9+101 {
		t.Errorf("failing since %v", since)
	}
	r.says(t, begins)
	r.fails("a", 1+60+120+240)
	r.says(t, goesOn, goesOn, goesOn)
	r.answers("a", 59)
	r.says(t)
	r.answers("a", 1)
	last := r.lines.All()[0].ContextMap()
	if last["failed"] != int64(480) || last["answered"] != int64(60) || last["lasted"] != 479*time.Second {
		t.Errorf("the end: %v", last)
	}
	if since := series(t, r.reg)[`headgate_backend_failing_since_seconds backend="a"`]; since != 0 {
		t.Errorf("failing since %v although it is well", since)
	}
	r.says(t, isBack)
	r.answers("a", 100)
	r.says(t)
}

// TestWatchSpeaksOnceAMinute holds that a backend that fails now and then fills no log, and that others
// have lines of their own.
func TestWatchSpeaksOnceAMinute(t *testing.T) {
	r := newWatchRig()
	for range 3600 / 4 {
		r.fails("a", 1)
		r.answers("a", 3)
	}
	if got := r.said(); len(got) > 7 || got[0] != begins {
		t.Errorf("%d lines in an hour: %q", len(got), got)
	}
	r.fails("b", 1)
	r.says(t, begins)
	r.at = r.at.Add(time.Hour)
	r.answers("b", 1)
	r.says(t, isBack)
	r.fails("b", 59) // within the minute after that line
	r.says(t)
	r.fails("b", 1)
	r.says(t, begins)
}

// TestWatchBlamesNobodyForOthers holds that no backend fails because a client left or was at fault, or
// the gateway was, and that every attempt of a chain counts for its own backend.
func TestWatchBlamesNobodyForOthers(t *testing.T) {
	r := newWatchRig()
	for _, o := range []exchange.Outcome{
		{Result: exchange.Cancelled, By: exchange.ByClient}, {Result: exchange.ClientError, By: exchange.ByClient}, {Result: exchange.Blocked, By: exchange.ByProvider},
		{Result: exchange.GatewayError, By: exchange.ByGateway}, {Result: exchange.Drained, By: exchange.ByGateway}, {Result: exchange.OK},
	} {
		r.plays(1, lone(o.Result, o.By, 400, nil))
	}
	r.says(t)
	r.plays(1, &policypb.Row{Route: "m", Backend: "b", Outcome: "ok", Status: 200, Attempts: 3, Tried: []*policypb.Attempt{
		{Backend: "a", Model: "x", Status: 500, Failed: true}, {Backend: "c", Model: "x", Status: 400, Failed: true, Fault: "too_long"}, {Backend: "b", Model: "y", Status: 200},
	}})
	if line := r.lines.All()[0].ContextMap(); line["backend"] != "a" || line["client_got"] != int32(200) || line["outcome"] != "ok" {
		t.Errorf("line %v", line)
	}
	r.says(t, begins)
}

// TestWatchSaysThatAChainIsSpent holds that it is said once a minute for each model, with what every
// attempt came to and how often it was so since.
func TestWatchSaysThatAChainIsSpent(t *testing.T) {
	r := newWatchRig()
	spent := &policypb.Row{Exchange: "x-2", Route: "m", Outcome: "exhausted", By: "provider", Reason: "all_models_exhausted", Status: 503, Attempts: 3, Tried: []*policypb.Attempt{
		{Backend: "a", Model: "x", Status: 500, Failed: true}, {Backend: "b", Model: "y", Failed: true},
	}}
	r.plays(60, spent)
	r.says(t, begins, begins, allSpent)
	r.plays(1, spent)
	var line map[string]any
	for _, e := range r.lines.All() {
		if e.Message == allSpent {
			line = e.ContextMap()
		}
	}
	if line["tried"] != "a/x 500 status, b/y no_answer, one without a connection" || line["times"] != int64(60) || line["client_got"] != int32(503) || line["exchange"] != "x-2" {
		t.Errorf("line %v", line)
	}
}

// TestWatchIsBounded holds that no number of backends and models fills the memory, and that those that
// fail are not forgotten for others.
func TestWatchIsBounded(t *testing.T) {
	r := newWatchRig()
	for i := range 3000 {
		name := "n" + strconv.Itoa(i)
		r.fails(name, 1)
		r.at = r.at.Add(2 * time.Minute)
		r.answers(name, 1)
	}
	if got := len(r.said()); got != 6000 {
		t.Errorf("%d lines of outages one after the other", got)
	}
	for i := range 3000 {
		r.fails("m"+strconv.Itoa(i), 1)
	}
	if got := len(r.said()); got != 1024 {
		t.Errorf("%d backends that fail at once are watched", got)
	}
}

// TestWatchSaysWhyTheLastTryFailed holds that the log has the status of a backend which Envoy tried
// several times, and says that it was tried again only if the last one went well.
func TestWatchSaysWhyTheLastTryFailed(t *testing.T) {
	for outcome, want := range map[string]string{"provider_error": "status", "ok": "tried_again"} {
		r := newWatchRig()
		status := int32(503)
		if outcome == "ok" {
			status = 200
		}
		r.plays(1, &policypb.Row{Route: "m", Backend: "b", Attempts: 3, Outcome: outcome, By: "provider", Status: status})
		lines := r.lines.FilterMessage(begins).All()
		if len(lines) != 1 || lines[0].ContextMap()["failure"] != want {
			t.Errorf("%s: %v, want %s", outcome, lines, want)
		}
	}
}
