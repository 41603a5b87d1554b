package extproc

import (
	"bytes"
	"context"
	"strconv"
	"time"

	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/policy"
)

// maxGate is how many bytes of an answer Envoy holds: without content in so many, it
// passes.
const maxGate = 64 << 10

// gate judges an answer by its first content: Envoy holds headers and body for that. A
// verdict that changes something is the answer to the headers. Then the stream ends with
// OK: Envoy releases what it holds, or tries again. Nowhere else may a stream end with OK
// before its work is done (envoy/facts).
func (s *Server) gate(stream extprocv3.ExternalProcessor_ProcessServer, run *run, at *exchange.Attempt, index int) error {
	ctx, cancel := context.WithCancel(stream.Context())
	defer cancel()
	defer func() {
		if at.Reader != nil {
			at.Reader.Close()
		}
	}()
	messages := receive(ctx, stream)
	var wake <-chan time.Time
	var spent exchange.Spent
	for {
		var ev *event
		select {
		case ev = <-messages:
			if ev == nil {
				return nil // the attempt has ended: nothing is left undone
			}
			if err := s.note(run, at, index, ev); err != nil {
				return err
			}
		case <-wake:
			at.Events, at.Now = nil, s.now()
		}
		at.Elapsed = at.Now.Sub(at.HeadersAt)
		j, err := run.judge(ctx, at)
		if err != nil {
			return err
		}
		if at.Spent != spent && (j.Undecided || j.Changes()) {
			spent = at.Spent
			run.ex.Attempts.NoteSpent(index, spent)
		}
		if !j.Undecided || !at.ByContent || at.Complete || at.Body > maxGate {
			run.ex.Attempts.NoteSaid(index, at.Error, at.RequestID)
			s.decide(stream, run, index, j)
			return nil
		}
		if ev != nil && stream.SendMsg(&reply{more: policy.MaxGate}) != nil {
			return nil // the attempt has ended
		}
		wake = nil
		if j.Wake > 0 {
			wake = time.After(j.Wake)
		}
	}
}

// judgeable reports whether an answer can be judged by content: it is plain or packed by gzip,
// and one that is read as a whole is not longer than what is held.
func judgeable(at *exchange.Attempt) bool {
	switch string(bytes.ToLower(at.Headers.Get("content-encoding"))) {
	case "", "identity", "gzip", "x-gzip":
	default:
		return false
	}
	n, err := strconv.ParseInt(string(at.Headers.Get("content-length")), 10, 64)
	return at.Stream || err != nil || n <= maxGate
}

// decide answers the headers that are held, if the verdict changes something.
func (s *Server) decide(stream extprocv3.ExternalProcessor_ProcessServer, run *run, index int, j exchange.Judgement) {
	if !j.Changes() {
		return
	}
	run.ex.Attempts.NoteJudged(index, j.Status, j.Fault)
	_ = stream.SendMsg(judged(stream, j)) // an error means that the attempt has ended already
}

// receive reads messages until the stream ends, which closes the channel, or ctx does.
func receive(ctx context.Context, stream extprocv3.ExternalProcessor_ProcessServer) <-chan *event {
	messages := make(chan *event)
	go func() {
		defer close(messages)
		for {
			ev := &event{}
			if stream.RecvMsg(ev) != nil {
				return
			}
			select {
			case messages <- ev:
			case <-ctx.Done():
				return
			}
		}
	}()
	return messages
}

// note gives an attempt what a message says of its answer.
func (s *Server) note(run *run, at *exchange.Attempt, index int, ev *event) (err error) {
	if ev.phase == responseHeaders {
		s.noteHeaders(run, at, index, ev)
		at.HeadersAt = at.Now
		at.Stream = arrivesAsStream(at.Request, at.Status, at.Headers)
		at.ByContent = judgeable(at)
	}
	at.Now = s.now()
	at.Complete, at.Events = ev.end, nil
	if len(ev.body) > 0 || ev.phase == responseHeaders {
		at.Heard = at.Now
	}
	at.Body += len(ev.body)
	switch {
	case ev.phase != responseBody:
	case at.Body > maxGate && !at.Stream:
		at.Held, at.ByContent = nil, false
	case !at.Stream:
		at.Held = append(at.Held, ev.body...)
	case at.Reader != nil:
		at.Events, err = at.Reader.Read(ev.body, ev.end)
	}
	return err
}
