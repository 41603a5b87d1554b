package exchange

import (
	"fmt"
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

// CredentialHeaders are the headers in which one provider or another takes its secret.
var CredentialHeaders = []string{"authorization", "x-api-key", "api-key", "x-goog-api-key"}

// DialectHeaders mean something to one dialect only, by which they are listed: no backend of another
// one gets them.
var DialectHeaders = map[string][]string{
	"openai":    {"openai-beta"},
	"responses": {"openai-beta"},
	"anthropic": {"anthropic-version", "anthropic-beta"},
}

// Mutation is how a message is changed before Envoy passes it on. The zero
// Mutation changes nothing.
type Mutation struct {
	Set    Headers  // replaces every value of the header
	Remove []string // names in lower case
	Body   []byte   // replaces the body if Replace is true
	// Replace says that Body counts, even if it is empty.
	Replace bool
}

// SetHeader makes the message carry a header with one value.
func (m *Mutation) SetHeader(name, value string) {
	m.Set = append(m.Set, Header{name, []byte(value)})
}

// MaxText bounds, in bytes, text of a client or a provider that leaves the body for a
// header, a row or a log.
const MaxText = 256

// SetText makes the message carry a header with text that a client or a provider
// wrote: bounded, and without characters for which Envoy refuses the message.
func (m *Mutation) SetText(name, text string) {
	m.SetHeader(name, plain(Clip(text, MaxText)))
}

// maxList bounds, in bytes, a header that is a list: some proxies take 4 KiB of headers
// in all.
const maxList = 2048

// SetList makes the message carry a header with several such texts, as a list. Its last
// element says how many do not fit, such as "+3 more".
func (m *Mutation) SetList(name string, texts []string) {
	var list []byte
	for i, text := range texts {
		text = plain(Clip(text, MaxText))
		if len(list)+len(text) > maxList {
			list = fmt.Appendf(list, ",+%d more", len(texts)-i)
			break
		}
		if i > 0 {
			list = append(list, ',')
		}
		list = append(list, text...)
	}
	m.Set = append(m.Set, Header{name, list})
}

// plain replaces the characters for which Envoy refuses a message.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 || r > 0x7e {
			return '?'
		}
		return r
	}, text)
}

// Clip bounds text to so many bytes without cutting a character. What is not UTF-8
// becomes U+FFFD: Envoy refuses a message that holds it.
func Clip(text string, limit int) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if len(text) <= limit {
		return text
	}
	for limit > 0 && !utf8.RuneStart(text[limit]) {
		limit--
	}
	return strings.Clone(text[:limit])
}

// ReplaceBody makes the message carry another body.
func (m *Mutation) ReplaceBody(body []byte) { m.Body, m.Replace = body, true }

// Reset empties the mutation and keeps its memory.
func (m *Mutation) Reset() {
	m.Set, m.Remove = m.Set[:0], m.Remove[:0]
	m.Body, m.Replace = nil, false
}
