package folded

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/record"
)

// each runs a test of each way to ask for a whole answer, of a backend of each dialect.
func each(t *testing.T, rig *gatewaytest.Chains, run func(t *testing.T, rig *gatewaytest.Chains, w gatewaytest.Way, backend string)) {
	for _, w := range whole {
		for _, backend := range []string{"a", "c"} {
			t.Run(w.Dialect+" of "+backend, func(t *testing.T) {
				t.Parallel()
				run(t, rig.With(t), w, backend)
			})
		}
	}
}

// paidFor holds that a row has what came of an answer.
func paidFor(t *testing.T, row record.Line) {
	t.Helper()
	if row.Stream || !row.Folded || row.Backend == "" || row.Tokens == nil || row.Tokens.Input == 0 || row.Tokens.Output == 0 || row.UsageSource == "" || row.CostNano == nil {
		t.Errorf("row %+v, tokens %+v", row, row.Tokens)
	}
	for _, at := range row.Tried {
		if at.Tokens != nil {
			t.Errorf("paid for twice: %+v in %+v", at, row)
		}
	}
}

// TestASlowAnswerIsNotASilentOne holds that timeout ends with the first sign of an answer,
// however long the rest takes.
func TestASlowAnswerIsNotASilentOne(t *testing.T) {
	t.Parallel()
	rig := gatewaytest.StartChains(t, `
  slow-a: {chain: [a/m+tokens=40+tps=20], ask: stream, timeout: 1s, retries: 0}
  slow-c: {chain: [c/m+tokens=40+tps=20], ask: stream, timeout: 1s, retries: 0}
`, nil, gatewaytest.Options{})
	each(t, rig, func(t *testing.T, rig *gatewaytest.Chains, w gatewaytest.Way, backend string) {
		a := rig.Ask(w.Request("slow-"+backend, "Slowly, "+w.String()))
		w.Text(t, a)
		row := rig.Row(a.Exchange())
		if row.Outcome != "ok" || row.FirstTokenMS == nil || *row.FirstTokenMS*2 > row.DurationMS {
			t.Errorf("row %+v", row)
		}
	})
}

// TestASilentAnswerEnds holds that idle_timeout bounds the silence in the middle of an
// answer, which pings do not break.
func TestASilentAnswerEnds(t *testing.T) {
	t.Parallel()
	rig := gatewaytest.StartChains(t, `
  mute-a: {chain: [a/m+tokens=40+hang=20], ask: stream, idle_timeout: 300ms, retries: 0}
  mute-c: {chain: [c/m+tokens=40+hang=20], ask: stream, idle_timeout: 300ms, retries: 0}
  chain-a: {chain: [a/m+tokens=40+hang=20, b/m], ask: stream, idle_timeout: 300ms, retries: 0}
  chain-c: {chain: [c/m+tokens=40+hang=20, b/m], ask: stream, idle_timeout: 300ms, retries: 0}
`, nil, gatewaytest.Options{})
	each(t, rig, func(t *testing.T, rig *gatewaytest.Chains, w gatewaytest.Way, backend string) {
		for _, model := range []string{"mute-" + backend, "chain-" + backend} {
			a := rig.Ask(w.Request(model, "Silently, "+w.String()))
			body := gatewaytest.Decoded(t, []byte(a.Body))
			if a.Status != http.StatusGatewayTimeout || body["error"] == nil || w.Claude() != (body["type"] == "error") {
				t.Errorf("status %d: %s", a.Status, a.Body)
			}
			row := rig.Row(a.Exchange())
			if row.Outcome != "idle_timeout" || row.By != "provider" || row.Status != a.Status {
				t.Errorf("row %+v", row)
			}
			paidFor(t, row)
		}
	})
}

// TestASilentLinkIsLeft holds that first_token acts where whole answers are asked for.
func TestASilentLinkIsLeft(t *testing.T) {
	t.Parallel()
	var models strings.Builder
	for _, w := range whole { // a link that was left is asked last for a while
		for _, backend := range []string{"a", "c"} {
			fmt.Fprintf(&models, "  left-%s-%s: {chain: [%[1]s/m+hang=1, b/m], ask: stream, first_token: 300ms, retries: 0}\n", backend, w.Dialect)
		}
	}
	rig := gatewaytest.StartChains(t, models.String(), nil, gatewaytest.Options{})
	each(t, rig, func(t *testing.T, rig *gatewaytest.Chains, w gatewaytest.Way, backend string) {
		a := rig.Ask(w.Request("left-"+backend+"-"+w.Dialect, "Left, "+w.String()))
		w.Text(t, a)
		if row := rig.Row(a.Exchange()); gatewaytest.Tried(row) != backend+"200 b200" || row.Outcome != "ok" {
			t.Errorf("tried %q, outcome %q", gatewaytest.Tried(row), row.Outcome)
		}
	})
}

