package extproc

import (
	"testing"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	. "github.com/headgate/headgate/extproc/extproctest"
	"github.com/headgate/headgate/policy"
)

// guardStage notes in each exchange what a guard made of it, and decides so. Its verdicts are
// obeyed by the loop; what it notes is for the row.
type guardStage struct {
	scripted
	guarded exchange.Guarded
}

func (s *guardStage) Compile(*policy.Set) (exchange.Stage, error) { return s, nil }

func (s *guardStage) Phases() exchange.Phases { return (&scriptedStage{&s.scripted}).Phases() }

func (s *guardStage) Join(ex *exchange.Exchange) exchange.Visit {
	ex.Guards = append(ex.Guards, exchange.Guarded{Guard: "quiet", Result: exchange.GuardDenied, Mode: exchange.Shadow, Output: s.guarded.Output}, s.guarded)
	return scriptedVisit{kind: &s.scripted}
}

// blockedRow is what a row says of a refusal.
type blockedRow struct {
	status                      int
	outcome, by, reason, detail string
}

// TestWhatAGuardRefusesIsBlocked holds that it is neither an error of the client's nor one of the
// gateway's, by whose text it was; that the row names the guard that refused and not one in
// shadow; and that a guard that could not decide is the gateway's fault.
func TestWhatAGuardRefusesIsBlocked(t *testing.T) {
	denial, down := exchange.Denied(403, exchange.ReasonPII, "Not this."), exchange.Denied(503, exchange.ReasonGuardUnavailable, "Not now.")
	input := exchange.Guarded{Guard: "no-cards", Result: exchange.GuardDenied, Mode: exchange.Enforce}
	output, cut := input, input
	output.Output, cut.Output, cut.Result = true, true, exchange.GuardCut
	for name, c := range map[string]struct {
		stage guardStage
		want  blockedRow
	}{
		"a request": {guardStage{scripted{request: func(*exchange.Request) exchange.Verdict { return denial }}, input},
			blockedRow{403, "blocked", "client", "pii_found", "guard no-cards"}},
		"an answer": {guardStage{scripted{response: func(*exchange.Response) exchange.Verdict { return denial }}, output},
			blockedRow{403, "blocked", "provider", "pii_found", "guard no-cards"}},
		"a stream": {guardStage{scripted{wants: exchange.Wants{Events: true}, events: func([]canon.Event, exchange.Emit) exchange.Verdict { return denial }}, cut},
			blockedRow{200, "blocked", "provider", "pii_found", "guard no-cards"}},
		"a request that a guard could not judge": {guardStage{scripted{request: func(*exchange.Request) exchange.Verdict { return down }}, exchange.Guarded{}},
			blockedRow{503, "gateway_error", "gateway", "guard_unavailable", ""}},
	} {
		t.Run(name, func(t *testing.T) {
			c.stage.name = "guard"
			r := newRig(t, testPolicy, &c.stage)
			asked(t, r, c.stage.wants.Events)
			row := r.row()
			if got := (blockedRow{row.Status, row.Outcome, row.By, row.Reason, row.Detail}); got != c.want {
				t.Errorf("row %+v, want %+v", got, c.want)
			}
		})
	}
}

// asked asks for an answer, and has it come unless the request is refused.
func asked(t *testing.T, r *rig, stream bool) {
	t.Helper()
	if stream {
		s := openStream(t, r, streamBody)
		play(s, streamEvents, false)
		s.Cancel()
		return
	}
	s := r.Open("router")
	defer s.Cancel()
	s.RequestHeaders(Post("/v1/chat/completions"), false)
	if s.RequestBody(chatBody).Immediate() != nil {
		return
	}
	s.ResponseHeaders(Answered("200", "application/json"), false)
	s.ResponseBody(chatAnswer, true)
}
