package guards

import (
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/guard"
	"github.com/headgate/headgate/extproc/record"
	"github.com/headgate/headgate/extproc/sim"
)

// actions are the guards of the models that have one action each.
var actions = map[string]string{
	"input-deny":  `{input: [{pii: {action: deny}}]}`,
	"input-mask":  `{input: [{pii: {action: mask}}]}`,
	"input-flag":  `{input: [{pii: {action: flag}}]}`,
	"output-deny": `{output: [{pii: {action: deny}}]}`,
	"output-mask": `{output: [{pii: {action: mask}}]}`,
	"output-flag": `{output: [{pii: {action: flag}}]}`,
}

// TestActions holds what each action comes to, in requests and in answers, whole and streamed, for
// clients and backends of both dialects: what the official SDK makes of it, what the provider got,
// and what the row says.
func TestActions(t *testing.T) {
	t.Parallel()
	r := start(t, actions, "", "")
	everyWay(t, func(t *testing.T, w gatewaytest.Way, backend string) {
		r := r.with(t)
		t.Run("deny a request", func(t *testing.T) { r.with(t).deniesRequest(t, w, "input-deny-"+backend) })
		t.Run("mask a request", func(t *testing.T) { r.with(t).masksRequest(t, w, "input-mask-"+backend) })
		t.Run("flag a request", func(t *testing.T) { r.with(t).flagsRequest(t, w, "input-flag-"+backend) })
		t.Run("mask an answer", func(t *testing.T) { r.with(t).masksAnswer(t, w, "output-mask-"+backend) })
		t.Run("flag an answer", func(t *testing.T) { r.with(t).flagsAnswer(t, w, "output-flag-"+backend) })
		t.Run("deny an answer", func(t *testing.T) {
			if w.Stream {
				r.with(t).cutsAnswer(t, w, "output-deny-"+backend)
				return
			}
			r.with(t).deniesAnswer(t, w, "output-deny-"+backend)
		})
	})
}

// rowOf is the row of an answer's exchange.
func (r *rig) rowOf(s *said) record.Line { return r.Row(s.header.Get(record.ExchangeHeader)) }

func (r *rig) deniesRequest(t *testing.T, w gatewaytest.Way, model string) {
	before := len(r.at.Settled())
	s := r.speak(t, w, model, "Write to "+mail, "")
	if s.status != 403 || s.header.Get("x-headgate-refused-by") != "gateway" || s.header.Get("x-should-retry") != "false" {
		t.Errorf("status %d %v", s.status, s.header)
	}
	if n := len(r.at.Settled()) - before; n != 0 {
		t.Errorf("%d requests reached the provider", n)
	}
	row := r.rowOf(&s)
	if got, want := blockedIn(&row), (blocked{403, "blocked", "client", "pii_found", "guard pii"}); got != want {
		t.Errorf("row %+v, want %+v", got, want)
	}
}

func (r *rig) masksRequest(t *testing.T, w gatewaytest.Way, model string) {
	before := len(r.at.Settled())
	s := r.speak(t, w, model, "Is "+mail+" or "+card+" the same as "+mail+"?", "echo")
	if want := "Is " + mail + " or " + card + " the same as " + mail + "?"; s.err != nil || s.text != want || s.finish != "stop" {
		t.Errorf("%+v, want %q", s, want)
	}
	served := r.at.Last(before + 1)
	if want := `"Is [EMAIL_ADDRESS_1] or [CREDIT_CARD_1] the same as [EMAIL_ADDRESS_1]?"`; !strings.Contains(string(served.Body), want) {
		t.Errorf("the provider got %s", served.Body)
	}
	row := r.rowOf(&s)
	if row.Status != 200 || row.Outcome != "ok" {
		t.Errorf("row %+v", row)
	}
	gatewaytest.CheckUsage(t, row, served.Usage)
}

