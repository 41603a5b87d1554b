package xds

import (
	"context"
	"crypto/x509"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	"github.com/headgate/headgate/policy/pairpb"
	"github.com/headgate/headgate/policy/policypb"
)

// claimKept is how long a node id stays with the certificate that used it last.
const claimKept = time.Hour

// claims binds node ids to the names in certificates: an id belongs to the names that use it,
// and to no other for claimKept after. Of one pair only the stream that came last asks for
// the policy: the one before is a connection that was lost, or a second process by mistake.
// It is safe for concurrent use.
type claims struct {
	named   bool // an id must be one of the certificate's names
	now     func() time.Time
	log     *zap.Logger
	sampled *zap.Logger // of refusals, which clients may ask for again and again
	refused prometheus.Counter

	mu  sync.Mutex
	ids map[string]*claim
}

func newClaims(o Options, log *zap.Logger, refused prometheus.Counter) *claims {
	return &claims{named: o.Named, now: o.Now, log: log, sampled: sampled(log), refused: refused, ids: map[string]*claim{}}
}

// claim is who uses a node id.
type claim struct {
	names   string    // of the certificate; empty: connections have none
	streams int       // that are open
	until   time.Time // without open streams: when the id is free
	asking  *claimed  // the stream of the pair that asks for the policy; nil: none
	said    time.Time // when it was logged that one was closed
}

// intercept is a gRPC interceptor of streams.
func (c *claims) intercept(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	s := &claimed{ServerStream: stream, claims: c, replaced: make(chan struct{})}
	defer s.release()
	err := handler(srv, s)
	select {
	case <-s.replaced:
		return status.Errorf(codes.Aborted, "another connection has taken over the node id %q", s.id)
	default:
	}
	if s.refusal != nil {
		return s.refusal // which a handler may take for the end of the stream
	}
	return err
}

// take lets a stream use a node id, or says why it may not.
func (c *claims) take(s *claimed, id string, asks bool) error {
	names := namesOf(s.Context())
	if c.named && !slices.Contains(names, id) {
		return c.refuse(id, names, "the certificate does not name it")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.forget()
	all, held := strings.Join(names, ", "), c.ids[id]
	switch {
	case held == nil:
		held = &claim{names: all}
		c.ids[id] = held
	case held.names != all:
		return c.refuse(id, names, fmt.Sprintf("it belongs to the certificate of %s until nobody has used it for %s", orNone(held.names), claimKept))
	}
	held.streams++
	s.id, s.claim = id, held
	if asks {
		c.replace(held, s)
	}
	return nil
}

// replace ends the stream that asked for the policy before. The caller holds the mutex.
func (c *claims) replace(held *claim, s *claimed) {
	if held.asking != nil {
		close(held.asking.replaced)
		if now := c.now(); now.Sub(held.said) >= claimKept {
			held.said = now
			c.log.Warn("a pair has connected a second time, and its older connection is closed; if these are two pairs, give each an id of its own with --node", zap.String("node", s.id))
		}
	}
	held.asking = s
}

func (c *claims) refuse(id string, names []string, why string) error {
	c.refused.Inc()
	c.sampled.Error("a node id was refused", zap.String("node", id), zap.String("certificate", orNone(strings.Join(names, ", "))), zap.String("reason", why))
	return status.Errorf(codes.PermissionDenied, "the node id %q is refused: %s", id, why)
}

// forget drops what nobody has used for claimKept. The caller holds the mutex.
func (c *claims) forget() {
	now := c.now()
	for id, held := range c.ids {
		if held.streams == 0 && now.After(held.until) {
			delete(c.ids, id)
		}
	}
}

// claimed is a stream whose first message names its node.
type claimed struct {
	grpc.ServerStream
	claims   *claims
	first    sync.Once
	id       string
	claim    *claim        // nil: it has not named a node yet, or was refused
	refusal  error         // why it may not use the node id that it names
	replaced chan struct{} // closed when another stream asks in its place
}

// RecvMsg implements grpc.ServerStream. It fails once another stream has taken over.
func (s *claimed) RecvMsg(m any) (err error) {
	received := make(chan error, 1)
	go func() { received <- s.ServerStream.RecvMsg(m) }()
	select {
	case err = <-received:
	case <-s.replaced:
		err = status.Error(codes.Aborted, "replaced")
	}
	if err != nil {
		return err
	}
	s.first.Do(func() { s.refusal = s.begin(m) })
	return s.refusal
}

// begin takes the node id in a stream's first message.
func (s *claimed) begin(m any) error {
	switch m := m.(type) {
	case *discoveryv3.DeltaDiscoveryRequest:
		return s.claims.take(s, m.GetNode().GetId(), m.GetNode().GetUserAgentName() == policypb.PairAgent)
	case *pairpb.LinkRequest:
		return s.claims.take(s, m.GetHello().GetNode(), false)
	}
	return nil
}

func (s *claimed) release() {
	c := s.claims
	c.mu.Lock()
	defer c.mu.Unlock()
	if s.claim == nil {
		return
	}
	s.claim.streams--
	s.claim.until = c.now().Add(claimKept)
	if s.claim.asking == s {
		s.claim.asking = nil
	}
}

// namesOf are the names in the certificate of a stream's other end, sorted; none: it has
// shown no certificate, or the connection is not secured.
func namesOf(ctx context.Context) []string {
	p, _ := peer.FromContext(ctx)
	if p == nil {
		return nil
	}
	info, _ := p.AuthInfo.(credentials.TLSInfo)
	if len(info.State.PeerCertificates) == 0 {
		return nil
	}
	return namesIn(info.State.PeerCertificates[0])
}

func namesIn(c *x509.Certificate) []string {
	names := slices.Clone(c.DNSNames)
	for _, u := range c.URIs {
		names = append(names, u.String())
	}
	if c.Subject.CommonName != "" {
		names = append(names, c.Subject.CommonName)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func orNone(names string) string {
	if names == "" {
		return "no name"
	}
	return names
}
