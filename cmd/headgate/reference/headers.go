package reference

import (
	"strings"

	"github.com/headgate/headgate/extproc/cache"
	"github.com/headgate/headgate/extproc/guard"
	"github.com/headgate/headgate/extproc/meter"
	"github.com/headgate/headgate/extproc/provider"
	"github.com/headgate/headgate/extproc/record"
	"github.com/headgate/headgate/extproc/route"
	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/xds/adminkey"
)

// Header is a header that means something to Headgate.
type Header struct{ Name, What string }

// Asked are the headers that a client may send.
var Asked = []Header{
	{"authorization", "the key of the gateway, `Bearer KEY`, or the client's own credential where a backend takes that"},
	{"x-api-key", "the same, as Anthropic's SDKs send it"},
	{"api-key", "the same, as Azure's clients send it"},
	{"x-goog-api-key", "the client's own credential, for a backend that takes it so"},
	{policy.KeyHeader, "the key of the gateway, beside a credential that is the provider's"},
	{route.TimeoutHeader, "how long the whole exchange may take, from `1ms` to `24h`"},
	{"cache-control", "`no-cache`: a fresh answer, which is kept; `no-store`: it is neither looked for nor kept; `max-age=SECONDS`: one from the cache is no older"},
	{"idempotency-key", "passed on"},
	{"anthropic-version", "passed on to backends that speak Anthropic's dialect"},
	{"anthropic-beta", "the same; what a policy does not allow is left out"},
	{"openai-beta", "passed on to backends that speak OpenAI's dialects"},
	{"user-agent", "passed on"},
	{"content-type", "passed on"},
	{"content-length", "passed on, or that of the body that leaves"},
	{provider.SimHeader, "a script for the simulated provider; it leaves for no other"},
	{"accept", "`text/html` at `/` gives the welcome page, else JSON; passed on"},
	{"content-encoding", "`gzip`: the body is unpacked; others are refused"},
}

// Attributes are the headers in which a client says on whose behalf, and what for, it asks, by the
// field of the row. They give no right.
var Attributes = []Header{
	{"x-headgate-user", "`user`"}, {"x-litellm-customer-id", "`user`"}, {"x-litellm-end-user-id", "`user`"}, {"helicone-user-id", "`user`"},
	{"x-headgate-team", "`team`"},
	{"x-headgate-feature", "`feature`"},
	{"x-headgate-session", "`session`"}, {"x-litellm-session-id", "`session`"}, {"helicone-session-id", "`session`"}, {"x-claude-code-session-id", "`session`"},
	{"x-headgate-tags", "`tags`, with commas between them"}, {"x-litellm-tags", "`tags`, with commas between them"},
	{"helicone-property-NAME", "the field NAME, else a tag `NAME:value`"},
	{"cf-aig-metadata", "members of a JSON object, as those"}, {"x-litellm-spend-logs-metadata", "members of a JSON object, as those"},
}

