package anthropic

import (
	"fmt"
	"strings"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/canon/schema"
	"github.com/headgate/headgate/extproc/scan"
	"github.com/headgate/headgate/policy/trait"
)

// toolFit is a tool's schema as Anthropic takes it.
type toolFit struct {
	ok     bool
	schema scan.Value
	strict bool
	losses []string
	fault  schema.Fault // why it does not fit, or is not strict although it asks for that
}

var noArguments = scan.Value(`{"type":"object","properties":{}}`)

// subsets are what the model takes of JSON Schema in answers, strict tools and others: as
// Anthropic's own do unless it is known to be another vendor's.
func (e *encoder) subsets() (answer, strict, loose *schema.Subset) {
	if e.t.Traits.Schema == trait.SchemaOpenAI {
		return schema.OpenAIStrict, schema.OpenAIStrict, schema.OpenAILoose
	}
	return schema.AnthropicFormat, schema.AnthropicStrict, schema.AnthropicLoose
}

// fitTool makes a tool's schema fit: it is strict if the client asked for that and
// Anthropic can enforce it, with what is left of the request's budget.
func (e *encoder) fitTool(t *canon.Tool, budget *schema.Budget) toolFit {
	switch {
	case !e.takesTools():
		return toolFit{}
	case e.same:
		return toolFit{ok: true}
	case t.Other || t.Again:
		return toolFit{}
	}
	v := t.Schema
	if t.Custom {
		v = t.AsFunction().Schema
	}
	if v == nil {
		v = noArguments
	}
	var why schema.Fault
	_, strict, loose := e.subsets()
	if t.Strict.True() && !e.t.Quirks.NoStrict {
		f := schema.Fit(v, strict)
		if f.OK && budget.Take(&f, true) {
			return toolFit{ok: true, schema: f.Schema, strict: true, losses: f.Losses}
		}
		if why = f.Fault; f.OK {
			why.Why = "a request must not have as many strict schemas, or optional properties and unions in them"
		}
	}
	f := schema.Fit(v, loose)
	if !f.OK {
		why = f.Fault
	}
	return toolFit{ok: f.OK, schema: f.Schema, losses: f.Losses, fault: why}
}

// budgetForTools is what the answer's schema leaves of the budget of strict schemas.
func (e *encoder) budgetForTools() schema.Budget {
	b := schema.NewBudget()
	if f := e.fitFormat(); f.OK {
		b.Take(&f, false)
	}
	return b
}

// fitFormat makes the answer's schema fit. It is not OK if there is none to be sent.
func (e *encoder) fitFormat() schema.Fitted {
	f := &e.r.Format
	if e.same || f.Kind != canon.FormatSchema || e.t.Quirks.NoJSONSchema {
		return schema.Fitted{}
	}
	answer, _, _ := e.subsets()
	fit := schema.Fit(f.Schema, answer)
	budget := schema.NewBudget()
	if fit.OK && !budget.Take(&fit, false) {
		return schema.Fitted{Fault: schema.Fault{Why: "a request must not have as many optional properties, or unions"}}
	}
	return fit
}

// appendFormat writes the answer's schema. What the client called and said of it are
// the schema's title and description; if it has a title of its own, the description
// tells both.
func (e *encoder) appendFormat(v scan.Value) {
	f := &e.r.Format
	e.b = append(canon.AppendKey(e.b, "schema"), '{')
	own, title, name := v.Get("description"), v.Get("title"), f.Name
	if alone(v) {
		e.b = append(e.b, v[1:]...)
		return
	}
	if title == nil {
		e.b = canon.AppendRaw(e.b, "title", name)
	}
	if title == nil || string(title) == string(name) {
		name = nil
	}
	e.b = appendDescription(e.b, f.Description, own, name)
	for m := v.Fields(); m.Next(); {
		if string(m.Key()) == "description" {
			continue
		}
		start, end := m.MemberSpan()
		e.b = append(canon.AppendComma(e.b), v[start:end]...)
	}
	e.b = append(e.b, '}')
}

// alone reports whether nothing may be added to a schema: it is a reference.
func alone(v scan.Value) bool { return v.Get("$ref") != nil }

func appendDescription(b []byte, said, own, name scan.Value) []byte {
	if canon.Empty(said) && canon.Empty(own) && canon.Empty(name) {
		return b
	}
	b = append(canon.AppendKey(b, "description"), '"')
	start := len(b)
	part := func(before string, text []byte, after string) {
		if len(text) == 0 {
			return
		}
		if len(b) > start {
			b = append(b, `\n\n`...)
		}
		b = append(append(append(b, before...), text...), after...)
	}
	part("", canon.Inside(said), "")
	part("", canon.Inside(own), "")
	part("{name: ", canon.Inside(name), "}")
	return append(b, '"')
}

// format finds what is lost of the answer's schema.
func (u *findings) format() {
	r := u.e.r
	if r.Format.Kind != canon.FormatSchema {
		return
	}
	if u.e.t.Quirks.NoJSONSchema {
		u.add(canon.Meaning, r.FormatName(), "it cannot hold an answer to a schema")
		return
	}
	f := u.e.fitFormat()
	if !f.OK {
		u.add(canon.Meaning, below(r.FormatSchema, f.Fault.Path), f.Fault.Why)
		return
	}
	u.losses(r.FormatSchema, f.Losses)
	if alone(f.Schema) {
		u.unsaid("name", r.Format.Name)
		u.unsaid("description", r.Format.Description)
	}
}

// unsaid names what a client says of a schema that nothing can be added to.
func (u *findings) unsaid(name string, v scan.Value) {
	if !canon.Empty(v) {
		u.add(canon.Tuning, strings.TrimSuffix(u.e.r.FormatSchema, "schema")+name, "nothing may stand beside a reference")
	}
}

func (u *findings) losses(at string, losses []string) {
	for _, path := range losses {
		u.add(canon.Tuning, below(at, path), "it is told in the description, not enforced")
	}
}

func below(path, rest string) string {
	if rest == "" {
		return path
	}
	return path + "." + rest
}

// schema finds what is lost of a tool's schema. It returns false if the tool is.
func (u *findings) schema(i int, fit *toolFit) bool {
	t, at := &u.e.r.Tools[i], u.e.r.SchemaPath(i)
	if !fit.ok {
		u.add(canon.Meaning, below(at, fit.fault.Path), fit.fault.Why)
		return false
	}
	switch {
	case t.Strict.True() && u.e.t.Quirks.NoStrict:
		u.add(canon.Tuning, u.e.r.StrictPath(i), "the model knows no strict tools")
	case t.Strict.True() && !fit.strict:
		u.add(canon.Tuning, u.e.r.StrictPath(i), fmt.Sprintf("the schema cannot be enforced (%s)", below(u.e.r.ToolSchema, fit.fault.Path)+": "+fit.fault.Why))
	}
	u.losses(at, fit.losses)
	return true
}
