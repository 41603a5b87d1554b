package snapshot

import (
	"fmt"
	"slices"
	"time"

	accesslogv3 "github.com/envoyproxy/go-control-plane/envoy/config/accesslog/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	celv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/access_loggers/filters/cel/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/headgate/headgate/policy"
)

// refusal is what Envoy's own answers of one status say. Envoy's details stay in
// its log: they name sockets and addresses.
type refusal struct {
	conditions        []*accesslogv3.AccessLogFilter // all hold
	message           string
	openai, anthropic string // error types of the dialects
	code              string
	exchange          string        // the id by which its row is found
	retry             time.Duration // after which another request may succeed; 0: unknown, and SDKs do not try again
}

// refusals lists them; the first whose conditions hold counts.
func refusals(set *policy.Set) []refusal {
	type all = []*accesslogv3.AccessLogFilter
	const (
		unavailable = "The gateway could not process the request."
		malformed   = "The request is malformed."
	)
	return []refusal{
		{all{byExtProc(), identified()}, unavailable, "server_error", "api_error", policy.UnavailableCode, exchangeID, time.Second},
		{all{byExtProc()}, unavailable, "server_error", "api_error", policy.UnavailableCode, requestID, time.Second},
		{all{statusIs(400), identified()}, malformed, "invalid_request_error", "invalid_request_error", "invalid_request", exchangeID, 0},
		{all{statusIs(400)}, malformed, "invalid_request_error", "invalid_request_error", "invalid_request", requestID, 0},
		{all{statusIs(404)}, "There is nothing at this path.", "invalid_request_error", "not_found_error", "unknown_path", requestID, 0},
		{all{statusIs(408)}, "The request did not arrive in time.", "timeout_error", "timeout_error", "request_timeout", exchangeID, time.Second},
		{all{statusIs(413)}, fmt.Sprintf("The request body is larger than the %d bytes that this gateway takes.", set.BodyLimit), "invalid_request_error", "request_too_large", "request_too_large", exchangeID, 0},
		{all{statusIs(431)}, fmt.Sprintf("The request's headers are more than this gateway takes, which is %d KiB and %d of them.", maxHeadersKiB, maxHeaders), "invalid_request_error", "invalid_request_error", "headers_too_large", requestID, 0},
		{all{statusIs(500)}, "The answer could not be passed on.", "server_error", "api_error", "gateway_error", exchangeID, 0},
		{all{statusIs(502)}, "The backend broke off its answer.", "server_error", "api_error", "backend_cut", exchangeID, time.Second},
		{all{statusIs(503), flagged("UH")}, "No backend has an address: no name of theirs was resolved.", "server_error", "overloaded_error", "backend_unavailable", exchangeID, resolveAgain},
		{all{statusIs(503), flagged("UO")}, "As many requests of model " + modelName + " are under way as its breaker lets. Try again. The operator of this gateway can raise breaker of the model.", "server_error", "overloaded_error", policy.BreakerCode, exchangeID, time.Second},
		{all{statusIs(503)}, "No backend could take the request.", "server_error", "overloaded_error", "backend_unavailable", exchangeID, 0},
		{all{statusIs(504)}, "The backend did not answer in time.", "server_error", "timeout_error", "backend_timeout", exchangeID, 0},
		{nil, "The gateway could not serve the request.", "server_error", "api_error", "gateway_error", exchangeID, 0},
	}
}

// localReplies write Envoy's own refusals as errors of the client's dialect, which the
// router level has recognised. Answers that Headgate itself made have metadata that says
// so, and stay as they are.
func localReplies(set *policy.Set) *hcmv3.LocalReplyConfig {
	c := &hcmv3.LocalReplyConfig{Mappers: append(upgradeRefused(), answerTooLarge(set)...)}
	for _, r := range refusals(set) {
		c.Mappers = append(c.Mappers, r.mappers()...)
	}
	return c
}

// upgradeRefused writes Envoy's refusal of an upgrade as the 426 that RFC 9110 (15.5.22) has for
// it. ext_proc refuses those to a WebSocket.
func upgradeRefused() []*hcmv3.ResponseMapper {
	mappers := refusal{
		[]*accesslogv3.AccessLogFilter{detailed("upgrade_failed")}, "This gateway speaks HTTP, and no protocol that a request may upgrade to.",
		"invalid_request_error", "invalid_request_error", "upgrade_refused", exchangeID, 0,
	}.mappers()
	for _, m := range mappers {
		m.StatusCode = wrapperspb.UInt32(426)
		m.HeadersToAdd = append(m.HeadersToAdd, header("upgrade", "HTTP/1.1"), header("connection", "upgrade"))
	}
	return mappers
}

