package extproc

import (
	"context"
	"sync"
	"time"

	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/headgate/headgate/extproc/exchange"
)

// folding is what the fold level makes of an exchange's answer. That level has a stream of
// its own, so it is safe for concurrent use.
type folding struct {
	began chan struct{} // closed as the level's stream begins
	gone  chan struct{} // closed as it has ended

	mu    sync.Mutex
	taken bool          // the level's stream has begun
	fold  exchange.Fold // nil: the answer is not made of a stream
	first time.Time     // when it said something first
}

func newFolding() *folding { return &folding{began: make(chan struct{}), gone: make(chan struct{})} }

// take begins the level's stream. It returns false if there is one already, or none is
// awaited; f may be nil.
func (f *folding) take() bool {
	if f == nil {
		return false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.taken {
		return false
	}
	f.taken = true
	close(f.began)
	return true
}

func (f *folding) begin(fold exchange.Fold) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fold = fold
}

func (f *folding) saidFirst(now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.first = now
}

// get returns what came so far; f may be nil.
func (f *folding) get() (fold exchange.Fold, first time.Time) {
	if f == nil {
		return nil, first
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.fold, f.first
}

// lag is how long the fold level's stream may begin, and foldTime how long it may take what
// it was sent, after the exchange has ended: both end at the same moment.
const (
	lag      = 100 * time.Millisecond
	foldTime = 2 * time.Second
)

// await waits until the fold level has taken what came before the exchange broke off; f may
// be nil.
func (f *folding) await() {
	if f == nil {
		return
	}
	select {
	case <-f.began:
	case <-time.After(lag):
		return
	}
	select {
	case <-f.gone:
	case <-time.After(foldTime):
	}
}

// fold serves the stream of the fold level, which sees an answer before the router level
// does. Of a stream that the client wants whole it answers the headers once all is there:
// the router level then has them, and the answer from here. All else passes as it came.
func (s *Server) fold(stream extprocv3.ExternalProcessor_ProcessServer) error {
	ev := &event{}
	if err := stream.RecvMsg(ev); err != nil {
		return status.Error(codes.Unavailable, "the answer did not come")
	}
	run := s.join.find(ev.exchange)
	if to := s.generations.to(ev.generation); run == nil && to != nil {
		return s.handOver(to, stream, ev.bytes)
	}
	if run == nil || !run.folding.take() || !run.pipeline.use() {
		s.metrics.unjoined.Inc()
		return status.Error(codes.Unavailable, "the answer belongs to no exchange")
	}
	defer s.release(run.pipeline)
	defer close(run.folding.gone)
	ctx, cancel := context.WithCancel(stream.Context())
	defer cancel()
	messages := receive(ctx, stream)
	f := run.fold(ev)
	if f == nil {
		return passOn(stream, ev, messages)
	}
	run.folding.begin(f)
	h := &hold{all: s.bodies}
	defer h.release()
	by, goesOn := s.gather(run, f, h, ev, messages)
	if !goesOn {
		return nil // the exchange has ended, and its own stream notes what came
	}
	for _, r := range folded(ev, by) {
		if err := stream.SendMsg(r); err != nil {
			return err
		}
	}
	for range messages { // what comes after the end of the answer
	}
	return nil
}

// fold begins the answer that is made of a stream; nil: what comes is none.
func (r *run) fold(ev *event) exchange.Fold {
	h := ev.headers
	if !r.ex.Request.MayFold || string(h.Get(":status")) != "200" || h.Get("x-envoy-upstream-service-time") == nil || saysWhole(h) {
		return nil
	}
	for _, v := range r.visits {
		if f, ok := v.(exchange.Folds); ok {
			return f.Fold(ev.backend, r.ex.Asks(ev.backedModel), h)
		}
	}
	return nil
}

// takeFold takes over the answer that the fold level has made.
func (r *run) takeFold() {
	resp := &r.ex.Response
	if resp.Status == 200 && resp.Origin == exchange.FromProvider {
		resp.Fold, r.ex.FirstToken = r.folding.get()
	}
}

// joined reports whether other levels may ask for the exchange.
func (r *run) joined() bool { return r.rerouted && (!r.ex.Route.Single || r.ex.Request.MayFold) }

// wantsWhole reports whether the client wants its answer whole, also if it comes as a
// stream. Where there is no fold level Envoy gives it with its last byte.
func (r *run) wantsWhole() bool {
	return r.ex.Request.Operation == exchange.Chat && !r.ex.Request.Stream
}

// noteFold notes what came, also of an answer that never became whole.
func (r *run) noteFold() {
	if f, first := r.folding.get(); f != nil {
		r.ex.FirstToken = first
		f.Note(&r.ex)
	}
}

// gather takes what comes until the answer is there, or nothing is said for too long. It
// returns what ended it, and whether the exchange goes on.
func (s *Server) gather(run *run, f exchange.Fold, h *hold, ev *event, messages <-chan *event) (by *event, goesOn bool) {
	idle, said := run.ex.Route.Idle, int64(0)
	clock := time.NewTimer(idle)
	defer clock.Stop()
	for f.Feed(ev.body, ev.end || ev.phase == responseTrailers) {
		h.holds(f.Held())
		if n := f.Said(); n > said {
			if said == 0 {
				run.folding.saidFirst(s.now())
			}
			said = n
			clock.Reset(idle)
		}
		select {
		case ev = <-messages:
			if ev == nil {
				return nil, false
			}
		case <-clock.C:
			f.Silence(idle)
			return &event{phase: responseBody, end: true}, true
		}
	}
	return ev, true
}

// folded are the replies that put a whole answer in the place of a stream: what stands in
// its body does not matter.
func folded(headers, by *event) []*reply {
	m := &exchange.Mutation{Remove: []string{"content-length", "content-encoding"}}
	m.SetHeader("content-type", "application/json")
	all := []*reply{{phase: responseHeaders, mutation: m}}
	switch {
	case headers.end:
		return all
	case by.phase == responseTrailers:
		return append(all, &reply{phase: responseBody, piece: &piece{[]byte("{}"), false}}, &reply{phase: responseTrailers})
	}
	return append(all, &reply{phase: responseBody, piece: &piece{[]byte("{}"), true}})
}

// passOn passes an answer as it comes.
func passOn(stream extprocv3.ExternalProcessor_ProcessServer, ev *event, messages <-chan *event) error {
	for ; ev != nil; ev = <-messages {
		r := &reply{phase: ev.phase}
		if ev.phase == responseBody {
			data := ev.body
			for len(data) > maxPiece {
				if err := stream.SendMsg(&reply{phase: responseBody, piece: &piece{data[:maxPiece], false}}); err != nil {
					return err
				}
				data = data[maxPiece:]
			}
			r.piece = &piece{data, ev.end}
		}
		if err := stream.SendMsg(r); err != nil {
			return err
		}
	}
	return nil
}
