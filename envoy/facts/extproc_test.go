package facts_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	datav3 "github.com/envoyproxy/go-control-plane/envoy/data/accesslog/v3"
	alsv3 "github.com/envoyproxy/go-control-plane/envoy/service/accesslog/v3"
	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// step answers one message of a stream: it sends none, one or several answers.
// An error ends the stream with it; errEndWithOK ends it with status OK.
type step func(s *stream, m *extprocv3.ProcessingRequest) error

var errEndWithOK = errors.New("end the stream with OK")

// script is what one level does. A nil step answers at once, with no change.
type script struct {
	requestHeaders, requestBody, responseHeaders, responseBody, responseTrailers step
}

// stream is one ext_proc stream as the server sees it. The fields below ended
// may be read once ended is closed.
type stream struct {
	level string
	grpc  extprocv3.ExternalProcessor_ProcessServer
	meta  metadata.MD                       // that Envoy opened it with
	seen  chan *extprocv3.ProcessingRequest // every message, as it comes

	ended    chan struct{} // closed when the stream has ended
	messages []*extprocv3.ProcessingRequest
	kinds    []string // of the messages, with how the stream ended last
	endedAt  time.Time
}

// extProc is an ext_proc and access log server on a Unix socket.
type extProc struct {
	extprocv3.UnimplementedExternalProcessorServer
	alsv3.UnimplementedAccessLogServiceServer

	grpc    *grpc.Server
	logs    map[string]chan *datav3.HTTPAccessLogEntry // by log name
	mu      sync.Mutex
	scripts map[string]script       // by level
	opened  map[string]chan *stream // by level
}

func startExtProc(t *testing.T, options ...grpc.ServerOption) (*extProc, string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "facts") // short: a socket's path has at most 107 bytes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	path := filepath.Join(dir, "extproc.sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	p := &extProc{
		logs:    map[string]chan *datav3.HTTPAccessLogEntry{"all": make(chan *datav3.HTTPAccessLogEntry, 1000), "endings": make(chan *datav3.HTTPAccessLogEntry, 1000)},
		scripts: map[string]script{},
		opened:  map[string]chan *stream{"router": make(chan *stream, 1000), "upstream": make(chan *stream, 1000), "fold": make(chan *stream, 1000)},
	}
	if options == nil {
		options = []grpc.ServerOption{grpc.MaxRecvMsgSize(64 << 20)}
	}
	p.grpc = grpc.NewServer(options...)
	extprocv3.RegisterExternalProcessorServer(p.grpc, p)
	alsv3.RegisterAccessLogServiceServer(p.grpc, p)
	served := make(chan error, 1)
	go func() { served <- p.grpc.Serve(l) }()
	t.Cleanup(func() {
		p.grpc.Stop()
		if err := <-served; err != nil {
			t.Errorf("ext_proc server: %v", err)
		}
	})
	return p, path
}

// play sets what both levels do from the next stream on.
func (p *extProc) play(router, upstream script) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.scripts["router"], p.scripts["upstream"] = router, upstream
}

// also sets what a further level does from the next stream on.
func (p *extProc) also(level string, does script) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.scripts[level] = does
}

// next returns the level's next stream, in the order of opening.
func (p *extProc) next(t *testing.T, level string) *stream {
	t.Helper()
	select {
	case s := <-p.opened[level]:
		return s
	case <-time.After(patience):
		t.Fatalf("no %s stream within %v", level, patience)
		return nil
	}
}

// streams returns every stream of the level opened so far that next has not
// returned yet.
func (p *extProc) streams(level string) []*stream {
	var out []*stream
	for {
		select {
		case s := <-p.opened[level]:
			out = append(out, s)
		default:
			return out
		}
	}
}