// answerTooLarge writes Envoy's refusal of an answer that is longer than it passes on with a status
// of the client's side: after a 5xx SDKs ask again, and what they get has been paid for each time.
func answerTooLarge(set *policy.Set) []*hcmv3.ResponseMapper {
	mappers := refusal{
		[]*accesslogv3.AccessLogFilter{detailed("response_payload_too_large")},
		fmt.Sprintf("The answer is larger than the %d bytes that this gateway passes on. Ask for less at once.", set.BodyLimit),
		"invalid_request_error", "invalid_request_error", "answer_too_large", exchangeID, 0,
	}.mappers()
	for _, m := range mappers {
		m.StatusCode = wrapperspb.UInt32(policy.AnswerTooLarge)
	}
	return mappers
}

// mappers are those of a refusal: of Anthropic's dialect, and of OpenAI's for all others.
func (r refusal) mappers() []*hcmv3.ResponseMapper {
	return []*hcmv3.ResponseMapper{
		mapper(r, "request-id", append(slices.Clone(r.conditions), anthropic()), map[string]any{
			"type":       "error",
			"error":      map[string]any{"type": r.anthropic, "message": r.message, "code": r.code},
			"request_id": r.exchange,
		}),
		mapper(r, "x-request-id", r.conditions, map[string]any{
			"error": map[string]any{"message": r.message, "type": r.openai, "param": nil, "code": r.code, "exchange_id": r.exchange},
		}),
	}
}

// The ids by which rows are found: the exchange's, or Envoy's own of a request of which
// ext_proc could not say it.
const (
	modelName  = "%DYNAMIC_METADATA(" + policy.MetadataNamespace + ":" + policy.ModelKey + ")%"
	exchangeID = "%DYNAMIC_METADATA(" + policy.MetadataNamespace + ":" + policy.ExchangeKey + ")%"
	requestID  = "%REQ(x-request-id)%"
)

func mapper(r refusal, idHeader string, conditions []*accesslogv3.AccessLogFilter, body map[string]any) *hcmv3.ResponseMapper {
	format, err := structpb.NewStruct(body)
	if err != nil {
		panic("snapshot: a local reply is no JSON: " + err.Error()) // a constant of this package is wrong
	}
	filter := notOurs()
	if len(conditions) > 0 {
		filter = &accesslogv3.AccessLogFilter{FilterSpecifier: &accesslogv3.AccessLogFilter_AndFilter{AndFilter: &accesslogv3.AndFilter{
			Filters: append([]*accesslogv3.AccessLogFilter{filter}, conditions...),
		}}}
	}
	return &hcmv3.ResponseMapper{
		Filter:       filter,
		HeadersToAdd: append(refusalHeaders(r.retry), header(idHeader, r.exchange)),
		BodyFormatOverride: &corev3.SubstitutionFormatString{
			ContentType: "application/json",
			Format:      &corev3.SubstitutionFormatString_JsonFormat{JsonFormat: format},
		},
	}
}

func refusalHeaders(retry time.Duration) []*corev3.HeaderValueOption {
	headers := []*corev3.HeaderValueOption{header(policy.RefusedByHeader, policy.RefusedByGateway)}
	if retry > 0 {
		return append(headers, header("retry-after", fmt.Sprint(int(retry.Seconds()))))
	}
	return append(headers, header(policy.ShouldRetryHeader, "false"))
}

func header(name, value string) *corev3.HeaderValueOption {
	return &corev3.HeaderValueOption{
		Header:       &corev3.HeaderValue{Key: name, Value: value},
		AppendAction: corev3.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD,
	}
}

// byExtProc holds if ext_proc could not be asked, or failed: whatever the status is then,
// no backend is to blame.
func byExtProc() *accesslogv3.AccessLogFilter {
	return expression(`response.code_details.startsWith("ext_proc_error")`)
}

// detailed holds for what Envoy has refused with these details.
func detailed(details string) *accesslogv3.AccessLogFilter {
	return expression(fmt.Sprintf("response.code_details == %q", details))
}

