package sim

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"
)

// How an answer ended, before a dialect gives it its own name.
const (
	endStop     = "stop"
	endLength   = "length"
	endTool     = "tool"
	endRefusal  = "refusal"
	endSequence = "sequence"
)

// answer is what the model says, in either dialect.
type answer struct {
	id      string
	model   string // as reported
	created int64
	choices []choice
	usage   Usage
}

// choice is one of the answers that were asked for. Its pieces joined are its
// text; a piece is one token, and one event of a stream.
type choice struct {
	thought []string // visible thinking
	hidden  int      // tokens of thinking, visible or not
	pieces  []string
	tokens  int // of the pieces
	refused bool
	calls   []toolCall
	end     string
	stop    string // the sequence that ended it
}

type toolCall struct {
	id, name string
	pieces   []string // of the arguments
}

func (t *toolCall) tokens() int       { return CountTokens(t.name) + len(t.pieces) }
func (t *toolCall) arguments() string { return strings.Join(t.pieces, "") }

// output returns the tokens of the choice that are not thinking.
func (c *choice) output() int {
	n := c.tokens
	for i := range c.calls {
		n += c.calls[i].tokens()
	}
	return n
}

// respond makes up the answer to a call.
func (x *exchange) respond() (*answer, error) {
	c, do := x.call, &x.do
	a := &answer{id: x.answerID(), model: c.model, created: x.arrived.Unix(), choices: make([]choice, c.n)}
	if do.Snapshot != "" {
		a.model = do.Snapshot
	}
	for i := range a.choices {
		ch := &a.choices[i]
		if err := x.say(ch, i); err != nil {
			return nil, err
		}
		a.usage.Output += ch.output()
		a.usage.Reasoning += ch.hidden
	}
	x.countInput(&a.usage)
	if do.AudioOut != nil {
		a.usage.AudioOutput = *do.AudioOut
	}
	return a, nil
}

func (x *exchange) answerID() string { return x.dialect.answerID(x.s.ids, x.served.Seq) }

// say fills one choice: thinking, then a refusal, tool calls or text.
func (x *exchange) say(ch *choice, index int) error {
	c, do := x.call, &x.do
	ch.end = endStop
	ch.hidden = c.reasoning
	if do.Reasoning != nil {
		ch.hidden = *do.Reasoning
	}
	left := -1 // tokens that the limit leaves; negative: no limit
	if c.limit > 0 {
		if ch.hidden >= c.limit {
			ch.hidden, ch.end = c.limit, endLength
		}
		left = c.limit - ch.hidden
	}
	if c.thinking || do.ReasoningContent {
		ch.thought = cycle(thoughtTokens, ch.hidden)
	}
	if ch.end == endLength {
		return nil
	}
	if do.Refusal != nil {
		ch.refuse(*do.Refusal, x.dialect.saysRefusals())
		return nil
	}
	calls, err := x.toolCalls(index)
	if err != nil {
		return err
	}
	if len(calls) > 0 {
		ch.call(calls, left)
		return nil
	}
	return x.text(ch, left)
}

func (ch *choice) refuse(text string, said bool) {
	ch.refused, ch.end = true, endRefusal
	if text == "" {
		text = refusalText
	}
	if said {
		ch.pieces = split(text)
		ch.tokens = len(ch.pieces)
	}
}

// text fills in what the script or the request's format asks for, ended by the
// stop sequences and the limit.
func (x *exchange) text(ch *choice, left int) error {
	pieces, err := x.words()
	if err != nil {
		return err
	}
	if left >= 0 && len(pieces) > left {
		pieces, ch.end = pieces[:left], endLength
	}
	if cut, stop, ok := stopAt(pieces, x.call.stops); ok {
		pieces, ch.stop, ch.end = cut, stop, endSequence
	}
	ch.pieces, ch.tokens = pieces, len(pieces)
	if x.do.Oversize > 0 {
		ch.pieces = []string{oversized(strings.Join(pieces, ""), x.do.Oversize)}
		ch.tokens = CountTokens(ch.pieces[0])
	}
	return nil
}

// words returns the tokens of the text before any limit.
func (x *exchange) words() ([]string, error) {
	c, do := x.call, &x.do
	switch {
	case do.Text != nil:
		return split(*do.Text), nil
	case do.Echo:
		return split(c.lastText), nil
	case c.json:
		text, err := fit(c.schema)
		return split(string(text)), err
	case do.Tokens != nil:
		return cycle(answerTokens, *do.Tokens), nil
	}
	return answerTokens, nil
}

