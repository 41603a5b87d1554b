package stages

import (
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/scan"
)

// holds is a stage that keeps every text until the next but two has come, and lets go
// of the rest before the answer's end. With hush it keeps all until then.
func holds(hush bool) kind {
	return kind{name: "holds", visit: func(*exchange.Exchange) script {
		var kept []*canon.Event
		release := func(leave int, emit exchange.Emit) {
			for len(kept) > leave {
				emit(kept[0])
				kept = kept[1:]
			}
		}
		return script{wants: exchange.Wants{Events: true}, events: func(events []canon.Event, emit exchange.Emit) exchange.Verdict {
			for i := range events {
				switch ev := &events[i]; {
				case ev.Kind == canon.EventText:
					kept = append(kept, ev.Clone())
					if !hush {
						release(2, emit)
					}
				case ev.Kind == canon.EventFailed:
					emit(ev) // what is held is not released
				default:
					if ev.Kind == canon.EventFinish || ev.Kind == canon.EventBlockEnd || ev.Ends() {
						release(0, emit)
					}
					emit(ev)
				}
			}
			return exchange.Verdict{}
		}}
	}}
}

// TestTextIsHeldBackAndFlushedAtTheEnd holds that nothing of an answer is lost or out of
// order that a stage held back, whichever dialects meet, and that SDKs read it whole.
func TestTextIsHeldBackAndFlushedAtTheEnd(t *testing.T) {
	t.Parallel()
	for _, hush := range []bool{false, true} {
		r := start(t, holds(hush))
		n := 0
		fourWays(t, func(t *testing.T, client, model string) {
			const want = "one two three four five six seven"
			got := r.speak(t, client, model, "[[sim text=\"one two three four five six seven\"]]", true)
			if got.err != nil || got.text != want || (got.finish != "stop" && got.finish != "end_turn") || got.out == 0 {
				t.Errorf("%+v", got)
			}
			n++
			if row := r.row(n); row.Outcome != "ok" || row.UsageSource != "provider" || row.Tokens.GetOutput() != got.out {
				t.Errorf("row %v", row)
			}
		})
	}
}

// TestAStageThatTouchesNothingChangesNoByte holds that a stream whose events a stage
// saw leaves byte for byte as it would have without.
func TestAStageThatTouchesNothingChangesNoByte(t *testing.T) {
	t.Parallel()
	looks := always("looks", script{wants: exchange.Wants{Events: true}, events: func(events []canon.Event, emit exchange.Emit) exchange.Verdict {
		for i := range events {
			emit(&events[i])
		}
		return exchange.Verdict{}
	}})
	seen, unseen := start(t, looks), start(t)
	for _, c := range []struct{ client, model string }{{"openai", "gpt"}, {"anthropic", "claude"}} {
		for _, directive := range []string{"", " tool=look tools=2", " comments", " crlf", " gzip", " drip=7", " burst", " no-done", " error=3", " reasoning=20 reasoning-content", " cut=4 tps=50", " truncate=3"} {
			body := chat(c.model, "[[sim tokens=9"+directive+"]]", true)
			if strings.Contains(directive, "tool") {
				body = strings.Replace(body, `"stream"`, tools(c.client)+`"stream"`, 1)
			}
			if c.client == "anthropic" && strings.Contains(directive, "reasoning") {
				continue
			}
			a, b := seen.ask(t.Context(), c.client, body), unseen.ask(t.Context(), c.client, body)
			x, y := anonymous(a.body), anonymous(b.body)
			same := x == y || a.err != nil && (strings.HasPrefix(x, y) || strings.HasPrefix(y, x)) // a reset overtakes what is on its way
			if !same || (a.err == nil) != (b.err == nil) {
				t.Errorf("%s,%s: with a stage that looks\n%s (%v)\nwithout\n%s (%v)", c.client, directive, x, a.err, y, b.err)
			}
		}
	}
}

func tools(client string) string {
	if client == "anthropic" {
		return `"tools":[{"name":"look","input_schema":{"type":"object","properties":{"at":{"type":"string"}}}}],`
	}
	return `"tools":[{"type":"function","function":{"name":"look","parameters":{"type":"object","properties":{"at":{"type":"string"}}}}}],`
}

// TestAHeldStreamIsWhole holds that a stage which swallows a stream of
// some megabytes and releases it at the end loses nothing of it.
func TestAHeldStreamIsWhole(t *testing.T) {
	t.Parallel()
	r := start(t, holds(true))
	got := r.speak(t, "openai", "gpt", "[[sim oversize=3000000]]", true)
	if got.err != nil || len(got.text) < 3_000_000 || got.finish != "stop" {
		t.Errorf("%d bytes, %q, %v", len(got.text), got.finish, got.err)
	}
}

// TestTextIsChangedInAStream holds that a changed text is put into its frame, and all
// else of the frame stays.
func TestTextIsChangedInAStream(t *testing.T) {
	t.Parallel()
	r := start(t, always("masks", script{wants: exchange.Wants{Events: true}, events: func(events []canon.Event, emit exchange.Emit) exchange.Verdict {
		for i := range events {
			if ev := &events[i]; ev.Kind == canon.EventText {
				ev.Text = scan.Value(strings.ReplaceAll(string(ev.Text), "secret", `<\"masked\">`))
			}
			emit(&events[i])
		}
		return exchange.Verdict{}
	}}))
	fourWays(t, func(t *testing.T, client, model string) {
		got := r.speak(t, client, model, `[[sim text="the secret word"]]`, true)
		if got.err != nil || got.text != `the <"masked"> word` {
			t.Errorf("%+v", got)
		}
	})
	raw := r.ask(t.Context(), "openai", chat("gpt", `[[sim text="the secret word"]]`, true))
	if !strings.Contains(raw.body, `"system_fingerprint"`) || strings.Contains(raw.body, "secret") {
		t.Errorf("the frames are not the provider's:\n%s", raw.body)
	}
}
