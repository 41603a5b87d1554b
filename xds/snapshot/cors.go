package snapshot

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	corsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/cors/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/headgate/headgate/policy"
)

// corsFilter is the name of the filter that answers browsers.
const corsFilter = "envoy.filters.http.cors"

// sdkHeaders are those that the SDKs of OpenAI and Anthropic send from a browser (their
// internal/headers and detect-platform), and those in which the gateway takes who asks, what for,
// and by which ids. A browser takes no wildcard within a name.
var sdkHeaders = []string{
	"accept", "authorization", "content-type", "x-api-key", "api-key", "idempotency-key", "cache-control",
	"anthropic-version", "anthropic-beta", "anthropic-dangerous-direct-browser-access",
	"openai-organization", "openai-project", "openai-beta",
	"x-stainless-lang", "x-stainless-package-version", "x-stainless-os", "x-stainless-arch", "x-stainless-runtime",
	"x-stainless-runtime-version", "x-stainless-retry-count", "x-stainless-timeout", "x-stainless-async",
	"x-stainless-helper", "x-stainless-helper-method", "x-stainless-poll-helper", "x-stainless-custom-poll-interval",
	"x-headgate-key", "x-headgate-user", "x-headgate-team", "x-headgate-feature", "x-headgate-session", "x-headgate-tags",
	"x-headgate-timeout", "x-client-request-id", "x-request-id", "traceparent",
}

// corsPolicy is what Envoy answers browsers with. Pages see every header of an answer, such as the
// ids and what is left of quotas: without cookies, which no answer allows, a browser takes "*" for
// all of them.
func corsPolicy(c policy.CORS) *corsv3.CorsPolicy {
	p := &corsv3.CorsPolicy{
		AllowMethods:              "GET, POST, DELETE",
		AllowHeaders:              strings.Join(append(slices.Clone(sdkHeaders), c.Headers...), ", "),
		ExposeHeaders:             "*",
		MaxAge:                    strconv.Itoa(int(c.MaxAge.Seconds())),
		AllowPrivateNetworkAccess: wrapperspb.Bool(true),
	}
	for _, origin := range c.Origins {
		p.AllowOriginStringMatch = append(p.AllowOriginStringMatch, originIs(origin))
	}
	return p
}

// originIs matches an origin, in which case means nothing: one, those below a domain, or any.
func originIs(origin string) *matcherv3.StringMatcher {
	scheme, domain, below := strings.Cut(origin, "://*.")
	switch {
	case origin == policy.AnyOrigin:
		return matching(".*")
	case below:
		return matching("(?i)" + regexp.QuoteMeta(scheme) + "://([a-z0-9_-]+\\.)+" + regexp.QuoteMeta(domain))
	}
	return &matcherv3.StringMatcher{MatchPattern: &matcherv3.StringMatcher_Exact{Exact: origin}, IgnoreCase: true}
}

func matching(pattern string) *matcherv3.StringMatcher {
	return &matcherv3.StringMatcher{MatchPattern: &matcherv3.StringMatcher_SafeRegex{SafeRegex: &matcherv3.RegexMatcher{Regex: pattern}}}
}
