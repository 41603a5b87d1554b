package responses

import (
	"slices"

	"github.com/headgate/headgate/extproc/scan"
	"github.com/headgate/headgate/extproc/sim/openai"
	"github.com/headgate/headgate/extproc/sim/wire"
)

// take counts an item and puts it into the order of the conversation.
func (r *itemReader) take(it *item) *wire.Error {
	s := shapes[it.kind]
	if it.id != "" {
		r.ids[it.id] = it.kind
	}
	ours := it.kind == "message" && wire.Str(it.raw.Get("role")) == "assistant"
	if r.waits && !ours && !s.model {
		return unfollowed(r.alone)
	}
	r.waits = it.kind == "reasoning"
	r.alone, r.last = it.id, ""
	r.q.Silent = 0
	switch {
	case it.kind == "message":
		return r.message(it)
	case it.kind == "compaction_trigger":
		r.q.Silent = CompactionTokens
		return nil
	case it.kind == "reasoning" || it.kind == "compaction":
		return r.sealed(it)
	case s.output != "":
		return r.call(it, s.noun)
	case answers(it.kind) != "":
		return r.output(it)
	default:
		r.q.Prompt.Fixed(it.kind, wire.FrameTokens)
		r.q.Prompt.Text(string(it.raw))
		return nil
	}
}

// sealed reads reasoning, and what a compaction has left. Without encrypted content the
// provider must have kept it.
func (r *itemReader) sealed(it *item) *wire.Error {
	content := wire.Str(it.raw.Get("encrypted_content"))
	tokens, ok := unseal(r.q.account, content)
	switch {
	case content != "" && !ok:
		return unverified(content)
	case content == "" && !r.trust && r.kept.item(r.q.account, it.id) == nil:
		return notPersisted(it.id)
	}
	if tokens > 0 {
		r.q.Prompt.Fixed(content, tokens)
	}
	for e := it.raw.Get("summary").Elements(); e.Next(); {
		r.q.Prompt.Text(wire.Str(e.Value().Get("text")))
	}
	return nil
}

// callID returns the id that a call and its output share. That of a local shell's output is
// its own (openai-python 3.54, response_input_param.py).
func callID(v scan.Value) string {
	if id := wire.Str(v.Get("call_id")); id != "" {
		return id
	}
	return wire.Str(v.Get("id"))
}

func (r *itemReader) call(it *item, noun string) *wire.Error {
	p := &r.q.Prompt
	p.Fixed(it.kind, wire.FrameTokens)
	for _, name := range []string{"name", "arguments", "input"} {
		p.Text(wire.Str(it.raw.Get(name)))
	}
	id := callID(it.raw)
	if r.calls == nil {
		r.calls = map[string]string{}
	}
	r.calls[id] = noun
	r.open = append(r.open, id)
	return nil
}

func (r *itemReader) output(it *item) *wire.Error {
	noun, id := answers(it.kind), callID(it.raw)
	if r.calls[id] != noun {
		return openai.Invalid("input", "", "No tool call found for %s output with call_id %s.", noun, id)
	}
	r.open = slices.DeleteFunc(r.open, func(open string) bool { return open == id })
	r.q.AfterTool = true
	r.q.Prompt.Fixed(it.kind, wire.FrameTokens)
	v := it.raw.Get("output")
	if v.Kind() != scan.Array || it.kind == "shell_call_output" {
		r.q.Prompt.Text(wire.Str(v))
		return nil
	}
	_, err := r.parts(v, r.at(".output"), givenParts)
	return err
}
