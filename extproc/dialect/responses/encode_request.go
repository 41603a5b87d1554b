package responses

import (
	"slices"
	"strconv"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
	"github.com/headgate/headgate/policy/trait"
)

// Encode appends a request for a response to dst. What Unsupported reports is left out and
// returned. An error says that nothing is left to ask.
//
// What is translated is not kept at the provider: no client of another dialect knows where
// to find it. So the model's reasoning comes encrypted, to be sent back in a tool loop.
func (Dialect) Encode(dst []byte, r *canon.Request, t canon.Target) ([]byte, canon.Dropped, error) {
	e := newEncoder(r, &t)
	dropped := canon.Fields(e.unsupported())
	start := len(dst)
	e.b = append(dst, '{')
	e.b = scan.AppendString(canon.AppendKey(e.b, "model"), t.Model)
	if e.input(); e.count == 0 && !(e.same && held(r)) {
		return dst[:start], dropped, canon.Errorf("input", "holds nothing that this backend can be asked")
	}
	e.tools()
	e.text()
	e.settings()
	e.reasoning()
	if r.Stream || t.Stream {
		e.b = append(e.b, `,"stream":true`...)
	}
	if !e.same {
		e.b = append(e.b, `,"store":false`...)
		if e.reasons() {
			e.b = append(e.b, `,"include":["reasoning.encrypted_content"]`...)
		}
		return append(e.b, '}'), dropped, nil
	}
	e.b = append(canon.AppendMembers(e.b, r.Extra), '}')
	body, unfit := fit(e.b[start:], &t)
	return append(e.b[:start], body...), append(dropped, unfit...), nil
}

// held reports whether the server holds items that a request goes on with.
func held(r *canon.Request) bool {
	return slices.ContainsFunc(stateful, func(name string) bool { return canon.Has(r.Extra, []byte(name)) })
}

type encoder struct {
	b       []byte
	r       *canon.Request
	t       *canon.Target
	same    bool         // client and backend speak this dialect
	count   int          // of items written, instructions among them if nothing else is
	hoists  int          // messages that are the instructions
	tooled  bool         // tools were written
	brought int          // items that are no messages, and were written
	asked   trait.Effort // that stands for the reasoning that was asked for
	effort  trait.Effort // that goes out; empty: none

	replays map[*canon.Part]bool // pieces of reasoning that OpenAI takes back
}

func newEncoder(r *canon.Request, t *canon.Target) encoder {
	e := encoder{r: r, t: t, same: r.Dialect == name}
	e.asked = r.Reason.EffortFor(&t.Traits)
	if e.effort = e.asked; e.asked != "" && !e.same {
		e.effort = t.Traits.Efforts.Nearest(e.asked)
	}
	e.findReplays()
	e.hoists = e.leading()
	return e
}

// reasons reports whether the model reasons before it answers, as far as is known.
func (e *encoder) reasons() bool {
	switch e.t.Traits.Reasoning {
	case trait.ReasoningNone:
		return false
	case trait.ReasoningAlways:
		return true
	case trait.ReasoningAdaptive:
		return e.effort != trait.EffortNone
	default:
		return e.effort != "" && e.effort != trait.EffortNone
	}
}

// shows reports whether the client shows what the model thinks, and asks for it. OpenAI's
// own chat completions have no place for it.
func (e *encoder) shows() bool {
	r := &e.r.Reason
	asks := r.Mode == canon.ReasonOn || r.Mode == canon.ReasonAdaptive
	return asks && r.Raw.Kind() != scan.String && !r.Hidden && string(canon.Inside(r.Display)) != "omitted"
}

// reasoning says how much the model is to think.
func (e *encoder) reasoning() {
	if e.same {
		e.b = canon.AppendRaw(e.b, "reasoning", e.r.Reason.Raw)
		return
	}
	summary := e.reasons() && e.shows()
	if e.effort == "" && !summary {
		return
	}
	e.b = append(canon.AppendKey(e.b, "reasoning"), '{')
	if e.effort != "" {
		e.b = scan.AppendString(canon.AppendKey(e.b, "effort"), string(e.effort))
	}
	if summary {
		e.b = append(canon.AppendKey(e.b, "summary"), `"auto"`...)
	}
	e.b = append(e.b, '}')
}

