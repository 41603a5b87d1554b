package guard

import (
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/guard/length"
	"github.com/headgate/headgate/extproc/guard/pattern"
	"github.com/headgate/headgate/extproc/guard/pii"
	"github.com/headgate/headgate/extproc/guard/secrets"
	"github.com/headgate/headgate/extproc/guard/words"
	"github.com/headgate/headgate/policy"
)

// New makes a guard of what a policy says of it. An error says why it cannot work here; the guard
// that comes with it has its terms alone.
func New(entry *policy.Guard, o *Options) (*Guard, error) {
	kind, rule := entry.Rule()
	g := &Guard{GuardTerms: rule.Terms(), Kind: kind}
	var err error
	switch rule := rule.(type) {
	case *policy.PIIGuard:
		g.Reason = exchange.ReasonPII
		g.Scanner, err = pii.New(rule.Types)
	case *policy.SecretsGuard:
		g.Reason = exchange.ReasonSecret
		g.Scanner, err = secrets.New(rule.Types)
	case *policy.LengthGuard:
		g.Reason, g.Measure = exchange.ReasonTooLong, length.New(rule).Check
	case *policy.WordsGuard:
		g.Reason = exchange.ReasonWord
		g.Scanner, err = words.New(rule)
	case *policy.PatternGuard:
		g.Reason = exchange.ReasonPattern
		g.Scanner, err = pattern.New(rule)
	}
	return g, err
}
