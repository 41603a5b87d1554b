package provider

import (
	"slices"
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
	"location":                  true,
	"nel":                       true,
	"openai-organization":       true,
	"openai-project":            true,
	"report-to":                 true,
	"set-cookie":                true,
	"strict-transport-security": true,
}

// limitPrefixes begin the headers in which providers say what is left of an account's limits
// (docs: platform.openai.com rate limits, docs.anthropic.com rate limits; the IETF's draft
// httpapi-ratelimit-headers, which Mistral's ratelimitbysize- extends).
var limitPrefixes = []string{"x-ratelimit-", "anthropic-ratelimit-", "anthropic-priority-", "anthropic-fast-", "x-rate-limit-", "ratelimit"}

// hidden lists the headers of an answer that the client must not get. Those about the limits of
// the account are shown where the client is the only one who uses it, as far as the gateway
// knows: the policy names no callers, or the account is the client's own, and no quota of the
// policy's says what is left.
func (p *plan) hidden(h exchange.Headers) (names []string) {
	account := p.stage.callers && !p.ex.Theirs || p.ex.Limit.Says()
	for i := range h {
		name := h[i].Name
		if hides[name] || strings.HasPrefix(name, policy.HeaderPrefix) || account && saysLimit(name) {
			names = append(names, name)
		}
	}
	return append(names, exchange.StrayRetries(h, p.stage.now())...)
}

// saysLimit reports whether a header says something about an account's limits.
func saysLimit(name string) bool {
	return slices.ContainsFunc(limitPrefixes, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
}
