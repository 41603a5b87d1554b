package guard

import (
	"bytes"
	"unicode/utf8"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/guard/texts"
)

// channel is the text of one kind in one choice of a streamed answer, or the arguments of one
// call.
type channel struct {
	kind         canon.EventKind
	choice, tool int
	custom       bool   // of arguments: they are a text
	raw          []byte // what is undecided, with some of what was decided before it
	decided      int    // bytes of raw
	inside       bool   // of arguments: raw begins inside a string
	next         int    // length of raw from which it is worth to look again
	view         texts.View
	sure         []int // by looker: the place in raw up to which it has judged, if it asks others
	kept         []span
	waiting      []int // the events whose text is undecided, as the stream numbers events
	then         int   // a place in raw, of which it is known
	insideThen   bool  // whether it is inside a string
}

// How much of what was decided guards see again, in bytes: by it they know a word's beginning.
// They need 64 plain bytes, of which each may be an escape of six in the raw text.
const (
	plainContext = 64
	rawContext   = 6 * plainContext
)

// context returns how much of what was decided is kept.
func (c *channel) context() int {
	if c.view.Folded() {
		return rawContext
	}
	return plainContext
}

func (c *channel) json() bool { return c.kind == canon.EventToolArgs && !c.custom }

// pending is how many bytes are undecided.
func (c *channel) pending() int { return len(c.raw) - c.decided }

// channel finds the channel of a text, or opens it.
func (s *stream) channel(ev *canon.Event) *channel {
	tool := 0
	if ev.Kind == canon.EventToolArgs {
		tool = ev.Tool
	}
	for _, c := range s.channels {
		if c.kind == ev.Kind && c.choice == ev.Choice && c.tool == tool {
			return c
		}
	}
	c := &channel{kind: ev.Kind, choice: ev.Choice, tool: tool, custom: ev.Custom, sure: make([]int, len(s.lookers))}
	s.channels = append(s.channels, c)
	return c
}

// forget drops what was decided but for some context, and moves the places of the events that
// wait.
func (s *stream) forget(c *channel) {
	keep := c.context()
	n := c.decided - keep
	if n < keep && n < len(c.raw)/2 {
		return // not worth it yet
	}
	n = c.cutAt(n)
	c.raw = append(c.raw[:0], c.raw[n:]...)
	c.decided -= n
	for i := range c.sure {
		c.sure[i] = max(0, c.sure[i]-n)
	}
	for i := range c.kept {
		c.kept[i].start, c.kept[i].end = c.kept[i].start-n, c.kept[i].end-n
	}
	for _, i := range c.waiting {
		s.queue[i-s.gone].end -= n
	}
}

// cutAt returns a place at or before n at which neither a character nor an escape is cut in two,
// and notes whether that is inside a string.
func (c *channel) cutAt(n int) int {
	if !c.json() {
		for n > 0 && !utf8.RuneStart(c.raw[n]) {
			n--
		}
		return n
	}
	for i := 0; i < n; i++ {
		switch {
		case c.inside && c.raw[i] == '\\':
			if i++; i >= n {
				return i - 1
			}
			if c.raw[i] == 'u' && i+4 < len(c.raw) {
				i += 4
			}
		case c.raw[i] == '"':
			c.inside = !c.inside
		}
		if i >= n {
			return i + 1
		}
	}
	for n < c.decided && !utf8.RuneStart(c.raw[n]) {
		n++
	}
	return n
}

// repeats reports whether a frame says its text again, token by token or in another form.
func repeats(frame []byte) bool {
	details := bytes.Contains(frame, []byte(`"reasoning_details"`)) || bytes.Contains(frame, []byte(`"thinking_blocks"`))
	if details && (bytes.Contains(frame, []byte(`"reasoning_content"`)) || bytes.Contains(frame, []byte(`"reasoning":`))) {
		return true
	}
	i := bytes.Index(frame, []byte(`"logprobs":`))
	if i < 0 {
		return false
	}
	return !bytes.HasPrefix(bytes.TrimLeft(frame[i+len(`"logprobs":`):], " "), []byte("null"))
}
