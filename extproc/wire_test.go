package extproc

import (
	"bytes"
	"strconv"
	"testing"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	filterv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_proc/v3"
	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/headgate/headgate/extproc/exchange"
)

// The generated types are the judge of what is read and written by hand.

func TestEventsAreReadAsTheGeneratedTypesWriteThem(t *testing.T) {
	st := func(m map[string]any) *structpb.Struct {
		s, err := structpb.NewStruct(m)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	msg := &extprocv3.ProcessingRequest{
		Request: &extprocv3.ProcessingRequest_RequestHeaders{RequestHeaders: &extprocv3.HttpHeaders{
			EndOfStream: true,
			Headers: &corev3.HeaderMap{Headers: []*corev3.HeaderValue{
				{Key: ":path", RawValue: []byte("/v1/é")}, {Key: "x-old", Value: "v"}, {Key: "x-empty"}, {Key: "x-both", Value: "a", RawValue: []byte("b")},
			}},
		}},
		ProtocolConfig: &extprocv3.ProtocolConfiguration{RequestBodyMode: filterv3.ProcessingMode_BUFFERED, ResponseBodyMode: filterv3.ProcessingMode_STREAMED},
		MetadataContext: &corev3.Metadata{FilterMetadata: map[string]*structpb.Struct{
			"other": st(map[string]any{"exchange": "wrong"}), "io.headgate": st(map[string]any{"n": 1, "exchange": "01ABC", "generation": "3", "list": []any{"x"}}),
		}},
		Attributes: map[string]*structpb.Struct{"envoy.filters.http.ext_proc": st(map[string]any{
			"xds.upstream_host_metadata.filter_metadata['io.headgate']['backend']": "gpt",
			"xds.upstream_host_metadata.filter_metadata['io.headgate']['model']":   "gpt-4o",
			"upstream.request_attempt_count":                                       2,
			"connection.uri_san_peer_certificate":                                  "spiffe://example.com/ci",
			"connection.dns_san_peer_certificate":                                  "ci.example.com",
			"connection.subject_peer_certificate":                                  "CN=ci",
			"source.address":                                                       "10.1.2.3:4567",
		})},
		ObservabilityMode: true,
	}
	var got event
	sent := marshal(t, msg)
	if err := got.decode(sent); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.bytes, sent) {
		t.Error("the bytes that it came in are lost")
	}
	got.bytes = nil
	want := event{
		generation: "3", phase: requestHeaders, end: true, modes: &bodyModes{request: 2, response: 1}, exchange: "01ABC", backend: "gpt", backedModel: "gpt-4o",
		peer:    &peerNames{uri: "spiffe://example.com/ci", dns: "ci.example.com", subject: "CN=ci"},
		address: "10.1.2.3:4567",
		headers: exchange.Headers{{Name: ":path", Value: []byte("/v1/é")}, {Name: "x-old", Value: []byte("v")}, {Name: "x-empty", Value: []byte{}}, {Name: "x-both", Value: []byte("b")}},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(event{}, bodyModes{}, peerNames{})); diff != "" {
		t.Error(diff)
	}
	for p, m := range map[phase]*extprocv3.ProcessingRequest{
		responseHeaders:  {Request: &extprocv3.ProcessingRequest_ResponseHeaders{ResponseHeaders: &extprocv3.HttpHeaders{}}},
		requestBody:      {Request: &extprocv3.ProcessingRequest_RequestBody{RequestBody: &extprocv3.HttpBody{Body: []byte("b"), EndOfStream: true}}},
		responseBody:     {Request: &extprocv3.ProcessingRequest_ResponseBody{ResponseBody: &extprocv3.HttpBody{Body: []byte("b")}}},
		requestTrailers:  {Request: &extprocv3.ProcessingRequest_RequestTrailers{RequestTrailers: &extprocv3.HttpTrailers{}}},
		responseTrailers: {Request: &extprocv3.ProcessingRequest_ResponseTrailers{ResponseTrailers: &extprocv3.HttpTrailers{}}},
	} {
		var ev event
		if err := ev.decode(marshal(t, m)); err != nil || ev.phase != p {
			t.Errorf("%v: %v %v", phaseNames[p], ev.phase, err)
		}
		if (p == requestBody) != ev.end || (p == requestBody || p == responseBody) != (string(ev.body) == "b") {
			t.Errorf("%v: %+v", phaseNames[p], ev)
		}
	}
}

