package guard

import (
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/guard/pii"
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
	}
	return g, err
}
