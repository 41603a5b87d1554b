package openai

import (
	"bytes"
	"cmp"
	"slices"
	"strconv"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/scan"
)

// folder makes a chat completion of its chunks, as the server would have written it. What
// it does not know goes into the answer too.
type folder struct {
	mender  streamMender
	answer  scan.Growing
	choices []*foldedChoice
}

// foldedChoice is a choice of the answer.
type foldedChoice struct {
	index   int64
	rest    scan.Growing // besides index and message
	message scan.Growing
}

// growth says what comes in pieces: reasoning of OpenRouter's and LiteLLM's, and lists of
// Mistral's, are parts.
var growth = scan.Growth{
	Named:  []string{"role", "type", "id", "name", "format"},
	Joined: []string{"content", "thinking", "reasoning_details", "thinking_blocks"},
}

// Fold starts making an answer of a stream.
func (Dialect) Fold() exchange.Folder { return &folder{mender: streamMender{keepIDs: true}} }

// unstreamed are the names of what chunks, as the vendor's SDK knows them (openai-python
// 3.54: ChatCompletionChunk), have no member for, or have it otherwise: sound has other
// formats in a stream.
var unstreamed = [][]byte{[]byte(`"modalities"`), []byte(`"audio"`), []byte(`"web_search_options"`), []byte(`"metadata"`), []byte(`"custom"`)}

// Streamable implements dialect.Native. The looks into the body may find a name in a text,
// which only costs the stream.
func (Dialect) Streamable(body []byte, t *canon.Target) bool {
	if t.Quirks.NoStreamedFormat && bytes.Contains(body, []byte(`"response_format"`)) {
		return false
	}
	return !slices.ContainsFunc(unstreamed, func(name []byte) bool { return bytes.Contains(body, name) })
}

// Frame implements exchange.Folder.
func (f *folder) Frame(raw []byte) *canon.Fault {
	ev := scan.Event(f.mender.mend(raw))
	data := bytes.TrimSpace(ev.Data())
	if len(data) == 0 || isDone(data) {
		return nil
	}
	var fault *canon.Fault
	if bytes.Contains(data, []byte(`"error"`)) || namedError(ev) {
		fault = faultOf(ev, data)
	}
	m := scan.Document(data)
	for m.Next() && fault == nil {
		fault = f.member(m.Key(), m.Value())
	}
	switch err := m.Err(); {
	case fault != nil:
		return fault
	case err != nil:
		return canon.Malformed(err.Error())
	case f.answer.Full():
		return canon.Malformed("an answer of too many members")
	}
	return nil
}

// faultOf returns the error that a chunk is; nil: it is none.
func faultOf(ev scan.Event, data []byte) *canon.Fault {
	var c chunk
	_ = canon.Find(scan.Value(data).Fields(), chunkNames, c[:])
	if v, ok := c.fault(ev, data); ok {
		return readFault(0, v)
	}
	return nil
}

// member takes over a member of a chunk. Of what names the answer the first counts, of
// all else the last.
func (f *folder) member(key []byte, v scan.Value) *canon.Fault {
	switch string(key) {
	case "object", "obfuscation", "error":
	case "choices":
		e := v.Elements()
		for e.Next() {
			if fault := f.choice(e.Value()); fault != nil {
				return fault
			}
		}
	case "id", "model", "created":
		if at := f.answer.Of(key); at.Empty() || at.Is("0") {
			at.Set(v)
		}
	case "x_groq":
		f.answer.GrowMember(key, v, &growth)
	default:
		if v.Kind() != scan.Null {
			f.answer.Of(key).Set(v)
		}
	}
	return nil
}

// choice takes over a choice of a chunk.
func (f *folder) choice(v scan.Value) *canon.Fault {
	var known choice
	_ = canon.Find(v.Fields(), deltaNames, known[:])
	index, _ := known[deltaIndex].Int()
	c := f.at(index)
	if c == nil {
		return canon.Malformed("too many choices")
	}
	delta := known[deltaDelta]
	if delta == nil && c.message.Kind() == scan.Invalid {
		delta = known[deltaMessage] // some servers send the whole message in one chunk
	}
	if !c.message.Grow(delta, "message", &growth) || !c.grow(v) || c.rest.Full() {
		return canon.Malformed("a choice of too many parts")
	}
	if finishOf(known[deltaFinish]) == canon.FinishError {
		return canon.BrokeOff(known[deltaFinish])
	}
	return nil
}

