package guard

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/dialect/openai"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/exchange/exchangetest"
	"github.com/headgate/headgate/extproc/guard/content"
	"github.com/headgate/headgate/policy"
)

// compiled makes the stage of a policy with these lines.
func compiled(t testing.TB, lines string) *stage {
	t.Helper()
	set, err := policy.Parse("policy.yaml", []byte("version: 1\nunpriced: flag\nbackends: {sim: {provider: simulated}}\n"+lines))
	if err != nil {
		t.Fatal(err)
	}
	s, err := NewKind(Options{Reg: prometheus.NewRegistry()}).Compile(set)
	if err != nil {
		t.Fatal(err)
	}
	return s.(*stage)
}

const model = "models: {m: sim/x}\n"

// user is a request with one message, in OpenAI's dialect.
func user(text string) string {
	quoted, _ := json.Marshal(text)
	return `{"model":"m","messages":[{"role":"user","content":` + string(quoted) + `}]}`
}

// chat is an exchange with one message.
func chat(t testing.TB, text string) *exchange.Exchange {
	t.Helper()
	return exchangetest.Ask(t, "openai", user(text))
}

// asks takes a request through the guards.
func asks(t testing.TB, s exchange.Stage, body string) (*exchangetest.Visit, exchange.Verdict) {
	t.Helper()
	v := exchangetest.Join(t, s, exchangetest.Ask(t, "openai", body))
	return v, v.Request()
}

// answered is what a client reads of a stream in which a text comes in pieces.
func answered(v *exchangetest.Visit, kind canon.EventKind, pieces ...string) (said string, verdict exchange.Verdict) {
	v.Stream()
	var out []canon.Event
	take := func(events ...canon.Event) bool {
		emitted, refusal := v.EventsVerdict(events...)
		out, verdict = append(out, emitted...), refusal
		return refusal.Action == exchange.Pass
	}
	open := true
	if kind == canon.EventToolArgs {
		open = take(canon.Event{Kind: canon.EventToolStart, Name: []byte(`"look"`)})
	}
	for i := 0; i < len(pieces) && open; i++ {
		ev := exchangetest.Text(pieces[i])
		ev.Kind = kind
		open = take(ev)
	}
	if open {
		take(canon.Event{Kind: canon.EventFinish, Finish: canon.FinishStop}, exchangetest.Done())
	}
	return saidBy(out, kind), verdict
}

// saidBy is the text of a kind in events.
func saidBy(events []canon.Event, kind canon.EventKind) string {
	var text strings.Builder
	for i := range events {
		if events[i].Kind == kind {
			plain, _ := events[i].Text.Str()
			text.Write(plain)
		}
	}
	return text.String()
}

// inPieces are ways in which a text may come: cut in two at any byte, and byte by byte.
func inPieces(text string) [][]string {
	ways := [][]string{strings.Split(text, "")}
	for i := 0; i <= len(text); i++ {
		ways = append(ways, []string{text[:i], text[i:]})
	}
	return ways
}

// names is a guard that asks others: it finds the name Bob.
type names struct {
	err   error
	calls *int
}

func (n names) Check(_ context.Context, s *content.Subject) (o content.Opinion, err error) {
	if n.calls != nil {
		*n.calls++
	}
	for i := range s.Texts {
		plain := string(s.Texts[i].Plain)
		for at := 0; ; {
			j := strings.Index(plain[at:], "Bob")
			if j < 0 {
				break
			}
			o.Findings = append(o.Findings, content.Finding{Text: i, Start: at + j, End: at + j + 3, Type: "PERSON", Score: .9})
			at += j + 3
		}
	}
	return o, n.err
}

// with makes a stage with guards of tests for all exchanges.
func with(t testing.TB, input, output []*Guard) *stage {
	t.Helper()
	s := compiled(t, model)
	s.guards = &guards{all: lists{input, output}}
	return s
}

// terms are those of a guard of tests.
func terms(action policy.GuardAction) *policy.GuardTerms {
	return &policy.GuardTerms{Name: "test", Action: action, Mode: policy.GuardEnforce, OnError: policy.FailClosed, Timeout: time.Second, Cut: policy.CutRefusal, Restore: true}
}

func decodeOpenAI(body []byte) (*canon.Response, error) { return openai.Dialect{}.DecodeAnswer(body) }
