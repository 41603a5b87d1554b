package openai

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
	"github.com/headgate/headgate/policy/quirk"
)

// taken is what a server takes in an assistant's message. Clients send answers back as
// they came, so a history holds what other servers write into theirs.
type taken struct {
	members []string
	parts   []string // types of the content's parts
	call    []string // members of a tool call
}

// histories are by quirk.History. Sources: the parameter types of the vendors' SDKs
// (openai 3.57, groq 1.7, mistralai 3.7 for Python), and api-docs.deepseek.com. OpenAI
// takes its own annotations back, as its guides send answers back whole.
var histories = [...]taken{
	quirk.OpenAIHistory: {
		members: []string{"role", "content", "name", "refusal", "tool_calls", "function_call", "audio", "annotations"},
		parts:   []string{"text", "refusal"}, call: []string{"id", "type", "function", "custom"}},
	quirk.GroqHistory: {
		members: []string{"role", "content", "name", "tool_calls", "function_call"},
		parts:   []string{"text"}, call: []string{"id", "type", "function"}},
	quirk.MistralHistory: {
		members: []string{"role", "content", "tool_calls", "prefix"},
		parts:   []string{"text", "thinking", "reference", "image_url", "document_url"}, call: []string{"id", "type", "function", "index"}},
	quirk.DeepSeekHistory: {
		members: []string{"role", "content", "name", "tool_calls", "reasoning_content", "prefix"},
		parts:   []string{"text"}, call: []string{"id", "type", "function"}},
}

var noContent = []byte("null")

var functionCalled = []string{"name", "arguments"}

// Mend takes out of a request in this dialect what other servers wrote into its history
// and the server would refuse, and what a tool loop that it did not begin forbids. All
// else stays byte for byte. It returns false if the request can go as it is.
func (Dialect) Mend(body []byte, t *canon.Target) ([]byte, canon.Dropped, bool) {
	m := mender{t: t}
	if t.Quirks.History == quirk.AnyHistory || !bytes.Contains(body, []byte(`"assistant"`)) {
		return body, nil, false
	}
	m.takes = &histories[t.Quirks.History]
	if t.Quirks.ReplayReasoning && bytes.Contains(body, []byte(`"tool_calls"`)) {
		m.still = loopWithoutReasoning(body)
	}
	m.request(body)
	if len(m.edits) == 0 {
		return body, nil, false
	}
	return scan.Splice(make([]byte, 0, len(body)+len(thinkingOff)+1), body, m.edits), m.dropped, true
}

// mender collects the edits of one request.
type mender struct {
	t       *canon.Target
	takes   *taken
	still   bool   // the model must not think
	n       int    // index of the message
	k       int    // index of the tool call
	within  string // the member of the call
	edits   []scan.Edit
	dropped canon.Dropped
}

func (m *mender) request(body []byte) {
	at := max(0, bytes.IndexByte(body, '{'))
	if m.still {
		m.edits = append(m.edits, scan.Edit{Start: at + 1, End: at + 1, With: []byte(thinkingOff + ",")})
		m.dropped = append(m.dropped, "thinking")
	}
	c := scan.NewCutter(m.edits)
	f := scan.Value(body[at:]).Fields()
	for f.Next() {
		start, end := f.MemberSpan()
		key := f.Key()
		effort := string(key) == "reasoning_effort"
		c.Item(at+start, at+end, m.still && (effort || string(key) == "thinking"))
		if m.still && effort {
			m.dropped = append(m.dropped, "reasoning_effort")
		}
		if string(key) == "messages" {
			inner, _ := f.Span()
			m.edits = c.Edits
			m.messages(f.Value(), at+inner)
			c.Edits = m.edits
		}
	}
	m.edits = c.Close()
}

// messages mends a list that stands at this offset.
func (m *mender) messages(list scan.Value, at int) {
	c := scan.NewCutter(m.edits)
	after, kept := "", false
	e := list.Elements()
	for more, i := e.Next(), 0; more; i++ {
		v := e.Value()
		start, end := e.Span()
		more = e.Next()
		role := roleOf(v)
		m.n = i
		// Between a tool and the user a silent message is given a word instead, and so is
		// the only one.
		cut := role == "assistant" && (after != "tool" || !more) && (kept || more) && m.silent(v)
		c.Item(at+start, at+end, cut)
		switch {
		case cut && holdsMore(v):
			m.dropped = append(m.dropped, fmt.Sprintf("messages[%d]", i))
		case role == "assistant" && !cut:
			m.edits = c.Edits
			m.assistant(v, at+start)
			c.Edits = m.edits
		}
		if !cut {
			after, kept = role, true
		}
	}
	m.edits = c.Close()
}

