package responses

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/headgate/headgate/extproc/scan"
	"github.com/headgate/headgate/extproc/sim/openai"
	"github.com/headgate/headgate/extproc/sim/wire"
)

// item is one item of a conversation.
type item struct {
	id      string // empty: none was given
	kind    string
	raw     scan.Value
	account string
	entry   string // the response or conversation by which it is found; empty: none yet
	needs   string // the id of the reasoning that it came with; empty: none, or not known
}

// readContext reads what came before the input: an earlier response or a conversation.
func (d *Dialect) readContext(q *request) *wire.Error {
	if instructions := q.f.text("instructions"); instructions != "" {
		q.Prompt.Fixed("instructions", wire.FrameTokens)
		q.Prompt.Text(instructions)
	}
	before, id := q.f.text("previous_response_id"), conversationID(q.f["conversation"])
	switch {
	case before != "" && id != "":
		return openai.Invalid("", "mutually_exclusive_parameters", "Mutually exclusive parameters: 'previous_response_id' and 'conversation'. Ensure you are only providing one of: 'previous_response_id' or 'conversation'.")
	case before != "":
		if err := checkID("previous_response_id", before, "resp"); err != nil {
			return err
		}
		k := d.kept.response(q.account, before)
		if k == nil {
			return openai.Invalid("previous_response_id", "previous_response_not_found", "Previous response with id '%s' not found.", before)
		}
		q.context = k.after()
	case id != "":
		c := d.kept.conversation(q.account, id)
		if c == nil {
			return notFound("Conversation", id)
		}
		q.conversation, q.context = id, c.items
	}
	return nil
}

// conversationID returns the id of a conversation, which is given as a text or as an object.
func conversationID(v scan.Value) string { return wire.Str(v) + wire.Str(v.Get("id")) }

// readInput reads the context and the input as one conversation.
func (d *Dialect) readInput(q *request) *wire.Error {
	v := q.f["input"]
	e := v.Elements()
	if wire.Str(v) == "" && !e.Next() && q.f["prompt"] == nil && q.f["conversation"] == nil && q.f["previous_response_id"] == nil {
		return openai.Invalid("input", "missing_required_parameter", `One of "input" or "previous_response_id" or 'prompt' or 'conversation_id' must be provided.`)
	}
	q.Prompt.Fixed("responses", wire.PrimeTokens)
	r := itemReader{q: q, kept: d.kept, ids: map[string]string{}}
	for i := range q.context {
		if err := r.earlier(&q.context[i]); err != nil {
			return err
		}
	}
	if v.Kind() == scan.String && wire.Str(v) != "" {
		return r.say(wire.Str(v))
	}
	for e := v.Elements(); e.Next(); r.i++ {
		if err := r.item(e.Value()); err != nil {
			return err
		}
	}
	return r.whole()
}

// itemReader reads items in order, and remembers which calls wait for their output.
type itemReader struct {
	q     *request
	kept  *store
	i     int
	trust bool              // the items were read before
	open  []string          // ids of the calls without an output
	calls map[string]string // the nouns of all calls by their ids
	ids   map[string]string // the types of all items by their ids
	alone string            // reasoning that nothing of the model's has followed yet
	waits bool
	last  string // role of the last item, if it is a message
}

func (r *itemReader) at(rest string) string { return fmt.Sprintf("input[%d]%s", r.i, rest) }

// earlier reads an item of the context.
func (r *itemReader) earlier(it *item) *wire.Error {
	r.trust = true
	defer func() { r.trust, r.waits = false, false }()
	return r.take(it)
}

// say reads an input that is one text.
func (r *itemReader) say(text string) *wire.Error {
	raw := scan.AppendString([]byte(`{"type":"message","role":"user","content":[{"type":"input_text","text":`), text)
	if err := r.item(append(raw, `}]}`...)); err != nil {
		return err
	}
	return r.whole()
}

// whole refuses a conversation in which something that was begun is not ended.
func (r *itemReader) whole() *wire.Error {
	r.q.Prefilled = r.last == "assistant"
	if r.waits {
		return unfollowed(r.alone)
	}
	if len(r.open) > 0 {
		return openai.Invalid("input", "", "No tool output found for %s %s.", r.calls[r.open[0]], r.open[0])
	}
	return r.complete()
}