// Process serves one ext_proc stream by the level's script.
func (p *extProc) Process(g extprocv3.ExternalProcessor_ProcessServer) error {
	md, _ := metadata.FromIncomingContext(g.Context())
	level := "unnamed"
	if v := md.Get("x-headgate-level"); len(v) == 1 {
		level = v[0]
	}
	s := &stream{level: level, grpc: g, meta: md, seen: make(chan *extprocv3.ProcessingRequest, 10000), ended: make(chan struct{})}
	p.mu.Lock()
	does := p.scripts[level]
	p.mu.Unlock()
	p.opened[level] <- s
	defer close(s.ended)
	for {
		m, err := g.Recv()
		if err != nil {
			s.endedAt = time.Now()
			s.kinds = append(s.kinds, "end "+endName(err))
			return nil
		}
		s.messages = append(s.messages, m)
		s.kinds = append(s.kinds, kindOf(m))
		s.seen <- m
		switch err := does.answer(s, m); {
		case err != nil && g.Context().Err() != nil:
			continue // Envoy ended the stream meanwhile; Recv returns how
		case errors.Is(err, errEndWithOK):
			s.kinds = append(s.kinds, "ended by the server with OK")
			return nil
		case err != nil:
			s.kinds = append(s.kinds, "ended by the server with "+status.Code(err).String())
			return err
		}
	}
}

func (does script) answer(s *stream, m *extprocv3.ProcessingRequest) error {
	var do step
	var empty *extprocv3.ProcessingResponse
	switch m.Request.(type) {
	case *extprocv3.ProcessingRequest_RequestHeaders:
		do, empty = does.requestHeaders, requestHeaders(nil)
	case *extprocv3.ProcessingRequest_RequestBody:
		do, empty = does.requestBody, requestBody(nil)
	case *extprocv3.ProcessingRequest_ResponseHeaders:
		do, empty = does.responseHeaders, responseHeaders(nil)
	case *extprocv3.ProcessingRequest_ResponseBody:
		do, empty = does.responseBody, responseBody(nil)
	case *extprocv3.ProcessingRequest_ResponseTrailers:
		do, empty = does.responseTrailers, responseTrailers()
	default:
		return status.Errorf(codes.InvalidArgument, "unexpected message %T", m.Request)
	}
	if do == nil {
		return s.grpc.Send(empty)
	}
	return do(s, m)
}

func kindOf(m *extprocv3.ProcessingRequest) string {
	name, eos := fmt.Sprintf("%T", m.Request), false
	switch r := m.Request.(type) {
	case *extprocv3.ProcessingRequest_RequestHeaders:
		name, eos = "request_headers", r.RequestHeaders.EndOfStream
	case *extprocv3.ProcessingRequest_RequestBody:
		name, eos = "request_body", r.RequestBody.EndOfStream
	case *extprocv3.ProcessingRequest_ResponseHeaders:
		name, eos = "response_headers", r.ResponseHeaders.EndOfStream
	case *extprocv3.ProcessingRequest_ResponseBody:
		name, eos = "response_body", r.ResponseBody.EndOfStream
	case *extprocv3.ProcessingRequest_ResponseTrailers:
		name = "response_trailers"
	}
	if eos {
		name += "(eos)"
	}
	return name
}

func endName(err error) string {
	if errors.Is(err, io.EOF) {
		return "EOF"
	}
	return status.Code(err).String()
}

// wait returns the kinds of the stream's messages once it has ended.
func (s *stream) wait(t *testing.T) []string {
	t.Helper()
	select {
	case <-s.ended:
		return s.kinds
	case <-time.After(patience):
		t.Fatalf("the %s stream did not end within %v", s.level, patience)
		return nil
	}
}

// await returns the stream's next message.
func (s *stream) await(t *testing.T) *extprocv3.ProcessingRequest {
	t.Helper()
	select {
	case m := <-s.seen:
		return m
	case <-time.After(patience):
		t.Fatalf("no message on the %s stream within %v", s.level, patience)
		return nil
	}
}

// StreamAccessLogs receives Envoy's access log.
func (p *extProc) StreamAccessLogs(g alsv3.AccessLogService_StreamAccessLogsServer) error {
	name := ""
	for {
		m, err := g.Recv()
		if err != nil {
			return nil
		}
		if id := m.GetIdentifier(); id != nil {
			name = id.LogName
		}
		for _, e := range m.GetHttpLogs().GetLogEntry() {
			p.logs[name] <- e
		}
	}
}

// logged returns the next entry of the access log of that name.
func (p *extProc) logged(t *testing.T, name string) *datav3.HTTPAccessLogEntry {
	t.Helper()
	select {
	case e := <-p.logs[name]:
		return e
	case <-time.After(patience):
		t.Fatalf("no entry in the access log %q within %v", name, patience)
		return nil
	}
}
