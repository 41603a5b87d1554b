// Package extproc is the data plane: an Envoy external-processing server that
// inspects and changes LLM requests and responses.
//
// The promise: a stream never ends with OK before its work is done, because
// Envoy lets a request whose stream ended so pass unprocessed, fail-closed or
// not. A panic in one exchange harms no other and fails that one closed.
package extproc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"sync/atomic"
	"time"

	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"
	"go.uber.org/zap"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/self"
	"github.com/headgate/headgate/policy"
)

// Server answers Envoy's external-processing streams, one per exchange. It is
// safe for concurrent use.
type Server struct {
	extprocv3.UnimplementedExternalProcessorServer

	policies    atomic.Pointer[policies] // nil: no policy yet
	join        *join
	own         *self.Client // nil: no call is the gateway's own
	bodies      *bodies
	underWay    *allUnderWay
	open        atomic.Int64 // streams of exchanges and attempts
	generations *Generations // nil: no other process serves the socket before or after this one
	rendered    bool         // Envoy's configuration was made of a policy's file, once
	outdated    seldom       // logged that Envoy routes by an unknown revision
	begun       atomic.Int64 // exchanges that are open, but for those that are refused because of finishing
	finishing   atomic.Bool  // exchanges that begin are refused, because the process ends
	draining    atomic.Bool  // Envoy is asked to leave, and does so with its last stream
	cutting     atomic.Bool  // what is still open is cut, because the process ends
	log         *zap.Logger
	metrics     *Metrics
	now         func() time.Time
}

// NewServer makes a server, which refuses exchanges until it has a policy. Own recognises the
// gateway's own calls; nil: there are none.
func NewServer(own *self.Client, metrics *Metrics, log *zap.Logger, now func() time.Time) *Server {
	return &Server{
		join: newJoin(), own: own, bodies: &bodies{log: log, metrics: metrics, now: now},
		underWay: &allUnderWay{metrics: metrics, log: log, now: now, all: make(map[string]*underWay)},
		log:      log, metrics: metrics, now: now,
	}
}

// HasMemory says how many bytes of memory the process may use, of which bodies get a share; 0: it
// is not known. It is called before the first policy is taken in.
func (s *Server) HasMemory(total int64) { s.bodies.total = total }

// Among says which processes serve the socket before and after this one. It is called before
// streams come.
func (s *Server) Among(g *Generations) { s.generations = g }

// Rendered says that Envoy's configuration was made of a policy's file, once: no control plane will
// change it. It is called before streams come.
func (s *Server) Rendered() { s.rendered = true }

// Use takes a policy in beside the one before. An exchange goes through the one
// that Envoy routed it by, to its end. It is called by one goroutine at a time.
func (s *Server) Use(p *Pipeline) {
	for _, e := range p.stages {
		e.clocks = s.metrics.clocksOf(e.Name(), e.phases)
	}
	p.underWay = s.underWay.of(p.models.set)
	s.bodies.use(p.memory, p.limit)
	next, retired := s.policies.Load().with(p)
	s.policies.Store(next)
	for _, e := range p.stages {
		if a, ok := e.Stage.(adopter); ok {
			a.Adopt()
		}
	}
	for _, old := range retired {
		s.release(old)
	}
}

// Retire ends the server's own use of its policies, whose stages are closed with their
// last exchanges. No exchange may begin any more.
func (s *Server) Retire() {
	if all := s.policies.Load(); all != nil {
		for _, p := range []*Pipeline{all.newest, all.before} {
			if p != nil {
				s.release(p)
			}
		}
	}
}

// release ends a use of a policy.
func (s *Server) release(p *Pipeline) {
	if err := p.release(); err != nil {
		s.log.Error("closing a policy", zap.String("revision", p.revision), zap.Error(err))
	}
}

