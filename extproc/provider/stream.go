package provider

import (
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
	torn   *canon.Fault     // it cannot be read any further, or not for certain as a whole; nil: it can
	skim   exchange.Skimmer // nil: the backend speaks another dialect
	passer passer
	events events

	unstreamed unstreamed
	renames    *canon.Request // gives tools back their names; nil: they have them
	gives      *giver         // of ids; nil: they pass as they came
}

func newStream(t *target, ex *exchange.Exchange, packed bool) *stream {
	s := &stream{target: t, ex: ex}
	if packed {
		s.gunzip = newGunzip()
	}
	found := damage{of: t.dialect, resp: &ex.Response}
	if ex.Response.Translates {
		s.events = events{decoder: t.dialect.Decoder(false), damage: found, choices: ex.Request.Choices}
		return s
	}
	s.skim = t.dialect.Skim(&ex.Request, &ex.Response, &ex.Usage)
	s.passer = passer{skim: s.skim, damage: found, usage: &ex.Usage}
	if m, ok := s.skim.(exchange.Mender); ok {
		s.passer.mend = m
	}
	if s.renames = t.renamed(ex); s.renames != nil {
		s.passer.mend = renamer{s.renames, s.passer.mend}
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
		s.ex.Response.Bomb = tooMuch(err)
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
	plain, taken := s.takeUnstreamed(plain, last)
	if taken {
		return nil, nil
	}
	out := s.passer.piece(plain, last)
	s.ex.Response.SawEnd = s.skim.SawEnd()
	if fault := s.named(s.broke(last)); fault != nil {
		out = s.target.dialect.Encoder(canon.Client{}).Abort(out[:len(out):len(out)], fault)
	}
	return out, nil
}

// broke says why the client is to get an error in place of more: nothing else would show
// it that what it got is not all.
func (s *stream) broke(last bool) *canon.Fault {
	resp := &s.ex.Response
	if resp.Failed || s.passer.blind { // it has got one, or nothing is known
		return nil
	}
	fault := s.passer.fault
	switch {
	case fault == nil && !last:
		return nil
	case fault == nil && !resp.SawEnd:
		fault = canon.Cut()
		if s.torn != nil {
			fault = s.torn
		}
	case fault == nil:
		fault = s.passer.damage.end(&s.ex.Usage)
	}
	if fault != nil && fault.Kind != canon.FaultCut {
		s.torn, resp.SawEnd = fault, false
		resp.NoteFault(fault)
	}
	return fault
}

// Feed implements exchange.StreamReader.
func (s *stream) Feed(piece []byte, last bool) error {
	plain := s.plain(piece)
	plain, taken := s.takeUnstreamed(plain, last || s.torn != nil)
	if taken {
		return nil
	}
	if s.events.decoder == nil {
		s.events = events{decoder: s.target.dialect.Decoder(true), damage: s.passer.damage, skim: s.skim, mend: s.passer.mend, hide: !s.ex.Request.WantUsage}
	}
	s.events.feed(plain, last)
	s.events.torn = s.torn
	return nil
}

// Next implements exchange.StreamReader.
func (s *stream) Next() []canon.Event {
	if s.unstreamed.over {
		return s.Whole()
	}
	found := s.events.next()
	s.doubt(found)
	for i := range found {
		found[i].Fault = s.named(found[i].Fault)
	}
	if s.skim == nil {
		s.note(found)
		return found
	}
	resp := &s.ex.Response
	resp.SawEnd = s.skim.SawEnd()
	for i := range found {
		if found[i].Kind == canon.EventFailed {
			failedWith(resp, found[i].Fault)
		}
	}
	return found
}

// named says of an answer that cannot be read who gave it, and in which exchange, as a refusal of
// one that came whole does.
func (s *stream) named(f *canon.Fault) *canon.Fault {
	if f == nil || f.Kind != canon.FaultMalformed || f.Exchange != "" {
		return f
	}
	n := *f
	n.Exchange, n.Code = s.ex.ID, string(exchange.ReasonUnprocessable)
	n.Message = fmt.Sprintf("%s It came from backend %q.", f.Message, s.ex.Route.Backend)
	return &n
}

// failedWith notes that a stream failed. One that broke off has not: its provider says nothing.
func failedWith(resp *exchange.Response, f *canon.Fault) {
	if f.Kind != canon.FaultCut {
		resp.NoteFault(f)
	}
}

// doubt puts an error in place of the end of an answer that may not be whole. The usage may
// come with it.
func (s *stream) doubt(events []canon.Event) {
	usage := &s.ex.Usage
	for i := range events {
		switch ev := &events[i]; ev.Kind {
		case canon.EventUsage:
			usage = ev.Usage
		case canon.EventDone:
			if fault := s.events.damage.end(usage); fault != nil {
				*ev = canon.Event{Kind: canon.EventFailed, Fault: fault}
			}
		default: // says nothing of the end
		}
	}
}

// note takes from events what the exchange must know. A usage counts as the
// provider's once the stream has come to its end: the first events of some report
// what is not final.
func (s *stream) note(events []canon.Event) {
	resp, usage := &s.ex.Response, &s.ex.Usage
	text, says := int64(0), false
	for i := range events {
		ev := &events[i]
		says = says || ev.Answers() || ev.Kind == canon.EventFinish
		switch {
		case ev.Kind == canon.EventStart:
			resp.ID, resp.Model = canon.Str(ev.ID), canon.Str(ev.Model)
		case ev.Says():
			text += int64(len(canon.Inside(ev.Text)))
		case ev.Kind == canon.EventToolStart:
			resp.TextBytes += int64(len(canon.Inside(ev.Name)))
		case ev.Kind == canon.EventUsage:
			usage.Replace(ev.Usage, canon.UsageEstimated)
		case ev.Kind == canon.EventFinish:
			resp.NoteEnd(ev.Name, ev.Finish)
		case ev.Kind == canon.EventFailed:
			failedWith(resp, ev.Fault)
		case ev.Kind == canon.EventDone:
			resp.SawEnd = true
			if usage.Source != "" {
				usage.Source = canon.UsageProvider
			}
		}
	}
	if text > 0 {
		resp.Note(text)
	} else if says {
		resp.Said++
	}
}

// Close implements exchange.StreamReader.
func (s *stream) Close() {
	if s.gunzip != nil {
		s.gunzip.stop()
	}
}
