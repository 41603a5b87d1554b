package provider

import (
	"bytes"
	"fmt"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
)

// stream is the backend's end of a streamed answer, whatever sizes its bytes arrive in.
// It implements exchange.StreamReader.
type stream struct {
	target *target
	ex     *exchange.Exchange
	gunzip *gunzip          // nil: the stream is not compressed
	torn   *canon.Fault     // it could not be unpacked any further; nil: it could
	skim   exchange.Skimmer // nil: the backend speaks another dialect
	passer passer
	events events
}

func newStream(t *target, ex *exchange.Exchange, packed bool) *stream {
	s := &stream{target: t, ex: ex}
	if packed {
		s.gunzip = newGunzip()
	}
	if ex.Response.Translates {
		s.events.decoder = t.dialect.Decoder(false)
	} else {
		s.skim = t.dialect.Skim(&ex.Request, &ex.Response, &ex.Usage)
		s.passer = passer{skim: s.skim, holdsBack: !ex.Request.WantUsage}
		if m, ok := s.skim.(exchange.Mender); ok && bytes.Contains(ex.Request.Body, []byte(`"tools"`)) {
			s.passer.mend, s.passer.holdsBack = m, true
		}
		if req := t.renamed(ex); req != nil {
			s.passer.mend, s.passer.holdsBack = renamer{req, s.passer.mend}, true
		}
	}
	return s
}

// plain unpacks a piece. What cannot be unpacked is the provider's fault, and the end of
// the stream.
func (s *stream) plain(piece []byte) []byte {
	if s.gunzip == nil {
		return piece
	}
	out, err := s.gunzip.chunk(piece)
	if err != nil {
		s.torn = canon.Malformed(fmt.Sprintf("unpacking the stream of backend %q: %v", s.target.backend.Name, err))
	}
	return out
}

// Pass implements exchange.StreamReader.
func (s *stream) Pass(piece []byte, last bool) ([]byte, error) {
	if s.torn != nil {
		return nil, nil // the client has got its end
	}
	plain := s.plain(piece)
	last = last || s.torn != nil
	out := s.passer.piece(plain, last)
	s.skimmed()
	resp := &s.ex.Response
	if last && !resp.SawEnd && !resp.Failed && !s.passer.blind {
		// Its bytes ended well although the answer did not: nothing else would show
		// the client that it is not complete.
		fault := s.torn
		if fault == nil {
			fault = canon.Cut()
		}
		resp.Failed = s.torn != nil
		out = s.target.dialect.Encoder(canon.Client{}).Abort(out[:len(out):len(out)], fault)
	}
	return out, nil
}

// skimmed takes over what the skimmer has noted.
func (s *stream) skimmed() {
	s.ex.Response.SawEnd, s.ex.Response.TextBytes = s.skim.SawEnd(), s.skim.TextBytes()
}

// Feed implements exchange.StreamReader.
func (s *stream) Feed(piece []byte, last bool) error {
	plain := s.plain(piece)
	if s.events.decoder == nil {
		s.events = events{decoder: s.target.dialect.Decoder(true), frames: true, skim: s.skim, mend: s.passer.mend, hide: !s.ex.Request.WantUsage}
	}
	s.events.feed(plain, last)
	s.events.torn = s.torn
	return nil
}

// Next implements exchange.StreamReader.
func (s *stream) Next() []canon.Event {
	found := s.events.next()
	if s.skim == nil {
		s.note(found)
		return found
	}
	s.skimmed()
	for i := range found {
		if found[i].Kind == canon.EventFailed {
			s.ex.Response.Failed = s.ex.Response.Failed || found[i].Fault.Kind != canon.FaultCut
		}
	}
	return found
}

// note takes from events what the exchange must know. A usage counts as the
// provider's once the stream has come to its end: the first events of some report
// what is not final.
func (s *stream) note(events []canon.Event) {
	resp, usage := &s.ex.Response, &s.ex.Usage
	for i := range events {
		ev := &events[i]
		switch {
		case ev.Kind == canon.EventStart:
			resp.ID, resp.Model = canon.Str(ev.ID), canon.Str(ev.Model)
		case ev.Says():
			resp.TextBytes += int64(len(canon.Inside(ev.Text)))
		case ev.Kind == canon.EventUsage:
			usage.Replace(ev.Usage, canon.UsageEstimated)
		case ev.Kind == canon.EventFailed:
			resp.Failed = ev.Fault.Kind != canon.FaultCut
		case ev.Kind == canon.EventDone:
			resp.SawEnd = true
			if usage.Source != "" {
				usage.Source = canon.UsageProvider
			}
		}
	}
}

// Close implements exchange.StreamReader.
func (s *stream) Close() {
	if s.gunzip != nil {
		s.gunzip.stop()
	}
}
