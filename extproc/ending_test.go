package extproc

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	alsdatav3 "github.com/envoyproxy/go-control-plane/envoy/data/accesslog/v3"
	accesslogv3 "github.com/envoyproxy/go-control-plane/envoy/service/accesslog/v3"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	. "github.com/headgate/headgate/extproc/extproctest"
	"github.com/headgate/headgate/extproc/record"
)

// entry is an access-log entry as Envoy sends it.
func entry(exchange, details string, code uint32, flags *alsdatav3.ResponseFlags) *alsdatav3.HTTPAccessLogEntry {
	return &alsdatav3.HTTPAccessLogEntry{
		CommonProperties: &alsdatav3.AccessLogCommon{
			ResponseFlags: flags,
			RouteName:     "gpt-4o-mini/json",
			Metadata: &corev3.Metadata{FilterMetadata: map[string]*structpb.Struct{
				"io.headgate": {Fields: map[string]*structpb.Value{"exchange": structpb.NewStringValue(exchange), "dialect": structpb.NewStringValue("openai")}}}},
			UpstreamRequestAttemptCount: 3,
		},
		Response: &alsdatav3.HTTPResponseProperties{ResponseCode: wrapperspb.UInt32(code), ResponseCodeDetails: details},
	}
}

func sendEntry(t *testing.T, r *rig, e *alsdatav3.HTTPAccessLogEntry) {
	t.Helper()
	stream, err := accesslogv3.NewAccessLogServiceClient(r.Conn).StreamAccessLogs(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	msg := &accesslogv3.StreamAccessLogsMessage{LogEntries: &accesslogv3.StreamAccessLogsMessage_HttpLogs{
		HttpLogs: &accesslogv3.StreamAccessLogsMessage_HTTPAccessLogEntries{LogEntry: []*alsdatav3.HTTPAccessLogEntry{e}}}}
	if err := stream.Send(msg); err != nil {
		t.Fatal(err)
	}
	if _, err := stream.CloseAndRecv(); err != nil {
		t.Fatal(err)
	}
}

func TestEnvoysAccountClosesTheRow(t *testing.T) {
	for _, tc := range []struct {
		name, details string
		code          uint32
		flags         *alsdatav3.ResponseFlags
		outcome, by   string
	}{
		{"client abort", "downstream_remote_disconnect", 0, &alsdatav3.ResponseFlags{DownstreamConnectionTermination: true}, "cancelled", "client"},
		{"provider cut", "upstream_reset_after_response_started{connection_termination}", 200, &alsdatav3.ResponseFlags{UpstreamConnectionTermination: true}, "cut", "provider"},
		{"provider cut over HTTP/2", "upstream_reset_after_response_started{remote_reset}", 200, &alsdatav3.ResponseFlags{UpstreamRemoteReset: true}, "cut", "provider"},
		{"per-try idle timeout", "upstream_per_try_idle_timeout", 504, &alsdatav3.ResponseFlags{UpstreamRequestTimeout: true}, "idle_timeout", "provider"},
		{"a stream that fell silent", "headgate_idle_timeout", 200, nil, "idle_timeout", "provider"},
		{"a stream that ended in trailers before its answer", "headgate_unfinished_stream", 200, nil, "cut", "provider"},
		{"per-try timeout", "upstream_per_try_timeout", 504, &alsdatav3.ResponseFlags{UpstreamRequestTimeout: true, UpstreamRetryLimitExceeded: true}, "timeout", "provider"},
		{"deadline", "response_timeout", 504, &alsdatav3.ResponseFlags{UpstreamRequestTimeout: true}, "deadline", "provider"},
		{"refused connection", "upstream_reset_before_response_started{connection_failure}", 503, &alsdatav3.ResponseFlags{UpstreamConnectionFailure: true, UpstreamRetryLimitExceeded: true}, "connect_failed", "provider"},
		{"no healthy backend", "no_healthy_upstream", 503, &alsdatav3.ResponseFlags{NoHealthyUpstream: true}, "no_healthy_backend", "provider"},
		{"ext_proc timeout", "ext_proc_error_per-message_timeout_exceeded", 504, nil, "gateway_error", "gateway"},
		{"answer over the limit", "response_payload_too_large", 500, nil, "provider_error", "provider"},
		{"a request that does not arrive", "request_overall_timeout", 408, nil, "idle_timeout", "client"},
		{"silent client", "stream_idle_timeout", 408, &alsdatav3.ResponseFlags{StreamIdleTimeout: true}, "idle_timeout", "client"},
		{"a silent stream after an attempt without time", "stream_idle_timeout", 200, &alsdatav3.ResponseFlags{UpstreamRequestTimeout: true, StreamIdleTimeout: true}, "idle_timeout", "client"},
		{"both clocks", "stream_idle_timeout", 504, &alsdatav3.ResponseFlags{UpstreamRequestTimeout: true, UpstreamRetryLimitExceeded: true, StreamIdleTimeout: true}, "timeout", "provider"},
		{"words nobody knows", "something_new", 200, nil, "cut", "unknown"},
	} {
		for _, early := range []bool{false, true} {
			order := ", entry last"
			if early {
				order = ", entry first"
			}
			t.Run(tc.name+order, func(t *testing.T) {
				r := newRig(t, testPolicy)
				s := r.Open("router")
				id := s.RequestHeaders(Post("/v1/chat/completions"), false).Metadata("exchange")
				s.RequestBody(chatBody)
				if early {
					sendEntry(t, r, entry(id, tc.details, tc.code, tc.flags))
				}
				_ = s.Close()
				r.idle()
				if !early {
					sendEntry(t, r, entry(id, tc.details, tc.code, tc.flags))
				}
				row := r.row()
				if row.Outcome != tc.outcome || row.By != tc.by || row.Status != int(tc.code) || row.Attempts != 3 {
					t.Errorf("row %+v", row)
				}
			})
		}
	}
}

func TestEntriesForCleanExchangesChangeNothing(t *testing.T) {
	r := newRig(t, testPolicy)
	s := r.Open("router")
	id := s.RequestHeaders(Post("/v1/chat/completions"), false).Metadata("exchange")
	s.RequestBody(chatBody)
	s.ResponseHeaders(Answered("429", "application/json"), false)
	s.ResponseBody(`{"error":{"message":"slow down"}}`, true)
	sendEntry(t, r, entry(id, "via_upstream", 429, &alsdatav3.ResponseFlags{UpstreamRetryLimitExceeded: true}))
	s.Cancel()
	if row := r.row(); row.Outcome != "provider_rate_limited" || row.Attempts != 1 {
		t.Errorf("row %+v", row)
	}
}

func TestDrainWaitsForExchangesAndNotForTheLog(t *testing.T) {
	r := newRig(t, testPolicy)
	held, err := accesslogv3.NewAccessLogServiceClient(r.Conn).StreamAccessLogs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := held.Send(&accesslogv3.StreamAccessLogsMessage{}); err != nil {
		t.Fatal(err)
	}
	s := r.Open("router")
	s.RequestHeaders(Post("/v1/chat/completions"), false)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	drained := make(chan struct{})
	go func() {
		Drain(ctx, r.grpc, r.server, r.endings)
		close(drained)
	}()
	if reply := s.RequestBody(chatBody); reply.Err != nil || !reply.Reroutes() {
		t.Fatalf("an open exchange is cut by the drain: %v", reply.Err)
	}
	select {
	case <-drained:
		t.Fatal("an exchange was still open")
	default:
	}
	s.Cancel()
	<-drained
	if ctx.Err() != nil {
		t.Error("the log stream held the drain up")
	}
}

// TestWhatADrainCutsIsDrained holds that an exchange that is cut because the process ends has an
// outcome of its own, whatever Envoy makes of it.
func TestWhatADrainCutsIsDrained(t *testing.T) {
	r := newRig(t, testPolicy)
	s := r.Open("router")
	id := s.RequestHeaders(Post("/v1/chat/completions"), false).Metadata("exchange")
	s.RequestBody(chatBody)
	over, cancel := context.WithCancel(t.Context())
	cancel()
	Drain(over, r.grpc, r.server, r.endings)
	r.closer.Ending(record.Ending{Exchange: id, Details: "ext_proc_error_gRPC_error_14", Code: 503, Seen: true})
	if row := r.row(); row.Outcome != "drained" || row.By != "gateway" {
		t.Errorf("row %+v", row)
	}
}

// TestWhatBeginsAtTheEndIsRefused holds that a server that finishes refuses exchanges in their
// dialects, fails health checks, and waits for those that had begun.
func TestWhatBeginsAtTheEndIsRefused(t *testing.T) {
	r := newRig(t, testPolicy)
	s := r.Open("router")
	s.RequestHeaders(Post("/v1/chat/completions"), false)
	finished := make(chan bool, 1)
	go func() { finished <- r.server.Finish(t.Context()) }()
	for !r.server.finishing.Load() { // until it does
	}
	for path, kind := range map[string]string{"/v1/chat/completions": `"type":"server_error"`, "/v1/messages": `"type":"overloaded_error"`} {
		late := r.Open("router")
		reply := late.RequestHeaders(Post(path), false)
		im := reply.Immediate()
		if im == nil || im.Status.Code != 503 || reply.Set("retry-after") != "1" || !strings.Contains(string(im.Body), kind) || !strings.Contains(string(im.Body), `"gateway_stopping"`) {
			t.Errorf("%s: answered %v", path, reply)
		}
		late.Cancel()
	}
	health := r.Open("router")
	if im := health.RequestHeaders(H{":method", "GET", ":path", "/healthz"}, true).Immediate(); im == nil || im.Status.Code != 503 {
		t.Errorf("a health check is answered %v", im)
	}
	health.Cancel()
	select {
	case <-finished:
		t.Fatal("it does not wait for what had begun")
	default:
	}
	s.Cancel()
	if !<-finished {
		t.Error("it says that something is open")
	}
	r.idle()
	refused := 0
	for _, row := range r.rows() {
		if row.Outcome == "gateway_error" && row.By == "gateway" && row.Reason == "gateway_stopping" {
			refused++
		}
	}
	if refused != 2 {
		t.Errorf("%d rows say that the gateway was stopping", refused)
	}
}

// TestEnvoyLeavesWithItsLastStream holds that a connection that ends in a drain is not taken for the
// end of Envoy, whose account may still come.
func TestEnvoyLeavesWithItsLastStream(t *testing.T) {
	r := newRig(t, testPolicy)
	path := filepath.Join(t.TempDir(), "s")
	l, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	g := GRPC(r.server, r.endings)
	go func() { _ = g.Serve(l) }()
	envoy := Dial(t, path)
	s := envoy.Open("router")
	id := s.RequestHeaders(Post("/v1/chat/completions"), false).Metadata("exchange")
	s.RequestBody(chatBody)
	drained := make(chan struct{})
	go func() { Drain(t.Context(), g, r.server, r.endings); close(drained) }()
	for !r.server.draining.Load() { // until Envoy has been asked
	}
	if err := envoy.Conn.Close(); err != nil {
		t.Fatal(err)
	}
	<-drained
	r.closer.Ending(record.Ending{Exchange: id, Flags: "DC", Seen: true})
	r.closer.Await(t.Context())
	if row := r.row(); row.Outcome != "cancelled" || row.By != "client" {
		t.Errorf("row %+v", row)
	}
}
