package provider

import (
	"errors"
	"fmt"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/dialect"
	"github.com/headgate/headgate/extproc/exchange"
)

// unstreamed takes what comes as a stream and is none: JSON, or no answer at all. Nothing of it
// can be read before its end.
type unstreamed struct {
	opening opening
	body    []byte
	fault   *canon.Fault // why there is no answer; nil: there may be one
	over    bool         // the end has come
	said    bool         // what it says was returned
}

// take keeps a piece that is of no stream of events. Of one that is, it returns the events.
func (u *unstreamed) take(piece []byte, last bool) (events []byte, taken bool) {
	if u.opening.form == formUnsaid {
		piece = u.opening.look(piece)
	}
	switch u.opening.form {
	case formUnsaid, formEvents:
		return piece, false
	case formNone:
		u.fault = canon.Malformed("it is neither a stream of events nor JSON")
	case formWhole:
		u.keep(piece)
	}
	u.over = u.over || last
	return nil, true
}

func (u *unstreamed) keep(piece []byte) {
	if u.body = append(u.body, piece...); len(u.body) > maxPlain {
		u.body, u.fault = nil, canon.Malformed(fmt.Sprintf("it is longer than %d bytes", maxPlain))
	}
}

// whole reports whether it is JSON.
func (u *unstreamed) whole() bool { return u.opening.form == formWhole }

// events returns once, when the end has come, what the answer says; nil otherwise.
func (u *unstreamed) events(d dialect.Backend) []canon.Event {
	if !u.over || u.said {
		return nil
	}
	u.said = true
	fault := u.fault
	if fault == nil {
		answer, err := d.DecodeAnswer(u.body)
		if !errors.As(err, &fault) {
			return answer.Events()
		}
	}
	return []canon.Event{{Kind: canon.EventFailed, Fault: fault}}
}

// takeUnstreamed keeps a piece that is of no stream of events. Each piece of an answer that is whole
// is a sign of life, as what it says stands at its end.
func (s *stream) takeUnstreamed(piece []byte, last bool) (events []byte, taken bool) {
	events, taken = s.unstreamed.take(piece, last)
	if taken && s.unstreamed.whole() && len(piece) > 0 {
		s.ex.Response.Said++
	}
	return events, taken
}

// Whole implements exchange.StreamReader.
func (s *stream) Whole() []canon.Event {
	if !s.unstreamed.over || s.unstreamed.said {
		return nil
	}
	if s.renames != nil {
		s.unstreamed.body = s.renames.RestoreToolNames(s.unstreamed.body)
	}
	if s.gives != nil {
		s.unstreamed.body = s.gives.whole(s.unstreamed.body)
	}
	found := s.unstreamed.events(s.target.dialect)
	s.note(found)
	if s.ex.Response.SawEnd {
		return found
	}
	// What was broken off is billed all the same.
	broken := exchange.Response{Body: s.unstreamed.body}
	_ = s.target.dialect.ReadResponse(s.ex.Request.Operation, &broken, &s.ex.Usage)
	s.ex.Response.TextBytes = broken.TextBytes
	return found
}
