package extproc

import (
	"fmt"
	"strconv"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	filterv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_proc/v3"
	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/policy"
)

// phase is what a message of Envoy's is about.
type phase uint8

const (
	requestHeaders phase = iota
	requestBody
	requestTrailers
	responseHeaders
	responseBody
	responseTrailers
	phases
)

var phaseNames = [phases]string{"request_headers", "request_body", "request_trailers", "response_headers", "response_body", "response_trailers"}

// event is one message of Envoy's. It aliases the message.
type event struct {
	phase   phase
	headers []*corev3.HeaderValue
	body    []byte
	end     bool
}

func decode(m *extprocv3.ProcessingRequest) (event, error) {
	switch r := m.Request.(type) {
	case *extprocv3.ProcessingRequest_RequestHeaders:
		return event{phase: requestHeaders, headers: r.RequestHeaders.GetHeaders().GetHeaders(), end: r.RequestHeaders.GetEndOfStream()}, nil
	case *extprocv3.ProcessingRequest_RequestBody:
		return event{phase: requestBody, body: r.RequestBody.GetBody(), end: r.RequestBody.GetEndOfStream()}, nil
	case *extprocv3.ProcessingRequest_ResponseHeaders:
		return event{phase: responseHeaders, headers: r.ResponseHeaders.GetHeaders().GetHeaders(), end: r.ResponseHeaders.GetEndOfStream()}, nil
	case *extprocv3.ProcessingRequest_ResponseBody:
		return event{phase: responseBody, body: r.ResponseBody.GetBody(), end: r.ResponseBody.GetEndOfStream()}, nil
	case *extprocv3.ProcessingRequest_RequestTrailers:
		return event{phase: requestTrailers}, nil
	case *extprocv3.ProcessingRequest_ResponseTrailers:
		return event{phase: responseTrailers}, nil
	}
	return event{}, fmt.Errorf("unknown message %T", m.Request)
}

// appendHeaders copies the list, not the values.
func appendHeaders(dst exchange.Headers, src []*corev3.HeaderValue) exchange.Headers {
	for _, h := range src {
		v := h.RawValue
		if len(v) == 0 && h.Value != "" {
			v = []byte(h.Value)
		}
		dst = append(dst, exchange.Header{Name: h.Key, Value: v})
	}
	return dst
}

// meta is one entry of the dynamic metadata that goes into Envoy's access log.
// Amounts go as text: numbers in a Struct are doubles.
type meta struct{ key, value string }

// reply is the answer to one event.
type reply struct {
	phase    phase
	mutation *exchange.Mutation // nil: pass unchanged
	status   int                // replaces the response's; 0: keep
	reroute  bool               // clear the route cache
	stream   bool               // see the response body chunk by chunk
	whole    bool               // in the answer to request headers: the body is replaced at once
	deny     bool               // end the exchange with the mutation's headers and body
	details  string             // of a denial, for Envoy's log
	meta     []meta
}

// plain are the answers that change nothing, built once: messages are immutable
// once built and may be sent by many streams at the same time.
var plain = [phases]*extprocv3.ProcessingResponse{
	requestHeaders:   headersResponse(true, &extprocv3.CommonResponse{}),
	requestBody:      bodyResponse(true, &extprocv3.CommonResponse{}),
	requestTrailers:  {Response: &extprocv3.ProcessingResponse_RequestTrailers{RequestTrailers: &extprocv3.TrailersResponse{}}},
	responseHeaders:  headersResponse(false, &extprocv3.CommonResponse{}),
	responseBody:     bodyResponse(false, &extprocv3.CommonResponse{}),
	responseTrailers: {Response: &extprocv3.ProcessingResponse_ResponseTrailers{ResponseTrailers: &extprocv3.TrailersResponse{}}},
}

func headersResponse(request bool, c *extprocv3.CommonResponse) *extprocv3.ProcessingResponse {
	h := &extprocv3.HeadersResponse{Response: c}
	if request {
		return &extprocv3.ProcessingResponse{Response: &extprocv3.ProcessingResponse_RequestHeaders{RequestHeaders: h}}
	}
	return &extprocv3.ProcessingResponse{Response: &extprocv3.ProcessingResponse_ResponseHeaders{ResponseHeaders: h}}
}

