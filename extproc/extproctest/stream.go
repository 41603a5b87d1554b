// Package extproctest plays Envoy's half of external-processing streams from a
// script, without Envoy: it sends what Envoy would send, in the order that a test
// wants, and shows what came back as Envoy would apply it.
package extproctest

import (
	"context"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	filterv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_proc/v3"
	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
)

// patience bounds every wait, so that a server that does not answer fails the
// test instead of hanging it.
const patience = 10 * time.Second

// Envoy is a client of one server.
type Envoy struct {
	t    testing.TB
	Conn *grpc.ClientConn // nil: in memory
	open func(context.Context) (extprocv3.ExternalProcessor_ProcessClient, error)
}

// Serve starts a gRPC server on a Unix socket in a temporary folder and connects
// to it. Both end with the test.
func Serve(t testing.TB, g *grpc.Server) *Envoy {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = g.Serve(l) }()
	t.Cleanup(func() {
		g.Stop()
		g.GracefulStop() // waits for the handlers, which Stop alone does not
	})
	return Dial(t, path)
}

// Dial connects to a server on a Unix socket until the test ends.
func Dial(t testing.TB, socket string) *Envoy {
	t.Helper()
	conn, err := grpc.NewClient("unix://"+socket, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	c := extprocv3.NewExternalProcessorClient(conn)
	return &Envoy{t: t, Conn: conn, open: func(ctx context.Context) (extprocv3.ExternalProcessor_ProcessClient, error) { return c.Process(ctx) }}
}

// Stream is one external-processing stream. Not for concurrent use.
type Stream struct {
	t      testing.TB
	stream extprocv3.ExternalProcessor_ProcessClient
	cancel context.CancelFunc
	first  bool
}

// Open begins a stream at a level ("router" or "upstream"), with further metadata, name
// and value in turn.
func (e *Envoy) Open(level string, more ...string) *Stream {
	e.t.Helper()
	ctx, cancel := context.WithTimeout(metadata.AppendToOutgoingContext(context.Background(), append(more, "x-headgate-level", level)...), patience)
	e.t.Cleanup(cancel)
	stream, err := e.open(ctx)
	if err != nil {
		e.t.Fatal(err)
	}
	return &Stream{t: e.t, stream: stream, cancel: cancel, first: true}
}

// H are headers, name and value in turn.
type H []string

func (h H) proto() *extprocv3.HttpHeaders {
	out := &extprocv3.HttpHeaders{Headers: &corev3.HeaderMap{}}
	for i := 0; i+1 < len(h); i += 2 {
		out.Headers.Headers = append(out.Headers.Headers, &corev3.HeaderValue{Key: h[i], RawValue: []byte(h[i+1])})
	}
	return out
}

// Post are the request headers of a JSON request to a path.
func Post(path string, more ...string) H {
	return append(H{":method", "POST", ":path", path, ":authority", "localhost", ":scheme", "http", "content-type", "application/json"}, more...)
}

// Answered are the response headers of a provider's answer, as the router level
// sees them: Envoy's router adds the attempt count and the service time.
func Answered(status, contentType string, more ...string) H {
	return append(H{":status", status, "content-type", contentType, "x-envoy-upstream-service-time", "3", "x-envoy-attempt-count", "1"}, more...)
}

// RequestHeaders sends request headers and returns the reply.
func (s *Stream) RequestHeaders(h H, end bool) *Reply {
	s.t.Helper()
	m := h.proto()
	m.EndOfStream = end
	return s.exchange(&extprocv3.ProcessingRequest{Request: &extprocv3.ProcessingRequest_RequestHeaders{RequestHeaders: m}})
}

// RequestBody sends the whole buffered request body.
func (s *Stream) RequestBody(body string) *Reply {
	s.t.Helper()
	return s.exchange(&extprocv3.ProcessingRequest{Request: &extprocv3.ProcessingRequest_RequestBody{
		RequestBody: &extprocv3.HttpBody{Body: []byte(body), EndOfStream: true}}})
}

// ResponseHeaders sends response headers.
func (s *Stream) ResponseHeaders(h H, end bool) *Reply {
	s.t.Helper()
	m := h.proto()
	m.EndOfStream = end
	return s.exchange(&extprocv3.ProcessingRequest{Request: &extprocv3.ProcessingRequest_ResponseHeaders{ResponseHeaders: m}})
}

// ResponseBody sends a response body or a chunk of it.
func (s *Stream) ResponseBody(body string, end bool) *Reply {
	s.t.Helper()
	return s.exchange(&extprocv3.ProcessingRequest{Request: &extprocv3.ProcessingRequest_ResponseBody{
		ResponseBody: &extprocv3.HttpBody{Body: []byte(body), EndOfStream: end}}})
}

// Raw sends a message as it is.
func (s *Stream) Raw(m *extprocv3.ProcessingRequest) *Reply {
	s.t.Helper()
	return s.exchange(m)
}

func (s *Stream) exchange(m *extprocv3.ProcessingRequest) *Reply {
	s.t.Helper()
	if s.first {
		s.first = false
		if m.ProtocolConfig == nil {
			m.ProtocolConfig = &extprocv3.ProtocolConfiguration{
				RequestBodyMode: filterv3.ProcessingMode_BUFFERED, ResponseBodyMode: filterv3.ProcessingMode_BUFFERED}
		}
	}
	if err := s.stream.Send(m); err != nil {
		return &Reply{Err: err}
	}
	out, err := s.stream.Recv()
	return &Reply{ProcessingResponse: out, Err: err}
}

// Tell sends a message as it is, which is not answered.
func (s *Stream) Tell(m *extprocv3.ProcessingRequest) {
	s.t.Helper()
	s.first = false
	if err := s.stream.Send(m); err != nil {
		s.t.Fatal(err)
	}
}

// Wait returns what the server sends without being asked.
func (s *Stream) Wait() *Reply {
	out, err := s.stream.Recv()
	return &Reply{ProcessingResponse: out, Err: err}
}

// Cancel ends the stream as Envoy does after a whole exchange: with a reset.
func (s *Stream) Cancel() { s.cancel() }

// Close ends the stream as Envoy does when an exchange breaks off: it sends no
// more. It returns how the server ended its half.
func (s *Stream) Close() error {
	_ = s.stream.CloseSend()
	_, err := s.stream.Recv()
	return err
}

// Reply is what came back for one message.
type Reply struct {
	*extprocv3.ProcessingResponse
	Err error // the server ended the stream instead
}

func (r *Reply) common() *extprocv3.CommonResponse {
	if r.ProcessingResponse == nil {
		return nil
	}
	for _, c := range []*extprocv3.CommonResponse{
		r.GetRequestHeaders().GetResponse(), r.GetRequestBody().GetResponse(),
		r.GetResponseHeaders().GetResponse(), r.GetResponseBody().GetResponse(),
	} {
		if c != nil {
			return c
		}
	}
	return nil
}

// Set returns the value that the reply sets for a header, the last one, as each replaces the one
// before it; "" if it sets none.
func (r *Reply) Set(name string) string {
	m := r.common().GetHeaderMutation()
	if i := r.Immediate(); i != nil {
		m = i.GetHeaders()
	}
	value := ""
	for _, o := range m.GetSetHeaders() {
		if strings.EqualFold(o.GetHeader().GetKey(), name) {
			if o.AppendAction != corev3.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD {
				return "appended: " + string(o.GetHeader().GetRawValue())
			}
			value = string(o.GetHeader().GetRawValue())
		}
	}
	return value
}

// Removes reports whether the reply removes a header.
func (r *Reply) Removes(name string) bool {
	for _, n := range r.common().GetHeaderMutation().GetRemoveHeaders() {
		if n == name {
			return true
		}
	}
	return false
}

// Apply changes headers as Envoy does by the reply: what it removes goes first.
func (r *Reply) Apply(h map[string]string) {
	m := r.common().GetHeaderMutation()
	for _, name := range m.GetRemoveHeaders() {
		delete(h, name)
	}
	for _, o := range m.GetSetHeaders() {
		h[o.GetHeader().GetKey()] = string(o.GetHeader().GetRawValue())
	}
}

// Body returns the body that goes on instead of the one that came, and whether
// there is one.
func (r *Reply) Body() (string, bool) {
	switch m := r.common().GetBodyMutation().GetMutation().(type) {
	case *extprocv3.BodyMutation_Body:
		return string(m.Body), true
	case *extprocv3.BodyMutation_ClearBody:
		return "", true
	}
	return "", false
}

// Reroutes reports whether the route cache is cleared.
func (r *Reply) Reroutes() bool { return r.common().GetClearRouteCache() }

// Streams reports whether the reply overrides the response body mode to STREAMED.
func (r *Reply) Streams() bool {
	return r.ProcessingResponse.GetModeOverride().GetResponseBodyMode() == filterv3.ProcessingMode_STREAMED
}

// Immediate returns the immediate response, or nil.
func (r *Reply) Immediate() *extprocv3.ImmediateResponse {
	if r.ProcessingResponse == nil {
		return nil
	}
	return r.GetImmediateResponse()
}

// Metadata returns a value of the dynamic metadata that the reply sets under
// io.headgate.
func (r *Reply) Metadata(key string) string {
	return r.ProcessingResponse.GetDynamicMetadata().GetFields()["io.headgate"].GetStructValue().GetFields()[key].GetStringValue()
}