// minTokens is the smallest limit of an answer that OpenAI takes here.
const minTokens = 16

// settings writes the fields that are values and nothing else.
func (e *encoder) settings() {
	for i, v := range e.r.Fields {
		f := canon.Field(i)
		if len(v) == 0 || f == canon.Verbosity || !e.sends(f, v) {
			continue
		}
		e.b = canon.AppendRaw(e.b, fieldNames[f], e.user(f, v))
	}
	if n := e.limit(); n > 0 {
		e.b = strconv.AppendInt(canon.AppendKey(e.b, fieldNames[canon.MaxTokens]), n, 10)
	}
}

// limit is the limit of the answer's tokens; 0: there is none.
func (e *encoder) limit() int64 {
	n := e.r.MaxTokens
	if n == 0 || e.same {
		return n
	}
	if e.t.MaxTokens > 0 {
		n = min(n, e.t.MaxTokens)
	}
	return max(n, minTokens)
}

// sends reports whether a field goes out. A client of this dialect is judged once its body
// is written.
func (e *encoder) sends(f canon.Field, v scan.Value) bool {
	switch {
	case e.same:
		return true
	case f == canon.Parallel && !e.tooled:
		return false
	}
	_, _, lost := e.loss(f, v)
	return !lost && !e.elsewhere(f) && f.Nonsense(v) == "" && !refused(&e.t.Traits, f, v, e.reasons())
}

// text writes the form that the answer must have, and how long it is to be.
func (e *encoder) text() {
	verbosity := e.r.Fields[canon.Verbosity]
	if verbosity != nil && !e.sends(canon.Verbosity, verbosity) {
		verbosity = nil
	}
	if verbosity == nil && !e.fitFormat() && !(e.same && e.holdsText()) {
		return
	}
	e.b = append(canon.AppendKey(e.b, "text"), '{')
	if e.fitFormat() {
		e.format()
	}
	e.b = canon.AppendRaw(e.b, "verbosity", verbosity)
	if e.same {
		for _, m := range canon.InsideOf(e.r.Extra, "text") {
			if !isInFormat(m) {
				e.b = append(canon.AppendKey(e.b, string(m.Name[len("text."):])), m.Value...)
			}
		}
	}
	e.b = append(e.b, '}')
}

// holdsText reports whether the client's member text says something that is not known.
func (e *encoder) holdsText() bool {
	return slices.ContainsFunc(canon.InsideOf(e.r.Extra, "text"), func(m canon.Member) bool { return !isInFormat(m) })
}

// isInFormat reports whether a member stands in the form of the answer, which goes whole.
func isInFormat(m canon.Member) bool {
	return len(canon.InsideOf([]canon.Member{m}, "text.format")) > 0
}

func (e *encoder) format() {
	f := &e.r.Format
	if e.same {
		e.b = canon.AppendRaw(e.b, "format", f.Raw)
		return
	}
	if f.Kind == canon.FormatObject {
		e.b = append(canon.AppendKey(e.b, "format"), `{"type":"json_object"}`...)
		return
	}
	e.b = append(canon.AppendKey(e.b, "format"), `{"type":"json_schema","name":`...)
	if f.Name != nil {
		e.b = append(e.b, f.Name...)
	} else {
		e.b = append(e.b, `"answer"`...)
	}
	fit := e.fitAnswer(f)
	e.b = canon.AppendRaw(e.b, "description", f.Description)
	e.b = canon.AppendRaw(e.b, "schema", fit.Schema)
	e.b = append(strconv.AppendBool(canon.AppendKey(e.b, "strict"), fit.Strict), '}')
}

// fitFormat reports whether the answer's form is said.
func (e *encoder) fitFormat() bool {
	switch e.r.Format.Kind {
	case canon.FormatObject:
		return true
	case canon.FormatSchema:
		return !e.t.Quirks.NoJSONSchema && (e.same || e.fitAnswer(&e.r.Format).OK)
	case canon.FormatText, canon.FormatOther: // text is what comes unasked
		return e.same
	default:
		return false
	}
}
