// Package xds is the control plane: it publishes each policy, compiled for pairs and
// their Envoys, over delta ADS, and learns which of them have accepted it.
//
// The promise: what is offered was validated, a pair is offered one revision after
// the other, and a client that refuses a revision stays with the one before, alone: the
// revision is taken back from its whole node group only if all refuse it, or the share that
// Options.GoBack names. The trap: a refusal (NACK) is the only sign that something is wrong
// at the other end, so it is counted, logged, and kept for Status and AwaitAccepted.
package xds

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/xds/ads"
	"github.com/headgate/headgate/xds/snapshot"
	"github.com/headgate/headgate/xds/token"
)

// Options are what a Server needs beside policies.
type Options struct {
	Cluster     string                           // of the nodes that are served
	Credentials credentials.TransportCredentials // of the port; nil: plain
	Services    []func(*grpc.Server)             // that are served at the same port
	Named       bool                             // the certificate of a node must name the node's id
	// Token is the absolute path of the token that pairs must have; empty: none is asked for.
	// With WithoutToken those that show none are let in, too.
	Token        string
	WithoutToken bool
	// GoBack is the share of a node group's clients whose refusal takes a release back from
	// all of the group, above 0 and at most 1. Zero: 1, and then no client may ever have
	// accepted it.
	GoBack float64
	// PairsLog says that the pairs are in this process, and log what they refuse themselves.
	PairsLog bool
	Now      func() time.Time
}

// Server serves one policy at a time to pairs, and to Envoys without one. It is safe
// for concurrent use.
type Server struct {
	options Options
	hub     *ads.Hub
	grpc    *grpc.Server
	log     *zap.Logger
	metrics *metrics

	publishing sync.Mutex // one Publish at a time; taken before mu
	builder    snapshot.Builder
	laid       policy.Overlay // by Lay

	mu      sync.Mutex
	latest  *release // published last; nil: nothing yet
	assumed *release // to which a group goes back that has accepted nothing yet; nil: none
	groups  map[groupKey]*group
	members map[int64]*member
	// refusals are those that are in the log, the latest of each node.
	refusals map[string]ads.Refusal
	changed  chan struct{} // closed and replaced when anything above or below changes
}

// New makes a server.
func New(o Options, reg prometheus.Registerer, log *zap.Logger) *Server {
	o.GoBack = cmp.Or(o.GoBack, 1)
	s := &Server{
		options: o, log: log, metrics: newMetrics(reg), changed: make(chan struct{}),
		groups: map[groupKey]*group{}, members: map[int64]*member{}, refusals: map[string]ads.Refusal{},
	}
	s.hub = ads.NewHub(s, o.Now)
	interceptors := []grpc.StreamServerInterceptor{newClaims(o, log, s.metrics.idsRefused).intercept}
	if o.Token != "" {
		guard := token.NewGuard(o.Token, o.WithoutToken, o.Now, reg, sampled(log))
		interceptors = slices.Insert(interceptors, 0, guard.Intercept)
	}
	options := []grpc.ServerOption{
		grpc.ChainStreamInterceptor(interceptors...),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 5 * time.Second, PermitWithoutStream: true}),
		// A client whose machine is gone closes no connection: without this it would
		// count as connected, and delay AwaitAccepted, until TCP gives up.
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: 30 * time.Second, Timeout: 5 * time.Second}),
	}
	if o.Credentials != nil {
		options = append(options, grpc.Creds(newHandshakeLog(o.Credentials, log, s.metrics.handshakeFailures)))
	}
	s.grpc = grpc.NewServer(options...)
	s.hub.Register(s.grpc)
	for _, register := range o.Services {
		register(s.grpc)
	}
	return s
}

// Serve serves on a listener until Stop.
func (s *Server) Serve(l net.Listener) error {
	if err := s.grpc.Serve(l); !errors.Is(err, grpc.ErrServerStopped) {
		return err
	}
	return nil
}

// Stop ends every stream. Clients keep what they have.
func (s *Server) Stop() {
	s.hub.Stop()
	s.grpc.Stop()
}

func (s *Server) now() time.Time { return s.options.Now() }

// Publish builds the resources of a policy, with what lies over it, and offers them to
// every client. On an error nothing changes.
func (s *Server) Publish(set *policy.Set, o snapshot.Options) error {
	s.publishing.Lock()
	defer s.publishing.Unlock()
	number, salt := s.nextNumber(set.Revision)
	r, err := s.newRelease(number, set, o, salt)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.latest = r
	s.metrics.published(r)
	for _, g := range s.groups {
		g.aim(r)
		g.refused = nil
		s.metrics.serve(g)
		s.advanceAll(g)
	}
	s.wake()
	return nil
}

// AssumeGood names a policy that worked before this process began: a node group that
// refuses what is published, and has accepted nothing from this server yet, goes back
// to it.
func (s *Server) AssumeGood(set *policy.Set, o snapshot.Options) error {
	s.publishing.Lock()
	defer s.publishing.Unlock()
	r, err := s.newRelease(0, set, o, "")
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.assumed = r
	return nil
}

// Accepted returns the revision that was published last, if a client has accepted
// everything of it, and a channel that is closed when that may have changed.
func (s *Server) Accepted() (revision string, changed <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, g := range s.groups {
		if g.good != nil && g.good == s.latest {
			revision = g.good.revision
		}
	}
	return revision, s.changed
}

// nextNumber returns the number of the next release, and its salt. The salt of the
// latest release is kept for the same revision, so that nothing is sent again, unless
// a client has refused it.
func (s *Server) nextNumber(revision string) (number int, salt string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	number = 1
	if s.latest != nil {
		number = s.latest.number + 1
	}
	if s.latest != nil && s.latest.revision == revision {
		salt = s.latest.salt
	}
	if s.refusalOf(revision) != nil {
		salt = fmt.Sprint(number)
	}
	return number, salt
}

// Refused returns a client's refusal of what was published last; nil: none. What was
// refused is offered again when it is published again, not before.
func (s *Server) Refused() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.latest != nil {
		if r := s.refusalOf(s.latest.revision); r != nil {
			return r
		}
	}
	return nil
}

// refusalOf returns a client's refusal of this revision since it was published last.
// The caller holds the mutex.
func (s *Server) refusalOf(revision string) *Refusal {
	for _, g := range s.groups {
		if g.refused != nil && g.refused.Revision == revision {
			return g.refused
		}
	}
	for _, m := range s.members {
		if m.refused != nil && m.refused.Revision == revision {
			return m.refused
		}
	}
	return nil
}

// wake lets those that wait in AwaitAccepted look again. The caller holds the mutex.
func (s *Server) wake() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// AwaitAccepted waits until at least one client is connected and every connected client
// has accepted what was published last. If a client refuses it or has refused it, such
// as a listener whose port is in use, the error holds the client's own words.
func (s *Server) AwaitAccepted(ctx context.Context) error {
	for {
		done, changed, err := s.allAccepted()
		if done || err != nil {
			return err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("waiting for Envoy to take its resources: %w", context.Cause(ctx))
		}
	}
}

func (s *Server) allAccepted() (done bool, changed <-chan struct{}, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	done = s.latest != nil && len(s.members) > 0
	for _, g := range s.groups {
		if g.refused != nil {
			return false, nil, g.refused // by a client that may have gone since
		}
	}
	for _, m := range s.members {
		if s.latest != nil && m.refused != nil && m.refusedNumber == s.latest.number {
			return false, nil, m.refused
		}
		done = done && m.given == s.latest && m.client.Has(m.set(m.given))
	}
	return done, s.changed, nil
}
