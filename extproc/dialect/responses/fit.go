package responses

import (
	"bytes"
	"strconv"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/scan"
	"github.com/headgate/headgate/policy/trait"
)

// Adapt writes the model's name at the backend and the settings as the model takes them. A
// stream ends with its usage, whether asked or not.
func (Dialect) Adapt(dst []byte, req *exchange.Request, t *canon.Target) ([]byte, canon.Dropped, bool) {
	var room [4]scan.Edit
	edits := room[:0]
	if t.Stream && !req.Stream {
		edits = append(edits, req.Spans.AskStream())
	}
	if s := req.Spans.Model; t.Model != req.Model {
		edits = append(edits, scan.Edit{Start: s.Start, End: s.End, With: scan.AppendString(nil, t.Model)})
	}
	fitted, dropped := fitEdits(req.Body, t)
	if edits = append(edits, fitted...); len(edits) == 0 {
		return dst, nil, false
	}
	scan.Sort(edits)
	return scan.Splice(dst, req.Body, edits), dropped, true
}

// includeReasoning asks for reasoning in a form that only its maker can read.
const includeReasoning = "reasoning.encrypted_content"

// Members of a body that models differ in.
const (
	fitLimit = iota
	fitReasoning
	fitInclude
	fitTemperature
	fitTopP
	fitLogprobs
	fitMembers
)

var fitNames = []string{"max_output_tokens", "reasoning", "include", "temperature", "top_p", "top_logprobs"}

var fitFields = [...]canon.Field{fitTemperature: canon.Temperature, fitTopP: canon.TopP, fitLogprobs: canon.TopLogprobs}

// fitter makes a body of this dialect fit for a model of it.
type fitter struct {
	t       *canon.Target
	v       [fitMembers]scan.Value
	fate    [fitMembers]scan.Fate
	with    [fitMembers][]byte
	dropped canon.Dropped
}

// fit returns the body of a client of this dialect as a model takes it, and what that
// lost. One that the model takes is returned as it is.
func fit(body []byte, t *canon.Target) ([]byte, canon.Dropped) {
	edits, dropped := fitEdits(body, t)
	if len(edits) == 0 {
		return body, nil
	}
	return scan.Splice(make([]byte, 0, len(body)+64), body, edits), dropped
}

func fitEdits(body []byte, t *canon.Target) ([]scan.Edit, canon.Dropped) {
	if !t.Traits.Settles() {
		return nil, nil
	}
	f := fitter{t: t}
	m := scan.Value(bytes.TrimLeft(body, " \t\r\n")).Fields()
	for m.Next() {
		if i := fitIndex(m.Key()); i >= 0 && m.Value().Kind() != scan.Null {
			f.v[i] = m.Value()
		}
	}
	f.limit()
	f.include()
	reasons := f.effort()
	f.fields(reasons)
	return f.edits(body), f.dropped
}

func fitIndex(key []byte) int {
	for i, name := range fitNames {
		if string(key) == name {
			return i
		}
	}
	return -1
}

func (f *fitter) drop(i int, name string) {
	f.fate[i] = scan.Dropped
	if name != "" {
		f.dropped = append(f.dropped, name)
	}
}

func (f *fitter) replace(i int, value []byte) {
	f.fate[i] = scan.Replaced
	f.with[i] = append(append(scan.AppendString(nil, fitNames[i]), ':'), value...)
}

// limit keeps the limit to what the model can give: servers refuse a greater one.
func (f *fitter) limit() {
	most := f.t.Traits.Output
	if n, ok := f.v[fitLimit].Int(); ok && most > 0 && n > most {
		f.replace(fitLimit, strconv.AppendInt(nil, most, 10))
		f.dropped = append(f.dropped, fitNames[fitLimit])
	}
}

// include does not ask a model that does not reason for its encrypted reasoning, which it
// refuses. Agents ask every model for it; there is nothing to lose.
func (f *fitter) include() {
	v := f.v[fitInclude]
	if f.t.Traits.Reasoning != trait.ReasoningNone || v.Kind() != scan.Array {
		return
	}
	c := scan.NewCutter(nil)
	all, left := v.Elements(), 0
	for all.Next() {
		start, end := all.Span()
		cut := string(canon.Inside(all.Value())) == includeReasoning
		c.Item(start, end, cut)
		if !cut {
			left++
		}
	}
	switch edits := c.Close(); {
	case len(edits) == 0:
	case left == 0:
		f.drop(fitInclude, "")
	default:
		f.replace(fitInclude, scan.Splice(nil, v, edits))
	}
}

// effort sends the effort that the model takes, and reports whether the model reasons, as
// far as is known.
func (f *fitter) effort() (reasons bool) {
	t, v := &f.t.Traits, f.v[fitReasoning]
	said := v.Get("effort")
	asked := trait.Effort(canon.Inside(said))
	e := encoder{t: f.t, effort: asked}
	switch {
	case said != nil && said.Kind() != scan.String && said.Kind() != scan.Null:
		return e.reasons() // the provider refuses it in its own words
	case v.Kind() == scan.Object && t.Reasoning == trait.ReasoningNone:
		f.drop(fitReasoning, f.quiet(v, asked))
		return false
	case asked == "":
		return e.reasons()
	}
	e.effort = t.Efforts.Nearest(asked)
	switch {
	case e.effort == "":
		f.drop(fitReasoning, fitNames[fitReasoning])
	case e.effort != asked:
		at, _ := scan.Within(v, said)
		f.replace(fitReasoning, scan.Splice(nil, v, []scan.Edit{{Start: at, End: at + len(said), With: scan.AppendString(nil, string(e.effort))}}))
		f.dropped = append(f.dropped, "reasoning.effort")
	}
	return e.reasons()
}

// quiet names the reasoning that is dropped, but for one that asks a model that does not
// reason not to, or that says nothing.
func (f *fitter) quiet(v scan.Value, asked trait.Effort) string {
	if asked == trait.EffortNone || asked == "" && canon.Void(v) {
		return ""
	}
	return fitNames[fitReasoning]
}

func (f *fitter) fields(reasons bool) {
	for i := fitTemperature; i < fitMembers; i++ {
		if v := f.v[i]; v != nil && refused(&f.t.Traits, fitFields[i], v, reasons) {
			name := fitNames[i]
			if neutral(fitFields[i], v) {
				name = ""
			}
			f.drop(i, name)
		}
	}
}

// edits returns what is to be done to the body; none if it can go as it is.
func (f *fitter) edits(body []byte) []scan.Edit {
	if f.fate == [fitMembers]scan.Fate{} {
		return nil
	}
	return scan.Reshape(nil, body, func(m *scan.Members) (scan.Fate, []byte) {
		if i := fitIndex(m.Key()); i >= 0 {
			return f.fate[i], f.with[i]
		}
		return scan.Kept, nil
	})
}