func (r *rig) flagsRequest(t *testing.T, w gatewaytest.Way, model string) {
	before := len(r.at.Settled())
	s := r.speak(t, w, model, "Write to "+mail, "echo")
	if s.err != nil || s.text != "Write to "+mail || s.header.Get(guard.FlagHeader) != "pii" {
		t.Errorf("%+v", s)
	}
	if served := r.at.Last(before + 1); !strings.Contains(string(served.Body), mail) {
		t.Errorf("the provider got %s", served.Body)
	}
	if row := r.rowOf(&s); row.Outcome != "ok" {
		t.Errorf("row %+v", row)
	}
}

// answering has the provider answer with a text.
func answering(text string) string { return "text=" + quoted(text) }

func (r *rig) masksAnswer(t *testing.T, w gatewaytest.Way, model string) {
	s := r.speak(t, w, model, "Who is it?", answering("It is "+mail+" with "+card+"."))
	if want := "It is [EMAIL_ADDRESS] with [CREDIT_CARD]."; s.err != nil || s.text != want || s.finish != "stop" {
		t.Errorf("%+v, want %q", s, want)
	}
	if row := r.rowOf(&s); row.Outcome != "ok" || row.UsageSource != "provider" {
		t.Errorf("row %+v", row)
	}
}

func (r *rig) flagsAnswer(t *testing.T, w gatewaytest.Way, model string) {
	s := r.speak(t, w, model, "Who is it?", answering("It is "+mail+"."))
	if s.err != nil || s.text != "It is "+mail+"." || s.finish != "stop" {
		t.Errorf("%+v", s)
	}
	if flagged := s.header.Get(guard.FlagHeader); !w.Stream && flagged != "pii" || w.Stream && flagged != "" {
		t.Errorf("%s: %q", guard.FlagHeader, flagged)
	}
	if row := r.rowOf(&s); row.Outcome != "ok" {
		t.Errorf("row %+v", row)
	}
}

func (r *rig) deniesAnswer(t *testing.T, w gatewaytest.Way, model string) {
	before := len(r.at.Settled())
	s := r.speak(t, w, model, "Who is it?", answering("It is "+mail+"."))
	if s.status != 403 || s.header.Get("x-headgate-refused-by") != "gateway" {
		t.Errorf("status %d %v", s.status, s.header)
	}
	row := r.rowOf(&s)
	if got, want := blockedIn(&row), (blocked{403, "blocked", "provider", "pii_found", "guard pii"}); got != want {
		t.Errorf("row %+v, want %+v", got, want)
	}
	gatewaytest.CheckUsage(t, row, r.at.Last(before+1).Usage) // it is paid for
}

// cutsAnswer is about an answer that would go on for a while after what the guard finds.
func (r *rig) cutsAnswer(t *testing.T, w gatewaytest.Way, model string) {
	before := len(r.at.Settled())
	s := r.speak(t, w, model, "Who is it?", `tps=100;tokens=4000;`+answering("It is you, and "+mail+"."+strings.Repeat(" And so on.", 400)))
	checkAbsent(t, "the answer", s.text+s.refusal, mail, "ada.")
	if s.err != nil || !strings.HasPrefix(s.text, "It is you, and ") || s.finish != "content_filter" || !strings.Contains(s.text+s.refusal, "guard pii refused this answer: EMAIL_ADDRESS") {
		t.Errorf("%+v", s)
	}
	if served := r.at.Last(before + 1); served.Ended != sim.EndedClientGone {
		t.Errorf("the provider's answer ended as %q", served.Ended)
	}
	row := r.rowOf(&s)
	if got, want := blockedIn(&row), (blocked{200, "blocked", "provider", "pii_found", "guard pii"}); got != want {
		t.Errorf("row %+v, want %+v", got, want)
	}
	if row.UsageSource != "estimated" || row.Tokens == nil || row.Tokens.Output == 0 || row.Tokens.Output != s.out {
		t.Errorf("usage %+v (%s), the client's %d", row.Tokens, row.UsageSource, s.out)
	}
}