// grow takes over what stands beside the delta. Lists of log probabilities go on.
func (c *foldedChoice) grow(v scan.Value) bool {
	m := v.Fields()
	for m.Next() {
		switch string(m.Key()) {
		case "index", "delta", "message":
		case "logprobs":
			if !c.rest.GrowMember(m.Key(), m.Value(), &growth) {
				return false
			}
		default:
			if f := c.rest.Of(m.Key()); f.Kind() == scan.Invalid || m.Value().Kind() != scan.Null && string(m.Value()) != `""` {
				f.Set(m.Value())
			}
		}
	}
	return true
}

func (f *folder) at(index int64) *foldedChoice {
	for _, c := range f.choices {
		if c.index == index {
			return c
		}
	}
	if index < 0 || index >= maxChoices {
		return nil
	}
	f.choices = append(f.choices, &foldedChoice{index: index})
	return f.choices[len(f.choices)-1]
}

// Answer implements exchange.Folder.
func (f *folder) Answer(dst []byte) ([]byte, bool) {
	f.mendUsage()
	f.choices = slices.DeleteFunc(f.choices, func(c *foldedChoice) bool { return c.message.Kind() != scan.Object })
	slices.SortFunc(f.choices, func(a, b *foldedChoice) int { return cmp.Compare(a.index, b.index) })
	dst = append(dst, `{"object":"chat.completion","choices":[`...)
	for _, c := range f.choices {
		dst = c.append(canon.AppendComma(dst))
	}
	dst = append(dst, ']')
	if f.answer.Kind() == scan.Object {
		dst = append(append(dst, ','), f.answer.Append(nil)[1:]...)
		return dst, len(f.choices) > 0
	}
	return append(dst, '}'), len(f.choices) > 0
}

// mendUsage puts the usage where a whole answer has it: Groq's streams have it elsewhere.
func (f *folder) mendUsage() {
	if !f.answer.Has("x_groq") {
		return
	}
	groq := f.answer.Field("x_groq")
	if groq.Has("usage") && !f.answer.Has("usage") {
		f.answer.Field("usage").Set(groq.Field("usage").Append(nil))
	}
	groq.Keep(func(name string, _ *scan.Growing) bool { return name != "usage" })
}

// append appends a choice to dst.
func (c *foldedChoice) append(dst []byte) []byte {
	m := &c.message
	for _, call := range m.Field("tool_calls").Elements() {
		call.Keep(func(name string, _ *scan.Growing) bool { return name != "index" })
	}
	if m.Field("role").Empty() {
		m.Field("role").Set(scan.Value(`"assistant"`))
	}
	calls := len(m.Field("tool_calls").Elements()) > 0
	if content := m.Field("content"); content.Empty() && (calls || content.Kind() == scan.Invalid || !m.Field("refusal").Empty()) {
		content.Set(scan.Value(`null`))
	}
	m.Keep(func(name string, v *scan.Growing) bool {
		return v.Kind() != scan.Null && v.Kind() != scan.Invalid || name == "content" || name == "refusal" && v.Kind() == scan.Null
	})
	if finish := c.rest.Field("finish_reason"); finish.Empty() { // some servers never say why a choice ended
		finish.Set(scan.AppendString(nil, finishWord(endOf(calls))))
	}
	dst = strconv.AppendInt(append(dst, `{"index":`...), c.index, 10)
	dst = m.Append(append(dst, `,"message":`...))
	return append(append(dst, ','), c.rest.Append(nil)[1:]...)
}

func endOf(calls bool) canon.Finish {
	if calls {
		return canon.FinishToolCalls
	}
	return canon.FinishStop
}
