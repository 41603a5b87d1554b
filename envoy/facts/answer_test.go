package facts_test

import (
	"strconv"
	"testing"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	extprocfilterv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_proc/v3"
	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/structpb"
)

type (
	request        = extprocv3.ProcessingRequest
	response       = extprocv3.ProcessingResponse
	common         = extprocv3.CommonResponse
	headerMutation = extprocv3.HeaderMutation
	mode           = extprocfilterv3.ProcessingMode
)

const (
	overwrite = corev3.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD
	replace   = extprocv3.CommonResponse_CONTINUE_AND_REPLACE
)

func requestHeaders(c *common) *response {
	return &response{Response: &extprocv3.ProcessingResponse_RequestHeaders{RequestHeaders: &extprocv3.HeadersResponse{Response: c}}}
}

func requestBody(c *common) *response {
	return &response{Response: &extprocv3.ProcessingResponse_RequestBody{RequestBody: &extprocv3.BodyResponse{Response: c}}}
}

func responseHeaders(c *common) *response {
	return &response{Response: &extprocv3.ProcessingResponse_ResponseHeaders{ResponseHeaders: &extprocv3.HeadersResponse{Response: c}}}
}

func responseBody(c *common) *response {
	return &response{Response: &extprocv3.ProcessingResponse_ResponseBody{ResponseBody: &extprocv3.BodyResponse{Response: c}}}
}

func responseTrailers() *response {
	return &response{Response: &extprocv3.ProcessingResponse_ResponseTrailers{ResponseTrailers: &extprocv3.TrailersResponse{}}}
}

func immediate(code int, body string) *response {
	return &response{Response: &extprocv3.ProcessingResponse_ImmediateResponse{ImmediateResponse: &extprocv3.ImmediateResponse{
		Status: &typev3.HttpStatus{Code: typev3.StatusCode(code)}, Body: []byte(body), Details: "refused by the test",
	}}}
}

// always is a step that sends the answer.
func always(r *response) step {
	return func(s *stream, _ *request) error { return s.grpc.Send(r) }
}

// unavailable ends the stream with the error that the design uses.
func unavailable(*stream, *request) error { return status.Error(codes.Unavailable, "scripted") }

// header makes one header to be set in the way of the design: raw, in place of
// any other value.
func header(name, value string) *corev3.HeaderValueOption {
	return &corev3.HeaderValueOption{Header: &corev3.HeaderValue{Key: name, RawValue: []byte(value)}, AppendAction: overwrite}
}

func set(headers ...*corev3.HeaderValueOption) *extprocv3.HeaderMutation {
	return &extprocv3.HeaderMutation{SetHeaders: headers}
}

func remove(names ...string) *extprocv3.HeaderMutation {
	return &extprocv3.HeaderMutation{RemoveHeaders: names}
}

func body(text string) *extprocv3.BodyMutation {
	return &extprocv3.BodyMutation{Mutation: &extprocv3.BodyMutation_Body{Body: []byte(text)}}
}

// streamed makes one chunk of a FULL_DUPLEX_STREAMED answer.
func streamed(text string, eos bool) *response {
	return responseBody(&common{BodyMutation: &extprocv3.BodyMutation{Mutation: &extprocv3.BodyMutation_StreamedResponse{
		StreamedResponse: &extprocv3.StreamedBodyResponse{Body: []byte(text), EndOfStream: eos},
	}}})
}

// toPool is the router level's answer to a buffered request: on to the pool.
func toPool(more ...*corev3.HeaderValueOption) *common {
	return &common{HeaderMutation: set(append(more, header("x-pool", "pool"))...), ClearRouteCache: true}
}

// routed is the least that a router level does to bring a POST to the pool.
func routed() script { return script{requestBody: always(requestBody(toPool()))} }

// routedAtHeaders brings any request to the pool, one without a body too.
func routedAtHeaders() script { return script{requestHeaders: always(requestHeaders(toPool()))} }

func withMetadata(r *response, namespace string, values map[string]any) *response {
	inner, err := structpb.NewStruct(values)
	if err != nil {
		panic(err) // a value that a test wrote itself
	}
	r.DynamicMetadata = &structpb.Struct{Fields: map[string]*structpb.Value{namespace: structpb.NewStructValue(inner)}}
	return r
}

func withMode(r *response, m *mode) *response {
	r.ModeOverride = m
	return r
}

// headerOf returns a header's value in a request-header or response-header
// message, and whether it is there.
func headerOf(t *testing.T, m *request, name string) (string, bool) {
	t.Helper()
	h := m.GetRequestHeaders()
	if h == nil {
		h = m.GetResponseHeaders()
	}
	if h == nil {
		t.Fatalf("%s is no header message", kindOf(m))
	}
	for _, v := range h.Headers.Headers {
		if v.Key == name {
			return string(v.RawValue), true
		}
	}
	return "", false
}

// attribute returns an attribute of a message as text.
func attribute(m *request, name string) string {
	v := m.GetAttributes()["envoy.filters.http.ext_proc"].GetFields()[name]
	return v.GetStringValue()
}

func statusText(code int) string { return strconv.Itoa(code) }

func seconds(n int64) *durationpb.Duration { return &durationpb.Duration{Seconds: n} }