func bodyResponse(request bool, c *extprocv3.CommonResponse) *extprocv3.ProcessingResponse {
	b := &extprocv3.BodyResponse{Response: c}
	if request {
		return &extprocv3.ProcessingResponse{Response: &extprocv3.ProcessingResponse_RequestBody{RequestBody: b}}
	}
	return &extprocv3.ProcessingResponse{Response: &extprocv3.ProcessingResponse_ResponseBody{ResponseBody: b}}
}

// streamed is the override that lets a response through chunk by chunk. Body
// modes in an override are taken literally, so the request's is repeated.
var streamed = &filterv3.ProcessingMode{
	RequestBodyMode:  filterv3.ProcessingMode_BUFFERED,
	ResponseBodyMode: filterv3.ProcessingMode_STREAMED,
}

func encode(r *reply) *extprocv3.ProcessingResponse {
	if r.deny {
		return immediate(r)
	}
	if r.mutation == nil && len(r.meta) == 0 && !r.reroute && !r.stream {
		return plain[r.phase]
	}
	c := &extprocv3.CommonResponse{ClearRouteCache: r.reroute}
	if r.whole {
		c.Status = extprocv3.CommonResponse_CONTINUE_AND_REPLACE
	}
	if m := r.mutation; m != nil {
		if len(m.Set) > 0 || len(m.Remove) > 0 || r.status > 0 {
			c.HeaderMutation = headerMutation(m, r.status)
		}
		if m.Replace {
			c.BodyMutation = bodyMutation(m.Body)
		}
	}
	var out *extprocv3.ProcessingResponse
	switch r.phase {
	case requestHeaders, responseHeaders:
		out = headersResponse(r.phase == requestHeaders, c)
	default:
		out = bodyResponse(r.phase == requestBody, c)
	}
	if r.stream {
		out.ModeOverride = streamed
	}
	out.DynamicMetadata = metadataOf(r.meta)
	return out
}

func bodyMutation(body []byte) *extprocv3.BodyMutation {
	if len(body) == 0 {
		return &extprocv3.BodyMutation{Mutation: &extprocv3.BodyMutation_ClearBody{ClearBody: true}}
	}
	return &extprocv3.BodyMutation{Mutation: &extprocv3.BodyMutation_Body{Body: body}}
}

// headerMutation sets headers so that each has one value: the enum's zero value
// would append to what a client brought along. Options and values of all headers
// share one allocation each.
func headerMutation(m *exchange.Mutation, status int) *extprocv3.HeaderMutation {
	n := len(m.Set)
	if status > 0 {
		n++
	}
	options, values := make([]corev3.HeaderValueOption, n), make([]corev3.HeaderValue, n)
	out := &extprocv3.HeaderMutation{RemoveHeaders: m.Remove, SetHeaders: make([]*corev3.HeaderValueOption, n)}
	for i := range m.Set {
		values[i].Key, values[i].RawValue = m.Set[i].Name, m.Set[i].Value
	}
	if status > 0 {
		values[n-1].Key, values[n-1].RawValue = ":status", strconv.AppendInt(nil, int64(status), 10)
	}
	for i := range values {
		options[i].Header = &values[i]
		options[i].AppendAction = corev3.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD
		out.SetHeaders[i] = &options[i]
	}
	return out
}

func metadataOf(entries []meta) *structpb.Struct {
	if len(entries) == 0 {
		return nil
	}
	fields := make(map[string]*structpb.Value, len(entries))
	values, texts := make([]structpb.Value, len(entries)), make([]structpb.Value_StringValue, len(entries))
	for i, e := range entries {
		texts[i].StringValue = e.value
		values[i].Kind = &texts[i]
		fields[e.key] = &values[i]
	}
	return &structpb.Struct{Fields: map[string]*structpb.Value{
		policy.MetadataNamespace: structpb.NewStructValue(&structpb.Struct{Fields: fields}),
	}}
}

func immediate(r *reply) *extprocv3.ProcessingResponse {
	return &extprocv3.ProcessingResponse{
		Response: &extprocv3.ProcessingResponse_ImmediateResponse{ImmediateResponse: &extprocv3.ImmediateResponse{
			Status:  &typev3.HttpStatus{Code: typev3.StatusCode(r.status)},
			Headers: headerMutation(r.mutation, 0),
			Body:    r.mutation.Body,
			Details: r.details,
		}},
		DynamicMetadata: metadataOf(r.meta),
	}
}
