package extproc

import (
	"bytes"
	"context"
	"time"

	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"

	"github.com/headgate/headgate/extproc/exchange"
)

// gateBound is how long Envoy may hold an answer until something is known of it. The
// attempt's own time, which Envoy keeps, ends before.
const gateBound = 10 * time.Minute

// maxGate is how many bytes of an answer Envoy holds: without content in so many, it
// passes.
const maxGate = 64 << 10

// gate judges an answer by its first content, in a pool whose Envoy holds headers and
// body for that. A verdict that changes something is the answer to the headers. Then the
// stream ends with OK: Envoy releases what it holds, or tries again. Nowhere else may a
// stream end with OK before its work is done (envoy/facts).
func (s *Server) gate(stream extprocv3.ExternalProcessor_ProcessServer, run *run, at *exchange.Attempt, index int) error {
	ctx, cancel := context.WithCancel(stream.Context())
	defer cancel()
	messages := receive(ctx, stream)
	var wake <-chan time.Time
	var since time.Time
	for {
		select {
		case ev := <-messages:
			if ev == nil {
				return nil // the attempt has ended: nothing is left undone
			}
			if ev.phase == responseHeaders {
				s.noteHeaders(run, at, index, ev)
				since = at.Now
				at.ByContent = readable(at.Headers)
			}
			if err := piecesOf(at, ev); err != nil {
				return err
			}
			if err := stream.SendMsg(&reply{more: gateBound}); err != nil {
				return nil
			}
		case <-wake:
			at.Events = nil
		}
		at.Now = s.now()
		at.Elapsed = at.Now.Sub(since)
		j, err := run.judge(ctx, at)
		if err != nil {
			return err
		}
		if !j.Undecided || !at.ByContent || at.Complete || at.Body > maxGate {
			return decide(stream, j)
		}
		wake = nil
		if j.Wake > 0 {
			wake = time.After(j.Wake)
		}
	}
}

// readable reports whether a body is not compressed. Of another the gate sees no content.
func readable(h exchange.Headers) bool {
	encoding := h.Get("content-encoding")
	return len(encoding) == 0 || bytes.EqualFold(encoding, []byte("identity"))
}

// decide answers the headers that are held, if the verdict changes something.
func decide(stream extprocv3.ExternalProcessor_ProcessServer, j exchange.Judgement) error {
	if j.Status != 0 || j.Degrade {
		_ = stream.SendMsg(judged(j)) // an error means that the attempt has ended already
	}
	return nil
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

// piecesOf gives an attempt what a message says of its answer.
func piecesOf(at *exchange.Attempt, ev *event) (err error) {
	at.Events, at.Complete = nil, ev.end
	at.Body += len(ev.body)
	if ev.phase == responseBody && at.Reader != nil && at.Status == 200 && isEventStream(at.Headers) {
		at.Events, err = at.Reader.Read(ev.body, ev.end)
	}
	return err
}