func (m *mender) assistant(v scan.Value, at int) {
	s := m.look(v)
	if !s.mend && (s.content || s.speaks) {
		return
	}
	if !s.content && !s.speaks {
		m.edits = append(m.edits, scan.Edit{Start: at + 1, End: at + 1, With: append(append([]byte(`"content":`), m.noText()...), ',')})
	}
	c := scan.NewCutter(m.edits)
	f := v.Fields()
	for f.Next() {
		start, end := f.MemberSpan()
		key, value := f.Key(), f.Value()
		if !s.reasoned && m.renames(key, value) {
			c.Item(at+start, at+end, false)
			c.Edits = append(c.Edits, scan.Edit{Start: at + start, End: at + start + len(`"reasoning"`), With: []byte(`"reasoning_content"`)})
			continue
		}
		cut := m.cuts(key, value)
		c.Item(at+start, at+end, cut)
		if cut {
			if !canon.Void(value) && !m.converted(key) {
				m.drop("%s", key)
			}
			continue
		}
		inner, _ := f.Span()
		m.edits = c.Edits
		switch string(key) {
		case "content":
			m.content(value, at+inner, s.speaks)
		case "tool_calls":
			m.calls(value, at+inner)
		}
		c.Edits = m.edits
	}
	m.edits = c.Close()
}

// converted reports whether a member went to the server in another form before.
func (m *mender) converted(key []byte) bool {
	return m.t.Quirks.NoFunctions && string(key) == "function_call"
}

// drop names what goes from the message.
func (m *mender) drop(format string, args ...any) {
	m.dropped = append(m.dropped, fmt.Sprintf("messages[%d].", m.n)+fmt.Sprintf(format, args...))
}

// seen is what a message holds.
type seen struct {
	content  bool
	speaks   bool // it says something besides its content
	reasoned bool // as DeepSeek does
	mend     bool // there may be something to mend
}

func (m *mender) look(message scan.Value) (s seen) {
	f := message.Fields()
	for f.Next() {
		key, value := f.Key(), f.Value()
		cut := m.cuts(key, value)
		s.mend = s.mend || cut || m.renames(key, value)
		if cut {
			continue
		}
		switch string(key) {
		case "content":
			s.content = true
			s.mend = s.mend || value.Kind() != scan.String || m.t.Quirks.NoSilentTurn && canon.Empty(value)
		case "reasoning_content":
			s.reasoned = true
		case "tool_calls":
			s.mend, s.speaks = true, s.speaks || !canon.Void(value)
		case "function_call", "refusal", "audio":
			s.speaks = s.speaks || !canon.Void(value)
		}
	}
	return s
}

// cuts reports whether a member goes: it is another server's, or a list or object that
// holds nothing, which OpenAI refuses of tool_calls, function_call and audio. A client
// that asks the model to go on with a message is heard.
func (m *mender) cuts(key []byte, v scan.Value) bool {
	switch string(key) {
	case "tool_calls", "function_call", "audio":
		if canon.Void(v) {
			return true
		}
	case "prefix":
		if v.True() {
			return false
		}
	case "reasoning":
		if m.t.Quirks.History == quirk.GroqHistory && strings.Contains(m.t.Model, "gpt-oss") {
			return canon.Void(v) // these take it back
		}
	}
	return !contains(m.takes.members, key)
}

// renames reports whether a member holds another server's reasoning, which this one
// takes as reasoning_content.
func (m *mender) renames(key []byte, v scan.Value) bool {
	return string(key) == "reasoning" && m.t.Quirks.ReplayReasoning && v.Kind() == scan.String && !canon.Void(v)
}

// content mends an assistant's content. A message that says nothing else needs one.
func (m *mender) content(v scan.Value, at int, speaks bool) {
	none := m.noText()
	if speaks {
		none = noContent
	}
	if !speaks && (v.Kind() == scan.Null || m.t.Quirks.NoSilentTurn && v.Kind() == scan.String && canon.Empty(v)) {
		m.edits = append(m.edits, scan.Edit{Start: at, End: at + len(v), With: none})
	}
	if v.Kind() != scan.Array {
		return
	}
	kept := 0
	c := scan.NewCutter(m.edits)
	before := len(m.edits)
	e := v.Elements()
	for i := 0; e.Next(); i++ {
		cut := !contains(m.takes.parts, canon.Inside(e.Value().Get("type")))
		start, end := e.Span()
		c.Item(at+start, at+end, cut)
		if cut {
			m.drop("content[%d]", i)
			continue
		}
		kept++
	}
	m.edits = c.Close()
	if kept == 0 {
		m.edits = append(m.edits[:before], scan.Edit{Start: at, End: at + len(v), With: none})
	}
}

func contains(names []string, key []byte) bool {
	for _, name := range names {
		if string(key) == name {
			return true
		}
	}
	return false
}
