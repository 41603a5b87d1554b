package provider

import (
	"strings"

	"github.com/headgate/headgate/extproc/exchange"
)

// passes are the client's headers that may leave for a provider. Everything else
// stays: credentials, cookies, forwarding and tracing headers, SDK telemetry.
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

// SimHeader scripts the simulated provider. It leaves for no other.
const SimHeader = "x-sim"

// strip lists every header that came and may not leave. Pseudo headers are
// Envoy's; what Envoy itself adds later is removed by its egress filter.
func strip(req *exchange.Request, simulated bool) {
	for i := range req.Headers {
		name := req.Headers[i].Name
		if name == "" || name[0] == ':' || passes[name] || simulated && name == SimHeader {
			continue
		}
		req.Out.Remove = append(req.Out.Remove, name)
	}
}

// hides are the providers' headers that clients must not get: they would set a
// provider's cookies at the gateway, move clients past it, or name the account.
var hides = map[string]bool{
	"alt-svc":                       true,
	"anthropic-organization-id":     true,
	"nel":                           true,
	"openai-organization":           true,
	"openai-project":                true,
	"report-to":                     true,
	"set-cookie":                    true,
	"strict-transport-security":     true,
	"x-envoy-attempt-count":         true,
	"x-envoy-upstream-service-time": true,
}

func hidden(h exchange.Headers) (names []string) {
	for i := range h {
		if hides[h[i].Name] || strings.HasPrefix(h[i].Name, "x-headgate-") {
			names = append(names, h[i].Name)
		}
	}
	return names
}