// Process serves one stream: of an exchange, of one of its attempts, or of the level that
// makes one answer of a stream.
func (s *Server) Process(stream extprocv3.ExternalProcessor_ProcessServer) error {
	s.open.Add(1)
	defer s.open.Add(-1)
	s.metrics.inFlight.Inc()
	defer s.metrics.inFlight.Dec()
	switch first(stream, policy.LevelHeader) {
	case policy.LevelUpstream:
		return s.guarded(stream, s.attempt)
	case policy.LevelFold:
		return s.guarded(stream, s.fold)
	}
	stream, to, began := s.ofAnother(stream)
	if to != nil {
		return s.handOver(to, stream, began)
	}
	return s.exchange(stream)
}

// handOver hands a stream to the process whose exchange it is of.
func (s *Server) handOver(to *grpc.ClientConn, stream extprocv3.ExternalProcessor_ProcessServer, began []byte) error {
	s.metrics.handedOver.Inc()
	return handOver(to, stream, began)
}

// guarded contains a panic in the stream of an attempt, or of the fold level.
func (s *Server) guarded(stream extprocv3.ExternalProcessor_ProcessServer, serve func(extprocv3.ExternalProcessor_ProcessServer) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			s.metrics.panics.Inc()
			s.log.Error("panic in an attempt", zap.String("panic", fmt.Sprint(p)), zap.ByteString("stack", debug.Stack()))
			err = status.Error(codes.Internal, "the attempt could not be processed")
		}
	}()
	return serve(stream)
}

// exchange serves the stream of one exchange.
func (s *Server) exchange(stream extprocv3.ExternalProcessor_ProcessServer) (err error) {
	run := s.begin(stream)
	if run == nil {
		return status.Error(codes.Unavailable, "there is no policy yet")
	}
	defer s.release(run.pipeline)
	defer run.hold.release()
	defer run.leaveModel()
	if !run.stopping {
		s.begun.Add(1)
		defer s.begun.Add(-1)
	}
	defer func() {
		if run.joined() {
			s.join.remove(run)
		}
		if p := recover(); p != nil {
			err = s.panicked(run, p)
		}
	}()
	quiet := &silence{stream: stream, run: run}
	defer quiet.heard()
	ev := &event{}
	for {
		err := stream.RecvMsg(ev)
		run.silent = !quiet.heard()
		switch {
		case quiet.panic != "":
			panic(quiet.panic)
		case quiet.fault != nil:
			return s.fault(run, quiet.fault)
		case err != nil:
			return s.streamEnded(stream.Context(), run, err)
		case run.silent: // what came meanwhile is not wanted any more
			continue
		}
		if err := s.step(stream, run, ev); err != nil {
			return s.stepFailed(stream, run, err)
		}
		quiet.wait(run.patience())
	}
}

// begin starts an exchange with the policy that its stream was routed by; nil: there
// is none yet. One that is not there is refused by the newest.
func (s *Server) begin(stream extprocv3.ExternalProcessor_ProcessServer) *run {
	shape := first(stream, policy.ShapeHeader)
	for {
		all := s.policies.Load()
		if all == nil {
			return nil
		}
		p := all.by(shape)
		known := p != nil
		if !known {
			p = all.newest
		}
		if !p.use() { // it was replaced in this moment
			if s.policies.Load() == all {
				return nil
			}
			continue
		}
		if !known {
			s.metrics.unknownRevision.Inc()
			s.logOutdated(shape, all.newest.shape)
		}
		r := p.begin(stream, s.now)
		r.own, r.hold.all = s.own, s.bodies
		r.generation = s.generations.name()
		r.unknownRevision, r.rendered = !known, s.rendered
		r.stopping = s.finishing.Load()
		return r
	}
}

// logOutdated says that Envoy routes by a revision that is unknown here, and what to do about it.
func (s *Server) logOutdated(shape, newest string) {
	if !s.outdated.due(s.now()) {
		return
	}
	what := "Envoy routes by a policy revision that is unknown here"
	if s.rendered {
		what += ": render its configuration again (headgate render envoy), and restart it"
	}
	s.log.Warn(what, zap.String("shape", shape), zap.String("newest", newest))
}

// late is how long an answer may take of which it is certain that Envoy took it.
const late = 500 * time.Millisecond

