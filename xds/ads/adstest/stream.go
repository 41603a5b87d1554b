// Package adstest plays the other end of delta ADS: a raw stream that sends what a test
// says, and an Envoy that accepts or refuses what it is sent, or lets it wait.
//
// Its types are for tests in a synctest bubble, in which a test can wait until everything
// is quiet: what has not been sent by then is not going to be sent.
package adstest

import (
	"context"
	"math"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	rpcstatus "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
)

// Serve runs a gRPC server on a listener in memory. Stop ends it; it may be called
// twice.
func Serve(register func(*grpc.Server)) (l *Listener, stop func()) {
	l, g := Listen(), grpc.NewServer(grpc.KeepaliveEnforcementPolicy(
		keepalive.EnforcementPolicy{MinTime: time.Second, PermitWithoutStream: true}))
	register(g)
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = g.Serve(l)
	}()
	return l, func() {
		g.Stop()
		<-served
	}
}

// Dial connects to a listener in memory.
func Dial(t testing.TB, l *Listener) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient("passthrough:///memory", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(math.MaxInt32)), // Envoy has no limit
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return l.DialContext(ctx) }))
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

// Resource is one resource of a response.
type Resource = discoveryv3.Resource

// Message is one response.
type Message = discoveryv3.DeltaDiscoveryResponse

// Stream is the client's end of one delta ADS stream.
type Stream struct {
	t      testing.TB
	conn   *grpc.ClientConn
	stream discoveryv3.AggregatedDiscoveryService_DeltaAggregatedResourcesClient
	cancel context.CancelFunc
	handle func(*Message)
	ended  chan struct{} // closed when the stream has ended

	sending sync.Mutex
	node    *corev3.Node // named in the first request only

	mu    sync.Mutex
	inbox []*Message
	err   error
}

// Open opens a stream. A handler, if there is one, gets the messages in their order;
// else they wait for Received.
func Open(t testing.TB, l *Listener, node *corev3.Node, handle func(*Message)) *Stream {
	t.Helper()
	s := &Stream{t: t, node: node, conn: Dial(t, l), ended: make(chan struct{}), handle: handle}
	var ctx context.Context
	ctx, s.cancel = context.WithCancel(context.Background())
	var err error
	if s.stream, err = discoveryv3.NewAggregatedDiscoveryServiceClient(s.conn).DeltaAggregatedResources(ctx); err != nil {
		t.Fatal(err)
	}
	if s.handle == nil {
		s.handle = func(m *Message) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.inbox = append(s.inbox, m)
		}
	}
	go s.read()
	return s
}

func (s *Stream) read() {
	defer close(s.ended)
	for {
		m, err := s.stream.Recv()
		if err != nil {
			s.mu.Lock()
			s.err = err
			s.mu.Unlock()
			return
		}
		s.handle(m)
	}
}

// Ask subscribes to names of a type; "*" is everything. It says which versions the client
// has already.
func (s *Stream) Ask(typ string, has map[string]string, names ...string) {
	s.Send(&discoveryv3.DeltaDiscoveryRequest{TypeUrl: typ, ResourceNamesSubscribe: names, InitialResourceVersions: has})
}

// Leave unsubscribes from names.
func (s *Stream) Leave(typ string, names ...string) {
	s.Send(&discoveryv3.DeltaDiscoveryRequest{TypeUrl: typ, ResourceNamesUnsubscribe: names})
}

// Ack acknowledges a message.
func (s *Stream) Ack(m *Message) {
	s.Send(&discoveryv3.DeltaDiscoveryRequest{TypeUrl: m.GetTypeUrl(), ResponseNonce: m.GetNonce()})
}

// Nack refuses a message.
func (s *Stream) Nack(m *Message, reason string) { s.NackAs(m, codes.InvalidArgument, reason) }

// NackAs refuses a message with a code.
func (s *Stream) NackAs(m *Message, code codes.Code, reason string) {
	s.Send(&discoveryv3.DeltaDiscoveryRequest{
		TypeUrl: m.GetTypeUrl(), ResponseNonce: m.GetNonce(), ErrorDetail: &rpcstatus.Status{Code: int32(code), Message: reason},
	})
}

// Send sends a request. One that comes too late is lost, as on any network.
func (s *Stream) Send(r *discoveryv3.DeltaDiscoveryRequest) {
	s.sending.Lock()
	defer s.sending.Unlock()
	r.Node, s.node = s.node, nil
	_ = s.stream.Send(r)
}

// Received returns what has come since, once nothing more is coming.
func (s *Stream) Received() []*Message {
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.inbox
	s.inbox = nil
	return out
}

// Err is why the stream ended; nil: it has not.
func (s *Stream) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// Close ends the stream and its connection.
func (s *Stream) Close() {
	s.cancel()
	<-s.ended
	_ = s.conn.Close()
}
