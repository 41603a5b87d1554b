package openai

import (
	"fmt"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/canon/schema"
	"github.com/headgate/headgate/extproc/scan"
	"github.com/headgate/headgate/policy/trait"
)

// schemaFit is a schema as OpenAI takes it.
type schemaFit struct {
	ok     bool
	schema scan.Value
	strict bool
	losses []string
	fault  schema.Fault // why it does not fit, or is not strict although that is asked for
}

var noArguments = scan.Value(`{"type":"object"}`)

// subsets are what the model takes of JSON Schema, strict and not: as OpenAI's own do
// unless it is known to be another vendor's.
func (e *encoder) subsets() (strict, loose *schema.Subset) {
	if e.t.Traits.Schema == trait.SchemaAnthropic {
		return schema.AnthropicStrict, schema.AnthropicLoose
	}
	return schema.OpenAIStrict, schema.OpenAILoose
}

// fitSchema makes a schema fit: strict if that is asked for and the model can enforce it.
func (e *encoder) fitSchema(v scan.Value, strict bool) schemaFit {
	if v == nil && !strict {
		return schemaFit{ok: true}
	}
	if v == nil {
		v = noArguments
	}
	var why schema.Fault
	enforced, shown := e.subsets()
	if strict {
		f := schema.Fit(v, enforced)
		if f.OK {
			return schemaFit{ok: true, schema: f.Schema, strict: true, losses: f.Losses}
		}
		why = f.Fault
	}
	f := schema.Fit(v, shown)
	if !f.OK {
		why = f.Fault
	}
	return schemaFit{ok: f.OK, schema: f.Schema, losses: f.Losses, fault: why}
}

// toolFit makes a tool's schema fit. A client of the same dialect is taken at its word.
func (e *encoder) toolFit(t *canon.Tool) schemaFit {
	strict := t.Strict.True() && !e.t.Quirks.NoStrict
	switch {
	case !e.takesTools():
		return schemaFit{}
	case e.stands(t):
		return e.fitSchema(t.AsFunction().Schema, false)
	case e.same:
		return schemaFit{ok: true, schema: t.Schema, strict: strict}
	case t.Custom:
		return schemaFit{ok: true}
	case t.Other:
		return schemaFit{}
	default:
		return e.fitSchema(t.Schema, strict)
	}
}

// fitAnswer makes the answer's schema fit. It is strict unless the client says no:
// Anthropic's clients have no other way.
func (e *encoder) fitAnswer(f *canon.Format) schemaFit {
	return e.fitSchema(f.Schema, f.Strict == nil || f.Strict.True())
}

// unsupportedFormat finds what is lost of the answer's form.
func (e *encoder) unsupportedFormat(add adder) {
	f := &e.r.Format
	switch {
	case f.Kind == canon.FormatUnset:
		return
	case f.Kind != canon.FormatSchema || e.same || e.t.Quirks.NoJSONSchema:
		if !e.fitFormat() {
			add(canon.Meaning, e.r.FormatName(), "it cannot hold an answer to this format")
		}
		return
	}
	fit := e.fitAnswer(f)
	at := below(e.r.FormatSchema, fit.fault.Path)
	switch {
	case !fit.ok:
		add(canon.Meaning, at, fit.fault.Why)
		return
	case !fit.strict && fit.fault.Why != "":
		add(canon.Tuning, at, "the schema is shown to the model, not enforced: "+fit.fault.Why)
	}
	addLosses(add, e.r.FormatSchema, fit.losses)
}

// unsupportedSchema finds what is lost of a tool's schema.
func (e *encoder) unsupportedSchema(add adder, t *canon.Tool, fit *schemaFit, path string) {
	at := path + "." + e.r.ToolSchema
	switch {
	case !fit.ok:
		add(canon.Meaning, below(at, fit.fault.Path), fit.fault.Why)
		return
	case t.Strict.True() && !fit.strict && !e.t.Quirks.NoStrict:
		add(canon.Tuning, path+".strict", fmt.Sprintf("the schema cannot be enforced (%s: %s)", below(e.r.ToolSchema, fit.fault.Path), fit.fault.Why))
	}
	addLosses(add, at, fit.losses)
}

func addLosses(add adder, at string, losses []string) {
	for _, path := range losses {
		add(canon.Tuning, below(at, path), "it is told in the description, not enforced")
	}
}

func below(path, rest string) string {
	if rest == "" {
		return path
	}
	return path + "." + rest
}
