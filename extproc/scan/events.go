package scan

import (
	"bytes"
	"errors"
)

// ErrEventTooLong says that one event of a stream exceeds the splitter's limit.
var ErrEventTooLong = errors.New("event longer than the limit")

// Splitter cuts a server-sent event stream into events, whatever the sizes of
// the chunks that it arrives in: boundaries, line ends and UTF-8 sequences may
// fall anywhere. The zero Splitter has a limit of DefaultMaxEvent.
//
// A complete event inside one chunk is returned in place, without a copy. Lines
// end in LF, CRLF or CR, as the WHATWG standard says. Not for concurrent use.
type Splitter struct {
	Max   int    // bytes of one event; 0: DefaultMaxEvent
	buf   []byte // holds an event that came in several chunks
	rest  []byte // what Next has not returned: in buf or in the latest chunk
	whole bool   // rest is all of buf

	// How far Next has looked at rest without finding the end of an event, so that
	// it looks at each byte once however small the chunks are.
	line int  // offset of the first line whose end is not there
	seen int  // offset at which to look for that end
	text bool // a line before it is not blank
}

// DefaultMaxEvent is the limit of one event, in bytes.
const DefaultMaxEvent = 16 << 20

// Feed gives the splitter a chunk, which must stay as it is until the next Feed,
// as must the events that Next returns.
func (s *Splitter) Feed(chunk []byte) {
	if len(s.rest) == 0 {
		s.rest = chunk
		return
	}
	if !s.whole {
		s.buf, s.whole = append(s.buf[:0], s.rest...), true
	}
	s.buf = append(s.buf, chunk...)
	s.rest = s.buf
}

// Next returns the next complete event with its blank line, or nil if the
// rest of what was fed is incomplete.
func (s *Splitter) Next() (Event, error) {
	n := s.eventLen()
	if n == 0 {
		limit := s.Max
		if limit == 0 {
			limit = DefaultMaxEvent
		}
		if len(s.rest) > limit {
			return nil, ErrEventTooLong
		}
		return nil, nil
	}
	ev := Event(s.rest[:n:n])
	s.rest, s.whole = s.rest[n:], false
	s.line, s.seen, s.text = 0, 0, false
	return ev, nil
}

// Rest returns what no blank line has ended yet.
func (s *Splitter) Rest() Event { return Event(s.rest) }

// eventLen returns the length of the first event of rest with the blank line that
// ends it, 0 if it is not complete. Blank lines before the first field belong
// to the event, so that every byte is in exactly one event.
func (s *Splitter) eventLen() int {
	for {
		end := lineEnd(s.rest, s.seen)
		if end < 0 {
			s.seen = len(s.rest)
			return 0
		}
		next := end + 1
		if s.rest[end] == '\r' {
			if next == len(s.rest) { // may be half of a CRLF
				s.seen = end
				return 0
			}
			if s.rest[next] == '\n' {
				next++
			}
		}
		blank := end == s.line
		s.line, s.seen = next, next
		if !blank {
			s.text = true
		} else if s.text {
			return next
		}
	}
}

// stride is how far lineEnd looks for one kind of line end before it looks for the
// other: lines that end in CR must not be searched for the next LF again and again.
const stride = 4096

// lineEnd returns the offset of the first CR or LF of b at or after i, or -1.
func lineEnd(b []byte, i int) int {
	for i < len(b) {
		part := b[i:min(i+stride, len(b))]
		if lf := bytes.IndexByte(part, '\n'); lf >= 0 {
			part = part[:lf+1]
		}
		if cr := bytes.IndexByte(part, '\r'); cr >= 0 {
			return i + cr
		}
		if part[len(part)-1] == '\n' {
			return i + len(part) - 1
		}
		i += len(part)
	}
	return -1
}

// Event is the raw text of one event. It aliases what it was read from.
type Event []byte

// Field returns the value of the first line with this field name, without the
// one space that may follow the colon.
func (e Event) Field(name string) []byte {
	for rest := []byte(e); len(rest) > 0; {
		var line []byte
		line, rest = cutLine(rest)
		if v, ok := fieldValue(line, name); ok {
			return v
		}
	}
	return nil
}

// Data returns the event's data: the values of its data lines, joined with
// newlines. It aliases the event if there is one such line. It returns nil
// for an event without data, such as a comment.
func (e Event) Data() []byte {
	var data []byte
	lines := 0
	for rest := []byte(e); len(rest) > 0; {
		var line []byte
		line, rest = cutLine(rest)
		v, ok := fieldValue(line, "data")
		if !ok {
			continue
		}
		lines++
		switch lines {
		case 1:
			data = v[:len(v):len(v)]
			if data == nil {
				data = []byte{}
			}
		default:
			data = append(append(data, '\n'), v...)
		}
	}
	return data
}

func cutLine(b []byte) (line, rest []byte) {
	i := bytes.IndexAny(b, "\r\n")
	if i < 0 {
		return b, nil
	}
	if b[i] == '\r' && i+1 < len(b) && b[i+1] == '\n' {
		return b[:i], b[i+2:]
	}
	return b[:i], b[i+1:]
}

// mark is the byte order mark, which may begin a stream.
var mark = []byte("\ufeff")

func fieldValue(line []byte, name string) ([]byte, bool) {
	line = bytes.TrimPrefix(line, mark)
	if len(line) < len(name) || string(line[:len(name)]) != name {
		return nil, false
	}
	v := line[len(name):]
	if len(v) == 0 {
		return v, true
	}
	if v[0] != ':' {
		return nil, false
	}
	v = v[1:]
	if len(v) > 0 && v[0] == ' ' {
		v = v[1:]
	}
	return v, true
}