// expression holds if one of CEL does.
func expression(text string) *accesslogv3.AccessLogFilter {
	return &accesslogv3.AccessLogFilter{FilterSpecifier: &accesslogv3.AccessLogFilter_ExtensionFilter{ExtensionFilter: &accesslogv3.ExtensionFilter{
		Name:       "envoy.access_loggers.extension_filters.cel",
		ConfigType: &accesslogv3.ExtensionFilter_TypedConfig{TypedConfig: packed(&celv3.ExpressionFilter{Expression: text})},
	}}}
}

// flagged holds if Envoy has set this response flag.
func flagged(flag string) *accesslogv3.AccessLogFilter {
	return &accesslogv3.AccessLogFilter{FilterSpecifier: &accesslogv3.AccessLogFilter_ResponseFlagFilter{
		ResponseFlagFilter: &accesslogv3.ResponseFlagFilter{Flags: []string{flag}},
	}}
}

// notOurs holds for answers that Headgate did not make.
func notOurs() *accesslogv3.AccessLogFilter { return metadataIs(policy.RefusedKey, "none", true) }

// anthropic holds for clients of that dialect: as the router level says, or by the path if
// it has not said. The path alone would mislead, because it may have been rewritten for the
// backend.
func anthropic() *accesslogv3.AccessLogFilter {
	unsaid := &accesslogv3.AccessLogFilter{FilterSpecifier: &accesslogv3.AccessLogFilter_AndFilter{AndFilter: &accesslogv3.AndFilter{
		Filters: []*accesslogv3.AccessLogFilter{metadataIs(policy.DialectKey, "none", true), pathMatches(anthropicPaths)},
	}}}
	return &accesslogv3.AccessLogFilter{FilterSpecifier: &accesslogv3.AccessLogFilter_OrFilter{OrFilter: &accesslogv3.OrFilter{
		Filters: []*accesslogv3.AccessLogFilter{metadataIs(policy.DialectKey, "anthropic", false), unsaid},
	}}}
}

// identified holds if Headgate has said which exchange a request is.
func identified() *accesslogv3.AccessLogFilter {
	f := metadataIs(policy.ExchangeKey, "", false)
	f.GetMetadataFilter().Matcher.Value = &matcherv3.ValueMatcher{MatchPattern: &matcherv3.ValueMatcher_PresentMatch{PresentMatch: true}}
	return f
}

// metadataIs holds if Headgate has set a key to this value. If the key is not set, absent
// decides.
func metadataIs(key, value string, absent bool) *accesslogv3.AccessLogFilter {
	return &accesslogv3.AccessLogFilter{FilterSpecifier: &accesslogv3.AccessLogFilter_MetadataFilter{MetadataFilter: &accesslogv3.MetadataFilter{
		Matcher: &matcherv3.MetadataMatcher{
			Filter: policy.MetadataNamespace,
			Path:   []*matcherv3.MetadataMatcher_PathSegment{{Segment: &matcherv3.MetadataMatcher_PathSegment_Key{Key: key}}},
			Value: &matcherv3.ValueMatcher{MatchPattern: &matcherv3.ValueMatcher_StringMatch{StringMatch: &matcherv3.StringMatcher{
				MatchPattern: &matcherv3.StringMatcher_Exact{Exact: value},
			}}},
		},
		MatchIfKeyNotFound: wrapperspb.Bool(absent),
	}}}
}

func statusIs(code uint32) *accesslogv3.AccessLogFilter {
	return &accesslogv3.AccessLogFilter{FilterSpecifier: &accesslogv3.AccessLogFilter_StatusCodeFilter{StatusCodeFilter: &accesslogv3.StatusCodeFilter{
		Comparison: &accesslogv3.ComparisonFilter{
			Op:    accesslogv3.ComparisonFilter_EQ,
			Value: &corev3.RuntimeUInt32{DefaultValue: code, RuntimeKey: fmt.Sprintf("headgate.local_reply.%d", code)},
		},
	}}}
}

// anthropicPaths are those by which a client speaks Anthropic's dialect, whatever else it says.
const anthropicPaths = `/(anthropic|(v1/)?messages)([/?].*)?`

func pathMatches(pattern string) *accesslogv3.AccessLogFilter {
	return &accesslogv3.AccessLogFilter{FilterSpecifier: &accesslogv3.AccessLogFilter_HeaderFilter{HeaderFilter: &accesslogv3.HeaderFilter{
		Header: &routev3.HeaderMatcher{Name: ":path", HeaderMatchSpecifier: &routev3.HeaderMatcher_StringMatch{StringMatch: matching(pattern)}},
	}}}
}