// complete refuses items that the provider knows to have come with reasoning which is not
// among them (continuedev/continue#11994).
func (r *itemReader) complete() *wire.Error {
	for i := range r.q.input {
		it := &r.q.input[i]
		known := r.kept.item(r.q.account, it.id)
		if known != nil && known.needs != "" && r.ids[known.needs] == "" {
			return openai.Invalid("input", "", "Item '%s' of type '%s' was provided without its required 'reasoning' item: '%s'.", it.id, it.kind, known.needs)
		}
	}
	return nil
}

func unfollowed(id string) *wire.Error {
	return openai.Invalid("input", "", "Item '%s' of type 'reasoning' was provided without its required following item.", id)
}

// item reads an item of the input.
func (r *itemReader) item(v scan.Value) *wire.Error {
	if v.Kind() != scan.Object {
		return openai.WrongType(r.at(""), "an object", v)
	}
	it := item{id: wire.Str(v.Get("id")), kind: kindOf(v), raw: v, account: r.q.account}
	if err := r.check(&it); err != nil {
		return err
	}
	if it.kind == "item_reference" {
		known := r.kept.item(r.q.account, it.id)
		if known == nil {
			return notPersisted(it.id)
		}
		it = *known
	}
	if it.id != "" && r.ids[it.id] != "" {
		return openai.Invalid("input", "", "Duplicate item found with id %s. Remove duplicate items from your input and try again.", it.id)
	}
	if err := r.take(&it); err != nil {
		return err
	}
	r.q.input = append(r.q.input, it)
	return nil
}

// kindOf returns the type of an item. What has a role is a message, and what has an id alone
// names another item.
func kindOf(v scan.Value) string {
	kind := wire.Str(v.Get("type"))
	switch {
	case kind != "":
		return kind
	case wire.Given(v.Get("role")):
		return "message"
	case wire.Given(v.Get("id")):
		return "item_reference"
	default:
		return ""
	}
}

// passedOn is what Codex adds to items, and OpenAI takes.
const passedOn = "internal_chat_message_metadata_passthrough"

// check refuses an item that is not made as those of its type are.
func (r *itemReader) check(it *item) *wire.Error {
	s, ok := shapes[it.kind]
	switch {
	case it.kind == "":
		return openai.Missing(r.at(".type"))
	case !ok:
		return unsupported(r.at(""), it.kind, slices.Sorted(maps.Keys(shapes)))
	}
	given := map[string]bool{}
	for m := it.raw.Fields(); m.Next(); {
		name, v := string(m.Key()), m.Value()
		given[name] = wire.Given(v)
		switch {
		case name == "id" || name == "type" || name == "status" || name == passedOn:
		case !slices.Contains(s.needed, name) && !slices.Contains(s.known, name):
			return unknown(r.at("." + name))
		}
		if textual[name] && it.kind != "tool_search_call" && wire.Given(v) && v.Kind() != scan.String {
			return openai.WrongType(r.at("."+name), "a string", v)
		}
	}
	for _, name := range s.needed {
		if !given[name] {
			return openai.Missing(r.at("." + name))
		}
	}
	if n := len(wire.Str(it.raw.Get("call_id"))); n > maxID {
		return tooLong(r.at(".call_id"), maxID, n)
	}
	return checkID(r.at(".id"), it.id, s.prefix)
}

// maxID is how long ids may be.
const maxID = 64

var idText = regexp.MustCompile(`^[a-zA-Z0-9_-]*$`)

// checkID refuses an id that the provider cannot have given.
func checkID(at, id, prefix string) *wire.Error {
	switch {
	case id == "":
		return nil
	case len(id) > maxID:
		return tooLong(at, maxID, len(id))
	case !idText.MatchString(id):
		return openai.Invalid(at, "invalid_value", "Invalid '%s': '%s'. Expected an ID that contains letters, numbers, underscores, or dashes, but this value contained additional characters.", at, id)
	case !strings.HasPrefix(id, prefix):
		return openai.Invalid(at, "invalid_value", "Invalid '%s': '%s'. Expected an ID that begins with '%s'.", at, id, prefix)
	default:
		return nil
	}
}
