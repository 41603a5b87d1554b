package openai

import (
	"slices"
	"strconv"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
	"github.com/headgate/headgate/policy/trait"
)

// Encode appends a chat completion request to dst. What Unsupported reports is
// left out and returned. An error says that nothing is left to ask.
func (Dialect) Encode(dst []byte, r *canon.Request, t canon.Target) ([]byte, canon.Dropped, error) {
	e := newEncoder(r, &t)
	dropped := canon.Fields(Dialect{}.Unsupported(r, t))
	start := len(dst)
	e.b = append(dst, '{')
	e.b = scan.AppendString(canon.AppendKey(e.b, "model"), t.Model)
	e.messages()
	if e.count == 0 {
		return dst[:start], dropped, canon.Errorf("messages", "hold nothing that this backend can be asked")
	}
	e.tools()
	e.format()
	e.settings()
	e.stream()
	if !e.same {
		return append(e.b, '}'), dropped, nil
	}
	e.b = append(canon.AppendMembers(e.b, r.Extra), '}')
	body, unfit := fit(e.b[start:], &t.Traits)
	return append(e.b[:start], body...), append(dropped, unfit...), nil
}

type encoder struct {
	b      []byte
	r      *canon.Request
	t      *canon.Target
	same   bool         // client and backend speak this dialect
	count  int          // of messages written
	role   string       // of the latest message
	tooled bool         // tools were written
	asked  trait.Effort // that stands for the reasoning that was asked for
	effort trait.Effort // that goes out; empty: none
}

func newEncoder(r *canon.Request, t *canon.Target) encoder {
	e := encoder{r: r, t: t, same: r.Dialect == "openai"}
	e.asked = r.Reason.EffortFor(&t.Traits)
	e.effort = e.asked
	if !e.same {
		e.effort = effortFor(&t.Traits, e.asked, e.hasTools())
	}
	return e
}

// hasTools reports whether the server gets tools.
func (e *encoder) hasTools() bool {
	return slices.ContainsFunc(e.r.Tools, func(t canon.Tool) bool { return !t.Other || e.same })
}

// settings writes the fields that are values and nothing else.
func (e *encoder) settings() {
	for i, v := range e.r.Fields {
		f := canon.Field(i)
		if len(v) == 0 || !e.same && (expressed(f, v) != supported || f.Nonsense(v) != "") || e.refuses(f, v) {
			continue
		}
		if f == canon.User {
			v = e.user(v)
		}
		e.b = canon.AppendRaw(e.b, fieldNames[f], v)
	}
	if n := e.r.MaxTokens; n > 0 {
		name := "max_completion_tokens"
		if e.same && e.r.MaxTokensName != "" {
			name = e.r.MaxTokensName
		}
		if e.t.Quirks.MaxTokensOnly || !e.same && e.t.Traits.Limit == trait.LimitTokens {
			name = "max_tokens"
		}
		if e.t.MaxTokens > 0 && !e.same {
			n = min(n, e.t.MaxTokens)
		}
		e.b = strconv.AppendInt(canon.AppendKey(e.b, name), n, 10)
	}
	if len(e.r.Stop) > 0 && (e.same || len(e.r.Stop) <= maxStops && e.t.Traits.Stop != trait.No) {
		e.b = append(canon.AppendKey(e.b, "stop"), '[')
		for _, s := range e.r.Stop {
			e.b = append(canon.AppendComma(e.b), s...)
		}
		e.b = append(e.b, ']')
	}
	if e.effort != "" && (!e.same || e.r.Reason.Raw != nil) {
		e.b = scan.AppendString(canon.AppendKey(e.b, "reasoning_effort"), string(e.effort))
	}
	if !e.same && switchesOff(&e.t.Traits, e.asked) {
		e.b = append(canon.AppendKey(e.b, "thinking"), switchedOff...)
	}
}

// refuses reports whether a field goes nowhere: what the model does not take, and what
// says how to call tools if there are none. A client of this dialect is judged once its
// body is written.
func (e *encoder) refuses(f canon.Field, v scan.Value) bool {
	switch {
	case e.same:
		return false
	case f == canon.Parallel:
		return !e.tooled
	default:
		return refused(&e.t.Traits, f, v, reasons(e.effort))
	}
}

func (e *encoder) stream() {
	if !e.r.Stream && !e.t.Stream {
		return
	}
	e.b = append(e.b, `,"stream":true`...)
	if e.t.Quirks.NoStreamOptions {
		return
	}
	e.b = append(e.b, `,"stream_options":{"include_usage":true`...)
	if e.same {
		e.b = canon.AppendInside(e.b, "stream_options", e.r.Extra)
	}
	e.b = append(e.b, '}')
}

func (e *encoder) format() {
	f := &e.r.Format
	if !e.fitFormat() {
		return
	}
	if e.same {
		e.b = canon.AppendRaw(e.b, "response_format", f.Raw)
		return
	}
	switch f.Kind {
	case canon.FormatObject:
		e.b = append(e.b, `,"response_format":{"type":"json_object"}`...)
	case canon.FormatSchema:
		e.b = append(e.b, `,"response_format":{"type":"json_schema","json_schema":{"name":`...)
		if f.Name != nil {
			e.b = append(e.b, f.Name...)
		} else {
			e.b = append(e.b, `"answer"`...)
		}
		e.b = canon.AppendRaw(e.b, "description", f.Description)
		fit := e.fitAnswer(f)
		e.b = canon.AppendRaw(e.b, "schema", fit.Schema)
		e.b = strconv.AppendBool(canon.AppendKey(e.b, "strict"), fit.Strict)
		e.b = append(e.b, '}', '}')
	case canon.FormatUnset, canon.FormatText, canon.FormatOther: // text is what comes unasked
	}
}

func (e *encoder) fitFormat() bool {
	switch e.r.Format.Kind {
	case canon.FormatUnset:
		return false
	case canon.FormatSchema:
		return !e.t.Quirks.NoJSONSchema && (e.same || e.fitAnswer(&e.r.Format).OK)
	case canon.FormatOther:
		return e.same
	default:
		return true
	}
}
