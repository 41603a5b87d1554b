package meter_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
)

// TestWhatAttemptsConsumedThatWereLetGo holds what each attempt costs whose answer was not the
// client's, by what was found in it.
func TestWhatAttemptsConsumedThatWereLetGo(t *testing.T) {
	v := join(t, "true") // its body counts for 18 tokens
	ex := v.Exchange
	tokens := int64(len(ex.Request.Body)+3) / 4
	estimated := func(in, out int64) *exchange.Spent {
		u := canon.Usage{Input: in, Output: out, Source: canon.UsageEstimated}
		return &exchange.Spent{Usage: u, Cost: exchange.Cost{Nano: 1000*in + 2000*out, Priced: true}}
	}
	begun := canon.Usage{Input: 30, Output: 1, Seen: canon.BucketInput | canon.BucketOutput, Source: canon.UsageEstimated}
	cases := []struct {
		name   string
		status int
		fault  exchange.Fault
		noted  exchange.Spent
		model  string
		took   time.Duration
		want   *exchange.Spent
	}{
		{name: "silent", status: 200, fault: exchange.FaultSilent, model: "x", want: estimated(tokens, 0)},
		{name: "silent after it said what it read", status: 200, fault: exchange.FaultSilent, noted: exchange.Spent{Usage: begun}, model: "x",
			want: &exchange.Spent{Usage: begun, Cost: exchange.Cost{Nano: 32_000, Priced: true}}},
		{name: "let go as the client left", status: 200, model: "x", want: estimated(tokens, 0)},
		{name: "whole and unreadable, with its usage", status: 200, fault: exchange.FaultUnreadable, noted: exchange.Spent{Usage: reported}, model: "x",
			want: &exchange.Spent{Usage: reported, Cost: exchange.Cost{Nano: reportedNano, Priced: true}}},
		{name: "broken off", status: 200, fault: exchange.FaultUnreadable, noted: exchange.Spent{TextBytes: 400}, model: "x",
			want: func() *exchange.Spent { s := estimated(tokens, 100); s.TextBytes = 400; return s }()},
		{name: "of a model without a price", status: 200, fault: exchange.FaultSilent, model: "y",
			want: &exchange.Spent{Usage: canon.Usage{Input: tokens, Source: canon.UsageEstimated}}},
		{name: "an error", status: 200, fault: exchange.FaultError, model: "x"},
		{name: "empty", status: 200, fault: exchange.FaultEmpty, model: "x"},
		{name: "no success", status: 500, model: "x"},
		{name: "no answer in its time", status: 0, model: "x", took: 30 * time.Second, want: estimated(tokens, 0)},
		{name: "no answer in less", status: 0, model: "x", took: time.Second},
	}
	for i, c := range cases {
		began := time.Unix(1_700_000_000, 0)
		ex.Attempts.Begin(exchange.Tried{Backend: "b", Provider: "openai-compatible", Model: c.model, Status: c.status, Fault: c.fault, Started: began, Decided: began.Add(c.took)})
		if c.noted != (exchange.Spent{}) {
			ex.Attempts.NoteSpent(i, c.noted)
		}
	}
	ex.Attempts.Begin(exchange.Tried{Backend: "b", Provider: "openai-compatible", Model: "x", Status: 200})
	ex.Attempts.NoteSpent(len(cases), exchange.Spent{Usage: begun}) // before its first content
	ex.Attempts.NoteAnswers(len(cases))
	v.End(exchange.Outcome{})
	all := ex.Attempts.List()
	for i, c := range cases {
		if got := all[i].Spent; got != nil {
			got.Cost.PriceID = ""
		}
		if diff := cmp.Diff(c.want, all[i].Spent); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
	if got := all[len(cases)].Spent; got != nil {
		t.Errorf("the answering attempt is accounted for twice: %+v", got)
	}
}

// TestWhatNobodyHasReadIsEstimated holds of which attempt of a chain an answer may have come that
// was not read: of none that failed, and of none whose answer has been accounted for.
func TestWhatNobodyHasReadIsEstimated(t *testing.T) {
	for name, c := range map[string]struct {
		status  int
		answers bool
		used    canon.Usage
		late    bool
		want    bool
	}{
		"no headers":                             {want: true},
		"headers alone, which the client got":    {status: 200, answers: true, want: true},
		"headers alone, which nobody got":        {status: 200},
		"no headers in time, which is accounted": {late: true},
		"an error, which the client got":         {status: 400, answers: true},
		"an error":                               {status: 500},
		"an answer of which something was read":  {status: 200, answers: true, used: reported},
	} {
		v := join(t, "true")
		ex := v.Exchange
		ex.Route.Single, ex.Route.Name, ex.Usage = false, "m", c.used
		at := exchange.Tried{Backend: "b", Provider: "openai-compatible", Model: "x", Status: c.status}
		if c.late {
			at.Started, at.Decided = time.Unix(1_700_000_000, 0), time.Unix(1_700_000_030, 0)
		}
		ex.Attempts.Begin(at)
		if c.answers {
			ex.Attempts.NoteAnswers(0)
		}
		v.End(exchange.Outcome{})
		if got := ex.Unseen != nil; got != c.want {
			t.Errorf("%s: estimated %t", name, got)
		}
	}
}

// TestAnEarlierAttemptIsAccountedForAsTheNextBegins holds that what is known as an attempt begins
// says what the one before consumed, not only at the end.
func TestAnEarlierAttemptIsAccountedForAsTheNextBegins(t *testing.T) {
	v := join(t, "true")
	ex := v.Exchange
	ex.Attempts.Begin(exchange.Tried{Backend: "b", Provider: "openai-compatible", Model: "x", Status: 200, Fault: exchange.FaultSilent})
	at, err := v.Attempt("b", "x")
	if err != nil {
		t.Fatal(err)
	}
	first := ex.Attempts.List()[0].Spent
	if first == nil || first.Usage != at.Estimate.Usage || !first.Cost.Priced || first.Usage.Input == 0 || first.Usage.Source != canon.UsageEstimated {
		t.Errorf("the first attempt consumed %+v, the second is estimated as %+v", first, at.Estimate)
	}
	v.End(exchange.Outcome{})
	if again := ex.Attempts.List()[0].Spent; again == nil || *again != *first {
		t.Errorf("at the end it is %+v", again)
	}
}
