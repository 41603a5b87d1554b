package exchange

import (
	"strings"
	"unicode/utf8"
)

// Header is one HTTP header; the name is in lower case.
type Header struct {
	Name  string
	Value []byte
}

// Headers are the headers of one message, in the order in which they came.
type Headers []Header

// Get returns the first value of a header, or nil. Names are in lower case.
func (h Headers) Get(name string) []byte {
	for i := range h {
		if h[i].Name == name {
			return h[i].Value
		}
	}
	return nil
}

// Mutation is how a message is changed before Envoy passes it on. The zero
// Mutation changes nothing.
type Mutation struct {
	Set    Headers  // replaces every value of the header
	Remove []string // names in lower case
	Body   []byte   // replaces the body where Replace is true
	// Replace says that Body counts, be it empty.
	Replace bool
}

// SetHeader makes the message carry a header with one value.
func (m *Mutation) SetHeader(name, value string) {
	m.Set = append(m.Set, Header{name, []byte(value)})
}

// MaxText bounds, in bytes, what a client or a provider wrote where it leaves the
// body: in a header, a row or a log.
const MaxText = 256

// SetText makes the message carry a header with text that a client or a provider
// wrote: bounded, and without what Envoy refuses a whole message for.
func (m *Mutation) SetText(name, text string) {
	m.SetHeader(name, strings.Map(func(r rune) rune {
		if r < 0x20 || r > 0x7e {
			return '?'
		}
		return r
	}, Clip(text, MaxText)))
}

// Clip bounds text to so many bytes, and to whole characters. What is no character
// becomes U+FFFD: Envoy refuses a message with text that is not UTF-8.
func Clip(text string, most int) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if len(text) <= most {
		return text
	}
	for most > 0 && !utf8.RuneStart(text[most]) {
		most--
	}
	return strings.Clone(text[:most])
}

// ReplaceBody makes the message carry another body.
func (m *Mutation) ReplaceBody(body []byte) { m.Body, m.Replace = body, true }

// Reset empties the mutation and keeps its memory.
func (m *Mutation) Reset() {
	m.Set, m.Remove = m.Set[:0], m.Remove[:0]
	m.Body, m.Replace = nil, false
}
