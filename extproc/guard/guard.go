package guard

import (
	"context"
	"strings"
	"time"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/guard/content"
	"github.com/headgate/headgate/extproc/guard/format"
	"github.com/headgate/headgate/policy"
)

// Checker judges a whole. It is safe for concurrent use. An error says that it could not decide.
type Checker interface {
	Check(context.Context, *content.Subject) (content.Opinion, error)
}

// Guard is one guard of a policy as it works: what it judges with is one of its fields.
// It is safe for concurrent use.
type Guard struct {
	*policy.GuardTerms
	Kind    string
	Reason  exchange.Reason
	Scanner content.Scanner // looks at single texts
	Begin   Begin           // makes a scanner for each exchange
	Checker Checker         // judges a whole
	Form    *format.Guard   // judges the form of a whole answer
	Repair  bool            // the model is asked once more for the right form
	Measure Measure         // judges a whole request by rules
}

// Measure judges a whole request. One for embeddings has no canonical form: it is nil.
type Measure func(*canon.Request, []content.Text) content.Opinion

// Begin makes the scanner of an exchange, by the texts of its request; nil: there is nothing to
// look for.
type Begin func(request []content.Text) content.Scanner

// acts reports whether the guard may change what passes.
func (g *Guard) acts() bool { return g.Mode == policy.GuardEnforce && g.Action != policy.GuardFlag }

// masks reports whether the guard puts something else in the place of what it finds.
func (g *Guard) masks() bool { return g.Action == policy.GuardMask }

// denial is the refusal of a request, or of an answer.
func (g *Guard) denial(v *verdict, exchangeID string, output bool) exchange.Verdict {
	refusal := exchange.Denied(403, g.Reason, g.message(v, exchangeID, output))
	if g.Form != nil { // it is no fault of the request's
		refusal.Status = 502
	}
	return refusal
}

// message is what the client reads of a refusal.
func (g *Guard) message(v *verdict, exchangeID string, output bool) string {
	types := v.types()
	if g.Message != "" {
		return strings.NewReplacer("{guard}", g.Name, "{types}", types, "{exchange}", exchangeID).Replace(g.Message)
	}
	what := "request"
	if output {
		what = "answer"
	}
	message := "The gateway's guard " + g.Name + " refused this " + what
	switch {
	case v.opinion.Message != "":
		return message + ": " + v.opinion.Message
	case types != "":
		return message + ": " + types + "."
	}
	return message + "."
}

// unavailable is the refusal where a guard that must decide could not.
func (g *Guard) unavailable() exchange.Verdict {
	v := exchange.Denied(503, exchange.ReasonGuardUnavailable, "The gateway's guard "+g.Name+" could not decide. Try again.")
	v.Retry = time.Second
	return v
}
