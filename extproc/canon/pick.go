package canon

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/headgate/headgate/extproc/scan"
)

// RequestError says what is wrong with a client's body, and where.
type RequestError struct {
	Field  string // path; empty: the body as a whole
	Reason string // a clause
}

// Error implements error.
func (e *RequestError) Error() string {
	if e.Field == "" {
		return e.Reason
	}
	return e.Field + ": " + e.Reason
}

// Errorf makes a RequestError.
func Errorf(field, format string, args ...any) error {
	return &RequestError{field, fmt.Sprintf(format, args...)}
}

// Pick reads the members of an object: the one called names[i] into into[i], any
// other to the end of extra. A null counts as absent. A second member of the
// same name, or one that differs in case only, is an error, because parsers
// differ in which of two they keep; its text is a clause without a path.
func Pick(m scan.Members, names []string, into []scan.Value, extra []Member) ([]Member, error) {
	var seen uint64
	for m.Next() {
		key := m.Key()
		i := index(names, key)
		if i < 0 {
			if k := fold(names, key); k >= 0 {
				return extra, &ambiguous{names[k], fmt.Sprintf("the member %q differs from %q in case only", key, names[k])}
			}
			if v := m.Value(); v.Kind() != scan.Null {
				extra = append(extra, Member{Name: key, Value: v})
			}
			continue
		}
		if seen&(1<<i) != 0 {
			return extra, &ambiguous{names[i], fmt.Sprintf("the member %q stands there twice", key)}
		}
		seen |= 1 << i
		if v := m.Value(); v.Kind() != scan.Null {
			into[i] = v
		}
	}
	return extra, m.Err()
}

// ambiguous says that parsers may read a member in two ways.
type ambiguous struct{ member, clause string }

func (e *ambiguous) Error() string { return e.clause }

// AtTop makes an error of Pick's one of the body as a whole, which names the member.
func AtTop(err error) error {
	at := ""
	var twice *ambiguous
	if errors.As(err, &twice) {
		at = twice.member
	}
	return Errorf(at, "%v", err)
}

// Find reads members as Pick does, for what passes as it came: nothing is judged, of
// two members of one name the last counts, a null stays a null, and what comes before
// a syntax error is kept. The error is that one.
func Find(m scan.Members, names []string, into []scan.Value) error {
	for m.Next() {
		if i := index(names, m.Key()); i >= 0 {
			into[i] = m.Value()
		}
	}
	return m.Err()
}

func index(names []string, key []byte) int {
	for i, name := range names {
		if string(key) == name {
			return i
		}
	}
	return -1
}

func fold(names []string, key []byte) int {
	for i, name := range names {
		if len(name) == len(key) && bytes.EqualFold(key, []byte(name)) {
			return i
		}
	}
	return -1
}

// Inside returns a string's escaped text without its quotes, nil for any other value.
func Inside(v scan.Value) []byte {
	if v.Kind() != scan.String {
		return nil
	}
	return v[1 : len(v)-1]
}

// Str returns a string's decoded text, empty for any other value.
func Str(v scan.Value) string {
	s, _ := v.Str()
	return string(s)
}

// Empty reports whether a value is absent or the empty string.
func Empty(v scan.Value) bool { return len(v) == 0 || string(v) == `""` }