// stopAt cuts a text before the first stop sequence in it.
func stopAt(pieces, stops []string) (cut []string, stop string, ok bool) {
	if len(stops) == 0 {
		return pieces, "", false
	}
	text := strings.Join(pieces, "")
	at := len(text)
	for _, s := range stops {
		if i := strings.Index(text, s); s != "" && i >= 0 && i < at {
			at, stop, ok = i, s, true
		}
	}
	if !ok {
		return pieces, "", false
	}
	return split(text[:at]), stop, true
}

// toolCalls returns the calls that the script or tool_choice asks for.
func (x *exchange) toolCalls(index int) ([]toolCall, error) {
	c, do := x.call, &x.do
	forced := c.toolChoice == "required" || c.toolChoice == "tool"
	if do.Tool == "" && do.Tools == 0 && !forced {
		return nil, nil
	}
	n := max(1, do.Tools)
	if c.oneTool {
		n = 1
	}
	calls := make([]toolCall, 0, n)
	for i := range n {
		t, err := x.pick(i)
		if err != nil {
			return nil, err
		}
		args, err := fit(t.schema)
		if err != nil {
			return nil, err
		}
		calls = append(calls, toolCall{x.callID(index, i), t.name, split(string(args))})
	}
	return calls, nil
}

// pick returns the tool of the ith call: the scripted one, the chosen one, or
// each of the request's in turn. A scripted tool need not be among them.
func (x *exchange) pick(i int) (tool, error) {
	c := x.call
	name := x.do.Tool
	if name == "" {
		name = c.choiceName
	}
	if name != "" {
		if t, ok := c.toolNamed(name); ok {
			return t, nil
		}
		return tool{name: name}, nil
	}
	if len(c.tools) == 0 {
		return tool{}, badRequest("x-sim: tools: the request has no tools; name one with tool=NAME")
	}
	return c.tools[i%len(c.tools)], nil
}

func (x *exchange) callID(choice, i int) string {
	return x.dialect.callID(x.s.ids, x.served.Seq, 2+choice*128+i)
}

// call fills in tool calls, cut short where the limit ends them.
func (ch *choice) call(calls []toolCall, left int) {
	ch.end = endTool
	for _, call := range calls {
		if left >= 0 {
			if left -= CountTokens(call.name); left < 0 {
				ch.end = endLength
				break
			}
			if len(call.pieces) > left {
				call.pieces, ch.end = call.pieces[:left], endLength
			}
			left -= len(call.pieces)
		}
		ch.calls = append(ch.calls, call)
		if ch.end == endLength {
			break
		}
	}
}

// countInput fills in the input buckets: scripted, or by the prompt cache.
func (x *exchange) countInput(u *Usage) {
	c, do := x.call, &x.do
	p := &c.prompt
	u.AudioInput = p.audio
	total := p.tokens
	if do.Audio != nil {
		total += *do.Audio - p.audio
		u.AudioInput = *do.Audio
	}
	scope := x.served.Key + "\x00" + c.model
	if x.dialect.marksCache() {
		u.CacheRead, u.CacheWrite5m, u.CacheWrite1h = x.s.cache.marked(p, scope, x.s.opt.CacheMin, x.arrived)
	} else {
		u.CacheRead = x.s.cache.automatic(p, scope, x.s.opt.CacheMin, x.arrived)
	}
	if do.Cached != nil || do.CacheWrite != nil || do.CacheWrite1h != nil {
		u.CacheRead, u.CacheWrite5m, u.CacheWrite1h = value(do.Cached), value(do.CacheWrite), value(do.CacheWrite1h)
	}
	rest := total - u.AudioInput
	for _, bucket := range []*int{&u.CacheRead, &u.CacheWrite5m, &u.CacheWrite1h} {
		*bucket = min(*bucket, rest)
		rest -= *bucket
	}
	u.Input = rest
}

func value(p *int) int {
	if p == nil {
		return 0
	}
	return *p
}

const signaturePrefix = "sim"

// sign returns the signature of a thinking block's text.
func sign(text string) string {
	sum := sha256.Sum256([]byte("headgate simulated thinking\x00" + text))
	return signaturePrefix + base64.StdEncoding.EncodeToString(sum[:])
}
