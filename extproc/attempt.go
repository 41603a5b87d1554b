package extproc

import (
	"hash/maphash"
	"sync"

	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"
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

// upstreamLevel tells the streams of attempts from those of exchanges.
func upstreamLevel(stream extprocv3.ExternalProcessor_ProcessServer) bool {
	return first(stream, policy.LevelHeader) == policy.LevelUpstream
}

// first returns the first value of a stream's metadata; empty where there is none.
func first(stream extprocv3.ExternalProcessor_ProcessServer, key string) string {
	if v := metadata.ValueFromIncomingContext(stream.Context(), key); len(v) > 0 {
		return v[0]
	}
	return ""
}

// attempt serves the stream of one attempt: it answers the request's headers with
// all that the chosen backend gets, and sees the headers of its answer. Whatever
// goes wrong ends the attempt with an error, which Envoy fails closed: it never
// passes on what the attempt before, or the client, had set.
func (s *Server) attempt(stream extprocv3.ExternalProcessor_ProcessServer) error {
	ev := &event{}
	if err := stream.RecvMsg(ev); err != nil {
		return status.Error(codes.Unavailable, "the attempt brought no request")
	}
	run := s.join.find(ev.exchange)
	if run == nil {
		s.metrics.orphans.Inc()
		return status.Error(codes.Unavailable, "the attempt belongs to no exchange")
	}
	out, index, err := run.ex.Tries.Attempt(ev.backend, ev.backedModel, s.now())
	if err != nil {
		s.log.Error("attempt could not be prepared: " + err.Error())
		return status.Error(codes.Unavailable, "the attempt could not be prepared")
	}
	defer func() { run.ex.Attempts.Broke(index, s.now()) }()
	if err := stream.SendMsg(attemptReply(out)); err != nil {
		return err
	}
	for {
		ev := &event{}
		if err := stream.RecvMsg(ev); err != nil {
			return nil // the attempt has had its answer: nothing is left undone
		}
		reply, err := s.attemptAnswered(run, index, ev)
		if err != nil {
			return err
		}
		if err := stream.SendMsg(reply); err != nil {
			return err
		}
	}
}

// attemptReply is the answer to an attempt's request headers. A changed body goes
// with it, so no body crosses the socket twice; Envoy then drops content-length,
// which its egress filter writes again from the metadata.
func attemptReply(out *exchange.Mutation) *reply {
	length := string(out.Set.Get("content-length"))
	return &reply{phase: requestHeaders, mutation: out, whole: out.Replace, meta: []meta{{"content_length", length}}}
}

func (s *Server) attemptAnswered(run *run, index int, ev *event) (*reply, error) {
	if ev.phase != responseHeaders {
		return nil, status.Error(codes.Unavailable, "unexpected message at the upstream level")
	}
	code, last := run.ex.Tries.Answered(index, ev.headers, s.now())
	r := &reply{phase: responseHeaders}
	if !last {
		return r, nil
	}
	r.status, r.mutation = code, &exchange.Mutation{}
	r.mutation.SetHeader(degraded, "1")
	return r, nil
}
