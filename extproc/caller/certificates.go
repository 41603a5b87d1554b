package caller

import (
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/policy"
)

// certificates finds callers by the name in the client certificate that Envoy has verified.
type certificates map[string]*exchange.Caller

func newCertificates(set *policy.Set) certificates {
	all := certificates{}
	for _, c := range set.Callers {
		if c.Certificate != "" {
			all[c.Certificate] = callerOf(c)
		}
	}
	return all
}
