package provider

import (
	"strings"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/policy"
)

// passes are the client's headers that may leave for a provider. Everything else
// stays: credentials, cookies, tracing headers, SDK telemetry.
var passes = map[string]bool{
	"accept":            true,
	"anthropic-beta":    true,
	"anthropic-version": true,
	"content-length":    true,
	"content-type":      true,
	"idempotency-key":   true,
	"openai-beta":       true,
	"user-agent":        true,
}

// envoys are headers that Envoy itself sets and needs while it chooses a route,
// x-forwarded-proto above all. Its egress filter removes them.
var envoys = map[string]bool{
	"x-envoy-internal":  true,
	"x-forwarded-for":   true,
	"x-forwarded-proto": true,
	"x-request-id":      true,
}

// SimHeader scripts the simulated provider. It leaves for no other.
const SimHeader = "x-sim"

// strip lists every header that came and may not leave.
func strip(req *exchange.Request, simulated bool) {
	for i := range req.Headers {
		name := req.Headers[i].Name
		if name == "" || name[0] == ':' || passes[name] || envoys[name] || simulated && name == SimHeader {
			continue
		}
		req.Out.Remove = append(req.Out.Remove, name)
	}
}

// hides are the providers' headers that clients must not get: they would set a
// provider's cookies at the gateway, move clients past it, or name the account.
var hides = map[string]bool{
	"alt-svc":                   true,
	"anthropic-organization-id": true,
	"nel":                       true,
	"openai-organization":       true,
	"openai-project":            true,
	"report-to":                 true,
	"set-cookie":                true,
	"strict-transport-security": true,
}

func hidden(h exchange.Headers) (names []string) {
	for i := range h {
		if hides[h[i].Name] || strings.HasPrefix(h[i].Name, policy.HeaderPrefix) {
			names = append(names, h[i].Name)
		}
	}
	return names
}