// step answers one message.
func (s *Server) step(stream extprocv3.ExternalProcessor_ProcessServer, run *run, ev *event) error {
	start := time.Now()
	if ev.modes != nil {
		if err := checkModes(ev.modes); err != nil {
			return err
		}
	}
	run.at = start
	reply, err := run.handle(stream.Context(), ev)
	if err != nil || reply == nil {
		return err
	}
	if reply.reroute && run.joined() {
		s.join.add(run)
	}
	took := time.Since(start)
	run.ex.Late = run.ex.Late || took > late
	s.metrics.phase[ev.phase].Observe(took.Seconds())
	if err := send(stream, run, reply); err != nil {
		return err
	}
	if run.done() {
		run.finish(run.outcome())
	}
	return nil
}

// send sends what answers one message. A client that has left meanwhile got nothing,
// whatever was decided.
func send(stream extprocv3.ExternalProcessor_ProcessServer, run *run, last *reply) error {
	var err error
	if gone := stream.Context().Err(); gone != nil {
		err = status.FromContextError(gone).Err()
	}
	for _, r := range run.before {
		if err == nil {
			err = stream.SendMsg(r)
		}
	}
	if err == nil {
		err = stream.SendMsg(last)
	}
	if err != nil {
		run.unanswer()
	}
	return err
}

// checkModes refuses a deployment in which Envoy would show less than the stages
// rely on.
func checkModes(m *bodyModes) error {
	if m.request != bodyBuffered || m.response != bodyBuffered {
		return fmt.Errorf("body modes are %d and %d: both must be BUFFERED", m.request, m.response)
	}
	return nil
}

// streamEnded handles the end of what Envoy sends. It is the normal end of every
// exchange; for one whose answer was not complete, of an unclean one.
func (s *Server) streamEnded(stream context.Context, run *run, err error) error {
	if run.done() {
		run.finish(run.outcome())
		return nil
	}
	run.folding.await()
	o := run.outcome()
	if o.Result != exchange.OK && s.cutting.Load() {
		o = exchange.Outcome{Result: exchange.Drained, By: exchange.ByGateway}
	} else if o.Result != exchange.OK && !s.draining.Load() && envoyLeft(stream) {
		o = exchange.Outcome{Result: exchange.GatewayError, By: exchange.ByGateway, Detail: "Envoy has left"}
	} else if !errors.Is(err, io.EOF) && !errors.Is(err, context.Canceled) && status.Code(err) != codes.Canceled {
		o.Detail = err.Error()
	}
	run.finish(o)
	return status.Error(codes.Unavailable, "the exchange was not complete")
}

// stepFailed ends an exchange that could not be processed. If Envoy has ended it already,
// nothing has failed here.
func (s *Server) stepFailed(stream extprocv3.ExternalProcessor_ProcessServer, run *run, err error) error {
	if code := status.Code(err); stream.Context().Err() != nil || code == codes.Canceled || code == codes.Unavailable || errors.Is(err, io.EOF) {
		return s.streamEnded(stream.Context(), run, err)
	}
	return s.fault(run, err)
}

// fault ends an exchange by a fault of the gateway's: Envoy fails it closed.
func (s *Server) fault(run *run, err error) error {
	s.log.Error("exchange failed", zap.String("exchange", run.ex.ID), zap.Error(err))
	run.finish(exchange.Outcome{Result: exchange.GatewayError, By: exchange.ByGateway, Detail: err.Error()})
	return status.Error(codes.Internal, "the exchange could not be processed")
}

// panicked contains a panic: the stack is logged, the exchange fails closed.
func (s *Server) panicked(run *run, p any) error {
	s.metrics.panics.Inc()
	s.log.Error("panic in an exchange", zap.String("exchange", run.ex.ID), zap.String("panic", fmt.Sprint(p)), zap.ByteString("stack", debug.Stack()))
	defer func() {
		if again := recover(); again != nil {
			s.log.Error("panic at the end of an exchange", zap.String("exchange", run.ex.ID), zap.String("panic", fmt.Sprint(again)))
		}
	}()
	run.finish(exchange.Outcome{Result: exchange.GatewayError, By: exchange.ByGateway, Detail: "panic"})
	return status.Error(codes.Internal, "the exchange could not be processed")
}