// TestAClientThatLeavesPaysForWhatCame leaves in the middle of an answer. How long it takes
// until something of it is there is not known, so it waits longer each time.
func TestAClientThatLeavesPaysForWhatCame(t *testing.T) {
	t.Parallel()
	rig := gatewaytest.StartChains(t, `
  gone-a: {chain: [a/m+tokens=40+hang=20], ask: stream}
  gone-c: {chain: [c/m+tokens=40+hang=20], ask: stream}
  chain-a: {chain: [a/m+tokens=40+hang=20, b/m], ask: stream}
  chain-c: {chain: [c/m+tokens=40+hang=20, b/m], ask: stream}
`, nil, gatewaytest.Options{})
	each(t, rig, func(t *testing.T, rig *gatewaytest.Chains, w gatewaytest.Way, backend string) {
		for _, model := range []string{"gone-" + backend, "chain-" + backend} {
			for wait := 100 * time.Millisecond; ; wait *= 2 {
				mark := fmt.Sprintf("user-%s-%s-%s", model, w.Dialect, wait)
				row := left(rig, w, model, mark, wait)
				if row.Outcome != "cancelled" || row.By != "client" {
					t.Fatalf("row %+v", row)
				}
				if row.Tokens == nil && wait < 10*time.Second {
					continue // nothing was there yet
				}
				paidFor(t, row)
				break
			}
		}
	})
}

// left asks, leaves some time after it has, and returns the record of that.
func left(rig *gatewaytest.Chains, w gatewaytest.Way, model, user string, wait time.Duration) (found record.Line) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	asked := func(httptrace.WroteRequestInfo) { time.AfterFunc(wait, cancel) }
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteRequest: asked})
	r := w.Request(model, "I will not wait.")
	if w.Claude() {
		r.Body = strings.Replace(r.Body, "{", fmt.Sprintf(`{"metadata":{"user_id":%q},`, user), 1)
	} else {
		r.Body = strings.Replace(r.Body, "{", fmt.Sprintf(`{"user":%q,`, user), 1)
	}
	_, _ = rig.Try(ctx, r)
	rig.Eventually("the record of "+user, func() bool {
		for _, row := range rig.Rows() {
			if row.User == user {
				found = row
				return true
			}
		}
		return false
	})
	return found
}

// TestLongAnswersAreFolded holds that a stream may be longer than what Envoy buffers, and one
// event of it too, and that an answer which comes whole although a stream was awaited passes.
func TestLongAnswersAreFolded(t *testing.T) {
	t.Parallel()
	rig := gatewaytest.StartChains(t, `
  long-a: {chain: [a/m], ask: stream}
  long-c: {chain: [c/m], ask: stream}
  whole-a: {chain: [a/m, c/m], ask: stream}
`, nil, gatewaytest.Options{})
	each(t, rig, func(t *testing.T, rig *gatewaytest.Chains, w gatewaytest.Way, backend string) {
		for directive, least := range map[string]int{"tokens=200000 burst": 500_000, "oversize=6000000": 6_000_000} {
			r := w.Request("long-"+backend, fmt.Sprintf("At length %s [[sim %s]]", w, directive))
			if w.Claude() {
				r.Body = strings.Replace(r.Body, `"max_tokens":512`, `"max_tokens":300000`, 1)
			} else {
				r.Body = strings.Replace(r.Body, "{", `{"max_completion_tokens":300000,`, 1)
			}
			a := rig.Ask(r)
			if text := w.Text(t, a); len(text) < least {
				t.Errorf("%s: %d bytes", directive, len(text))
			}
		}
	})
	t.Run("whole", func(t *testing.T) {
		rig, w := rig.With(t), whole[0]
		r := w.Request("whole-a", "Whole [[sim oversize=700000]]")
		// What bears the name of a member that chunks do not have keeps this link from
		// streaming, not the other.
		r.Body = `{"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{"metadata":{"type":"string"}}}}}],` + r.Body[1:]
		a := rig.Ask(r)
		if text := w.Text(t, a); len(text) < 700_000 {
			t.Errorf("%d bytes", len(text))
		}
		if row := rig.Row(a.Exchange()); row.Folded || row.Backend != "a" {
			t.Errorf("row %+v", row)
		}
	})
}
