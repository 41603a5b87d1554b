package extproc

import (
	"hash/maphash"
	"strconv"
	"sync"

	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"
	"go.uber.org/zap"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/policy"
)

// degraded is the header by which Envoy uses an endpoint last for a while.
const degraded = "x-envoy-degraded"

// join holds the exchanges whose attempts have streams of their own, by exchange
// id. The id reaches an attempt in dynamic metadata that Envoy forwards, never in
// a header. It is safe for concurrent use.
type join struct {
	seed   maphash.Seed
	shards [16]shard
}

type shard struct {
	mu   sync.Mutex
	runs map[string]*run
}

func newJoin() *join {
	j := &join{seed: maphash.MakeSeed()}
	for i := range j.shards {
		j.shards[i].runs = make(map[string]*run)
	}
	return j
}

func (j *join) shard(id string) *shard {
	return &j.shards[maphash.String(j.seed, id)%uint64(len(j.shards))]
}

func (j *join) add(r *run) {
	s := j.shard(r.ex.ID)
	s.mu.Lock()
	s.runs[r.ex.ID] = r
	s.mu.Unlock()
}

func (j *join) remove(r *run) {
	s := j.shard(r.ex.ID)
	s.mu.Lock()
	delete(s.runs, r.ex.ID)
	s.mu.Unlock()
}

// find returns the exchange of an id, or nil.
func (j *join) find(id string) *run {
	s := j.shard(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.runs[id]
}

// first returns the first value of a stream's metadata; empty: there is none.
func first(stream extprocv3.ExternalProcessor_ProcessServer, key string) string {
	if v := metadata.ValueFromIncomingContext(stream.Context(), key); len(v) > 0 {
		return v[0]
	}
	return ""
}

// attempt serves the stream of one attempt: it answers the request's headers with
// all that the chosen backend gets, and judges its answer. Whatever goes wrong ends the
// attempt with an error, which Envoy fails closed: it never passes on what the attempt
// before, or the client, had set.
func (s *Server) attempt(stream extprocv3.ExternalProcessor_ProcessServer) error {
	ev := &event{}
	if err := stream.RecvMsg(ev); err != nil {
		return status.Error(codes.Unavailable, "the attempt sent no request")
	}
	run := s.join.find(ev.exchange)
	if to := s.generations.to(ev.generation); run == nil && to != nil {
		return s.handOver(to, stream, ev.bytes)
	}
	if run == nil || !run.pipeline.use() {
		s.metrics.unjoined.Inc()
		return status.Error(codes.Unavailable, "the attempt belongs to no exchange")
	}
	defer s.release(run.pipeline)
	began := s.now()
	at := &exchange.Attempt{Request: &run.ex.Request, Backend: ev.backend, Model: run.ex.Asks(ev.backedModel), Written: ev.backedModel, Began: began, Now: began, ByContent: ev.modes.holds()}
	at.Number, _ = strconv.Atoi(string(ev.headers.Get("x-envoy-attempt-count")))
	if err := run.attempt(stream.Context(), at); err != nil {
		if stream.Context().Err() == nil { // else it is over, whatever failed
			s.log.Error("preparing an attempt", zap.Error(err))
		}
		return status.Error(codes.Unavailable, "the attempt could not be prepared")
	}
	index := run.ex.Attempts.Begin(exchange.Tried{
		Backend: at.Backend, Provider: at.Provider, Model: at.Model, Written: at.Written, Secret: at.Secret, Dropped: at.Dropped, Started: at.Now,
	})
	defer func() { run.ex.Attempts.NoteEnd(index, s.now()) }()
	if err := stream.SendMsg(attemptReply(&at.Out)); err != nil {
		return err
	}
	if at.ByContent {
		return s.gate(stream, run, at, index)
	}
	return s.judgeHeaders(stream, run, at, index)
}

// attemptReply is the answer to an attempt's request headers. A changed body goes
// with it, so no body crosses the socket twice; Envoy then drops content-length,
// which its egress filter writes again from the metadata.
func attemptReply(out *exchange.Mutation) *reply {
	length := string(out.Set.Get("content-length"))
	return &reply{phase: requestHeaders, mutation: out, whole: out.Replace, meta: []meta{{policy.ContentLengthKey, length}}}
}

// judgeHeaders judges an answer by its headers, which are all that Envoy shows of it.
func (s *Server) judgeHeaders(stream extprocv3.ExternalProcessor_ProcessServer, run *run, at *exchange.Attempt, index int) error {
	for {
		ev := &event{}
		if err := stream.RecvMsg(ev); err != nil {
			return nil // the attempt has had its answer: nothing is left undone
		}
		if ev.phase != responseHeaders {
			return status.Error(codes.Unavailable, "unexpected message at the upstream level")
		}
		s.noteHeaders(run, at, index, ev)
		j, err := run.judge(stream.Context(), at)
		if err != nil {
			return err
		}
		run.ex.Attempts.NoteSaid(index, at.Error, at.RequestID)
		if j.Changes() {
			run.ex.Attempts.NoteJudged(index, j.Status, j.Fault)
		}
		if err := stream.SendMsg(judged(stream, j)); err != nil {
			return err
		}
	}
}

// noteHeaders notes the headers of an attempt's answer.
func (s *Server) noteHeaders(run *run, at *exchange.Attempt, index int, ev *event) {
	at.Headers, at.Now, at.Complete = ev.headers, s.now(), ev.end
	at.Status, _ = strconv.Atoi(string(ev.headers.Get(":status")))
	run.ex.Attempts.NoteHeaders(index, at.Status, exchange.RetryAfter(ev.headers, at.Now), at.Now)
}

// judged is the answer to the headers of an attempt's answer.
func judged(stream extprocv3.ExternalProcessor_ProcessServer, j exchange.Judgement) *reply {
	r := &reply{phase: responseHeaders, status: j.Status}
	if !j.Changes() {
		return r
	}
	r.mutation = &exchange.Mutation{}
	switch {
	case j.Fit != "" && first(stream, policy.NarrowHeader) != "":
		r.fit = j.Fit
	case j.Degrade:
		r.mutation.SetHeader(degraded, "1")
	}
	if j.Again {
		r.mutation.SetHeader(policy.AgainHeader, "1")
	}
	return r
}