func marshal(t testing.TB, m proto.Message) []byte {
	t.Helper()
	b, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestRepliesAreWrittenAsTheGeneratedTypesReadThem(t *testing.T) {
	long := make([]byte, 70_000)
	for i := range long {
		long[i] = byte(i)
	}
	for name, r := range map[string]reply{
		"everything": {phase: requestBody, reroute: true, fit: "c3", meta: []meta{{"exchange", "01A"}, {"model", "é"}},
			mutation: &exchange.Mutation{Set: exchange.Headers{{Name: "a", Value: []byte("1")}, {Name: "b", Value: []byte{}}}, Remove: []string{"c", "d"}, Body: long, Replace: true}},
		"an empty body":      {phase: responseBody, mutation: &exchange.Mutation{Replace: true}},
		"a status":           {phase: responseHeaders, status: 503, mutation: &exchange.Mutation{}},
		"a stream":           {phase: responseHeaders, stream: true, mutation: &exchange.Mutation{Remove: []string{"content-length"}}},
		"a replaced attempt": {phase: requestHeaders, whole: true, mutation: &exchange.Mutation{Body: []byte("{}"), Replace: true}, meta: []meta{{"content_length", "2"}}},
		"a denial": {phase: requestHeaders, deny: true, status: 404, details: "headgate_x", meta: []meta{{"refused", "x"}},
			mutation: &exchange.Mutation{Set: exchange.Headers{{Name: "content-type", Value: []byte("application/json")}}, Body: []byte("{}")}},
		"nothing but metadata": {phase: requestHeaders, meta: []meta{{"exchange", "01A"}}},
		"only a fit":           {phase: requestBody, fit: "any"},
		"a duplex stream":      {phase: responseHeaders, duplex: true, mutation: &exchange.Mutation{Remove: []string{"content-length"}}},
		"a piece":              {phase: responseBody, piece: &piece{data: long}},
		"an empty piece":       {phase: responseBody, piece: &piece{}},
		"the last piece":       {phase: responseBody, piece: &piece{data: []byte("x"), end: true}, meta: []meta{{"served", "m"}}},
		"more time":            {more: 89*time.Second + 500*time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			var got extprocv3.ProcessingResponse
			if err := proto.Unmarshal(r.encode(nil), &got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(generated(&r), &got, protocmp.Transform()); diff != "" {
				t.Error(diff)
			}
		})
	}
	for p := range phases {
		var got extprocv3.ProcessingResponse
		if err := proto.Unmarshal(plain[p], &got); err != nil || got.Response == nil {
			t.Errorf("%s: %v", phaseNames[p], err)
		}
	}
}

// generated builds a reply with the generated types.
func generated(r *reply) *extprocv3.ProcessingResponse {
	out := &extprocv3.ProcessingResponse{}
	var headers *extprocv3.HeaderMutation
	if r.mutation != nil {
		headers = &extprocv3.HeaderMutation{RemoveHeaders: r.mutation.Remove}
		set := func(name string, value []byte) {
			headers.SetHeaders = append(headers.SetHeaders, &corev3.HeaderValueOption{
				Header: &corev3.HeaderValue{Key: name, RawValue: value}, AppendAction: corev3.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD})
		}
		if r.status > 0 && !r.deny {
			set(":status", []byte(strconv.Itoa(r.status)))
		}
		for _, h := range r.mutation.Set {
			set(h.Name, h.Value)
		}
	}
	metadata := map[string]*structpb.Value{}
	if len(r.meta) > 0 {
		in := map[string]*structpb.Value{}
		for _, m := range r.meta {
			in[m.key] = structpb.NewStringValue(m.value)
		}
		metadata["io.headgate"] = structpb.NewStructValue(&structpb.Struct{Fields: in})
	}
	if r.fit != "" {
		metadata["envoy.lb"] = structpb.NewStructValue(&structpb.Struct{Fields: map[string]*structpb.Value{"fit": structpb.NewStringValue(r.fit)}})
	}
	if len(metadata) > 0 {
		out.DynamicMetadata = &structpb.Struct{Fields: metadata}
	}
	if r.more > 0 {
		return &extprocv3.ProcessingResponse{OverrideMessageTimeout: durationpb.New(r.more)}
	}
	if r.duplex {
		out.ModeOverride = &filterv3.ProcessingMode{RequestBodyMode: filterv3.ProcessingMode_BUFFERED, ResponseBodyMode: filterv3.ProcessingMode_FULL_DUPLEX_STREAMED,
			ResponseTrailerMode: filterv3.ProcessingMode_SEND}
	}
	if r.stream {
		out.ModeOverride = &filterv3.ProcessingMode{RequestBodyMode: filterv3.ProcessingMode_BUFFERED, ResponseBodyMode: filterv3.ProcessingMode_STREAMED,
			ResponseTrailerMode: filterv3.ProcessingMode_SEND}
	}
	if r.deny {
		out.Response = &extprocv3.ProcessingResponse_ImmediateResponse{ImmediateResponse: &extprocv3.ImmediateResponse{
			Status: &typev3.HttpStatus{Code: typev3.StatusCode(r.status)}, Headers: headers, Body: r.mutation.Body, Details: r.details}}
		return out
	}
	c := &extprocv3.CommonResponse{ClearRouteCache: r.reroute, HeaderMutation: headers}
	if r.whole {
		c.Status = extprocv3.CommonResponse_CONTINUE_AND_REPLACE
	}
	if r.mutation != nil && r.mutation.Replace {
		c.BodyMutation = &extprocv3.BodyMutation{Mutation: &extprocv3.BodyMutation_Body{Body: r.mutation.Body}}
		if len(r.mutation.Body) == 0 {
			c.BodyMutation = &extprocv3.BodyMutation{Mutation: &extprocv3.BodyMutation_ClearBody{ClearBody: true}}
		}
	}
	if r.piece != nil {
		c = &extprocv3.CommonResponse{BodyMutation: &extprocv3.BodyMutation{Mutation: &extprocv3.BodyMutation_StreamedResponse{
			StreamedResponse: &extprocv3.StreamedBodyResponse{Body: r.piece.data, EndOfStream: r.piece.end}}}}
	}
	switch r.phase {
	case requestHeaders:
		out.Response = &extprocv3.ProcessingResponse_RequestHeaders{RequestHeaders: &extprocv3.HeadersResponse{Response: c}}
	case responseHeaders:
		out.Response = &extprocv3.ProcessingResponse_ResponseHeaders{ResponseHeaders: &extprocv3.HeadersResponse{Response: c}}
	case requestBody:
		out.Response = &extprocv3.ProcessingResponse_RequestBody{RequestBody: &extprocv3.BodyResponse{Response: c}}
	case responseBody:
		out.Response = &extprocv3.ProcessingResponse_ResponseBody{ResponseBody: &extprocv3.BodyResponse{Response: c}}
	case requestTrailers, responseTrailers, phases: // no reply has them
	}
	return out
}

func FuzzEvent(f *testing.F) {
	f.Add(marshal(f, &extprocv3.ProcessingRequest{Request: &extprocv3.ProcessingRequest_RequestHeaders{RequestHeaders: &extprocv3.HttpHeaders{
		Headers: &corev3.HeaderMap{Headers: []*corev3.HeaderValue{{Key: "a", RawValue: []byte("b")}}}}}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		var ev event
		if ev.decode(b) != nil {
			return
		}
		var ref extprocv3.ProcessingRequest
		if proto.Unmarshal(b, &ref) != nil {
			return // stricter about what is not read here
		}
		if body := ref.GetRequestBody(); body != nil && ev.phase == requestBody && string(body.Body) != string(ev.body) {
			t.Fatalf("body %q, want %q", ev.body, body.Body)
		}
	})
}
