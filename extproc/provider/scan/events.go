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
	Max  int    // bytes of one event; 0: DefaultMaxEvent
	buf  []byte // holds an event that came in several chunks
	rest []byte // what Next has not returned: in buf or in the latest chunk
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
	s.buf = append(append(s.buf[:0], s.rest...), chunk...)
	s.rest = s.buf
}

// Next returns the next complete event with its blank line, or nil where the
// rest of what was fed is incomplete.
func (s *Splitter) Next() (Event, error) {
	n := eventLen(s.rest)
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
	s.rest = s.rest[n:]
	return ev, nil
}

// Rest returns what no blank line has ended yet.
func (s *Splitter) Rest() Event { return Event(s.rest) }

// eventLen returns the length of the first event of b with the blank line that
// ends it, 0 where it is not complete. Blank lines before the first field belong
// to the event, so that every byte is in exactly one event.
func eventLen(b []byte) int {
	i, text := 0, false
	for {
		n, blank, ok := lineLen(b[i:])
		if !ok {
			return 0
		}
		i += n
		if !blank {
			text = true
		} else if text {
			return i
		}
	}
}

// lineLen returns the length of the first line of b with its end. A CR at the
// end of b may be half of a CRLF, so that line is not complete.
func lineLen(b []byte) (n int, blank, ok bool) {
	lf := bytes.IndexByte(b, '\n')
	line := b
	if lf >= 0 {
		line = b[:lf]
	}
	cr := bytes.IndexByte(line, '\r')
	switch {
	case cr < 0 && lf < 0, cr == len(b)-1 && cr >= 0:
		return 0, false, false
	case cr < 0:
		return lf + 1, lf == 0, true
	case cr == lf-1:
		return lf + 1, cr == 0, true
	}
	return cr + 1, cr == 0, true
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
// newlines. It aliases the event where there is one such line. It returns nil
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

func fieldValue(line []byte, name string) ([]byte, bool) {
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
