package sim

import (
	"slices"
	"strings"

	"github.com/headgate/headgate/extproc/sim/wire"
)

// respond makes up the answer to a call.
func (x *exchange) respond() (*wire.Answer, error) {
	c, do := x.Call, &x.Do
	a := &wire.Answer{ID: x.answerID(), Model: c.Model, Created: x.Arrived.Unix(), Choices: make([]wire.Choice, c.N)}
	if do.Snapshot != "" {
		a.Model = do.Snapshot
	}
	for i := range a.Choices {
		ch := &a.Choices[i]
		if err := x.say(ch, i); err != nil {
			return nil, err
		}
		a.Usage.Output += ch.Output()
		a.Usage.Reasoning += ch.Hidden
	}
	x.countInput(&a.Usage)
	if do.AudioOut != nil {
		a.Usage.AudioOutput = *do.AudioOut
	}
	return a, nil
}

func (x *exchange) answerID() string { return x.dialect.AnswerID(x.s.ids, x.served.Seq) }

// say fills one choice: thinking, then a refusal, tool calls or text.
func (x *exchange) say(ch *wire.Choice, index int) error {
	c, do := x.Call, &x.Do
	ch.End = wire.EndStop
	if c.Silent > 0 {
		ch.Tokens = c.Silent
		return nil
	}
	ch.Hidden = c.Reasoning
	if do.Reasoning != nil {
		ch.Hidden = *do.Reasoning
	}
	left := -1 // tokens that the limit leaves; negative: no limit
	if c.Limit > 0 {
		if ch.Hidden >= c.Limit {
			ch.Hidden, ch.End = c.Limit, wire.EndLength
		}
		left = c.Limit - ch.Hidden
	}
	if c.Thinking || do.ReasoningContent {
		ch.Reasoning = cycle(reasoningTokens, ch.Hidden)
	}
	if ch.End == wire.EndLength {
		return nil
	}
	if do.Refusal != nil {
		refuse(ch, *do.Refusal, x.dialect.SaysRefusals())
		return nil
	}
	calls, err := x.toolCalls(index)
	if err != nil {
		return err
	}
	if len(calls) == 0 {
		return x.text(ch, left)
	}
	left = callTools(ch, calls, left)
	if ch.End == wire.EndLength || slices.ContainsFunc(calls, func(call wire.ToolCall) bool { return !call.Hosted }) {
		return nil
	}
	ch.End = wire.EndStop
	return x.text(ch, left)
}

func refuse(ch *wire.Choice, text string, said bool) {
	ch.Refused, ch.End = true, wire.EndRefusal
	if text == "" {
		text = refusalText
	}
	if said {
		ch.Pieces = wire.Split(text)
		ch.Tokens = len(ch.Pieces)
	}
}

// text fills in what the script or the request's format asks for, ended by the
// stop sequences and the limit.
func (x *exchange) text(ch *wire.Choice, left int) error {
	pieces, err := x.words()
	if err != nil {
		return err
	}
	if left >= 0 && len(pieces) > left {
		pieces, ch.End = pieces[:left], wire.EndLength
	}
	if cut, stop, ok := stopAt(pieces, x.Call.Stops); ok {
		pieces, ch.Stop, ch.End = cut, stop, wire.EndSequence
	}
	ch.Pieces, ch.Tokens = pieces, len(pieces)
	if x.Do.Oversize > 0 {
		ch.Pieces = []string{oversized(strings.Join(pieces, ""), x.Do.Oversize)}
		ch.Tokens = wire.CountTokens(ch.Pieces[0])
	}
	return nil
}

// words returns the tokens of the text before any limit.
func (x *exchange) words() ([]string, error) {
	c, do := x.Call, &x.Do
	switch {
	case do.Text != nil:
		return wire.Split(*do.Text), nil
	case do.Echo:
		return wire.Split(c.LastText), nil
	case c.JSON:
		text, err := fit(c.Schema)
		return wire.Split(string(text)), err
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
	return wire.Split(text[:at]), stop, true
}

// toolCalls returns the calls that the script or tool_choice asks for.
func (x *exchange) toolCalls(index int) ([]wire.ToolCall, error) {
	c, do := x.Call, &x.Do
	forced := c.ToolChoice == "required" || c.ToolChoice == "tool"
	if do.Tool == "" && do.Tools == 0 && !forced {
		return nil, nil
	}
	n := max(1, do.Tools)
	if c.OneTool {
		n = 1
	}
	calls := make([]wire.ToolCall, 0, n)
	for i := range n {
		t, err := x.pick(i)
		if err != nil {
			return nil, err
		}
		pieces, err := x.arguments(&t)
		if err != nil {
			return nil, err
		}
		calls = append(calls, wire.ToolCall{ID: x.callID(index, i), Name: t.Name, Pieces: pieces, Custom: t.Custom, Hosted: t.Hosted})
	}
	return calls, nil
}

// arguments returns what a tool is called with.
func (x *exchange) arguments(t *wire.Tool) ([]string, error) {
	if t.Custom && x.Do.Input != nil {
		return wire.Split(*x.Do.Input), nil
	}
	if t.Custom {
		return wire.Split(inputText), nil
	}
	args, err := fit(t.Schema)
	return wire.Split(string(args)), err
}

// pick returns the tool of the ith call: the scripted one, the chosen one, or
// each of the request's in turn. A scripted tool need not be among them.
func (x *exchange) pick(i int) (wire.Tool, error) {
	c := x.Call
	name := x.Do.Tool
	if name == "" {
		name = c.ChoiceName
	}
	if name != "" {
		if t, ok := c.ToolNamed(name); ok {
			return t, nil
		}
		return wire.Tool{Name: name}, nil
	}
	if len(c.Tools) == 0 {
		return wire.Tool{}, wire.BadRequest("x-sim: tools: the request has no tools; name one with tool=NAME")
	}
	return c.Tools[i%len(c.Tools)], nil
}

func (x *exchange) callID(choice, i int) string {
	switch x.Do.IDs {
	case wire.IDsEmpty:
		return ""
	case wire.IDsTwice:
		choice, i = 0, 0
	}
	return x.dialect.CallID(x.s.ids, x.served.Seq, 2+choice*128+i)
}

// callTools fills in tool calls, cut short if the limit ends them, and returns what the limit
// leaves; negative: there is none.
func callTools(ch *wire.Choice, calls []wire.ToolCall, left int) int {
	ch.End = wire.EndTool
	for _, call := range calls {
		if left >= 0 {
			if left -= wire.CountTokens(call.Name); left < 0 {
				ch.End = wire.EndLength
				break
			}
			if len(call.Pieces) > left {
				call.Pieces, ch.End = call.Pieces[:left], wire.EndLength
			}
			left -= len(call.Pieces)
		}
		ch.Calls = append(ch.Calls, call)
		if ch.End == wire.EndLength {
			break
		}
	}
	return left
}

// countInput fills in the input buckets: scripted, or by the prompt cache.
func (x *exchange) countInput(u *Usage) {
	c, do := x.Call, &x.Do
	p := &c.Prompt
	u.AudioInput = p.Audio
	total := p.Tokens
	if do.Audio != nil {
		total += *do.Audio - p.Audio
		u.AudioInput = *do.Audio
	}
	scope := x.served.Key + "\x00" + c.Model
	if x.dialect.MarksCache() {
		u.CacheRead, u.CacheWrite5m, u.CacheWrite1h = x.s.cache.marked(p, scope, x.s.opt.CacheMin, x.Arrived)
	} else {
		u.CacheRead = x.s.cache.automatic(p, scope, x.s.opt.CacheMin, x.Arrived)
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