// Answered are the headers that a client gets.
var Answered = []Header{
	{record.ExchangeHeader, "id of the exchange: `headgate trace ID`"},
	{record.RevisionHeader, "revision of the policy that it was pinned to"},
	{record.ModelHeader, "the model that answered"},
	{record.ProviderHeader, "its provider"},
	{record.BackendHeader, "the backend that answered"},
	{record.AttemptsHeader, "how often a backend was tried"},
	{meter.CostHeader, "cost of a whole answer in USD; a stream has it in a comment line after its last event"},
	{policy.RefusedByHeader, "of a refusal: `gateway`, or `provider`"},
	{provider.DroppedHeader, "fields of the request that the backend has no place for and did not get"},
	{provider.EstimatedHeader, "`true`: a count of tokens is the gateway's own estimate"},
	{guard.FlagHeader, "names of the guards that flagged"},
	{cache.ResultHeader, "what the cache made of it: `hit`, `miss`, …"},
	{cache.EntryHeader, "id of the entry that the answer is from"},
	{cache.SimilarityHeader, "of the question to that of the entry, from -1 to 1"},
	{cache.ReasonHeader, "why the answer is from no entry"},
	{"x-request-id", "the exchange's id again, for OpenAI's SDKs"},
	{"request-id", "the same, for Anthropic's SDKs"},
	{"retry-after", "of a refusal: seconds until another request may succeed"},
	{"retry-after-ms", "the same in milliseconds"},
	{policy.ShouldRetryHeader, "`false`: asking again does not help; SDKs of OpenAI and Anthropic obey"},
	{"x-ratelimit-limit-requests", "requests per minute that the caller's quota allows"},
	{"x-ratelimit-remaining-requests", "what is left of them"},
	{"x-ratelimit-reset-requests", "when all of them are back, such as `6s`"},
	{"x-ratelimit-limit-tokens", "tokens per minute that the caller's quota allows"},
	{"x-ratelimit-remaining-tokens", "what is left of them"},
	{"x-ratelimit-reset-tokens", "when all of them are back"},
	{"anthropic-ratelimit-requests-limit", "the same for Anthropic's clients"},
	{"anthropic-ratelimit-requests-remaining", "the same"},
	{"anthropic-ratelimit-requests-reset", "the same, as a time"},
	{"anthropic-ratelimit-tokens-limit", "the same"},
	{"anthropic-ratelimit-tokens-remaining", "the same"},
	{"anthropic-ratelimit-tokens-reset", "the same, as a time"},
}

// Hidden are the headers of a provider's answer that a client does not get.
var Hidden = []string{"alt-svc", "anthropic-organization-id", "location", "nel", "openai-organization", "openai-project", "report-to", "set-cookie", "strict-transport-security"}

// Reserved are headers that neither a client nor a provider can use.
var Reserved = []Header{
	{policy.InternalPrefix + "*", "between the processes of the gateway; Envoy takes them off what clients send, and off what leaves"},
	{policy.EnvoyPrefix + "*", "Envoy's own: the same"},
	{policy.HeaderPrefix + "*", "none leaves for a provider, and none of a provider's reaches a client"},
	{policy.OwnHeader, "a call that the gateway makes itself; from a client it is refused with 401"},
	{"x-request-id", "a client's own is in no header that leaves; Envoy sets another one"},
}

// Elsewhere are headers of other connections than those of clients and providers.
var Elsewhere = []Header{
	{adminkey.ChallengeHeader, "admin API: by which a command proves that it may read the key's file"},
	{"X-Headgate-Timestamp", "calls to a guard's service: when it was signed, in seconds since 1970"},
	{"X-Headgate-Signature", "calls to a guard's service: `v1=` and the HMAC-SHA-256 in hexadecimal digits"},
	{policy.LevelHeader, "metadata of Envoy's streams to ext_proc: which part of it is asked"},
	{policy.NarrowHeader, "the same: this Envoy takes another fit"},
	{policy.ShapeHeader, "the same: the shape of the policy by which it routed"},
}

const headersPreface = `# Headers

What clients send and get. Every header of a request that is not named here stays at the gateway: credentials, cookies, traces, telemetry of SDKs. A backend's own ` + "`headers`" + ` in [the policy](../../../policy/README.md) are added. ` + written

func headersPage() string {
	var b strings.Builder
	b.WriteString(headersPreface)
	section := func(title string, all []Header) {
		b.WriteString("\n## " + title + "\n\n")
		var rows [][]string
		for _, h := range all {
			rows = append(rows, []string{code(h.Name), h.What})
		}
		table(&b, []string{"header", "what it is"}, rows)
	}
	section("Of requests", Asked)
	section("Of requests, for the row", Attributes)
	section("Of answers", Answered)
	b.WriteString("\nOf a provider's answer every header passes but these, and those about the limits of an account that others use, too: " + list(Hidden) + ".\n")
	section("Reserved", Reserved)
	section("Elsewhere", Elsewhere)
	return b.String()
}

// list is a list of words of a program's.
func list(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = code(w)
	}
	return strings.Join(quoted, ", ")
}
