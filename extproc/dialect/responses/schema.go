package responses

import (
	"fmt"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/canon/schema"
	"github.com/headgate/headgate/extproc/scan"
	"github.com/headgate/headgate/policy/trait"
)

// fitSchema makes a schema fit: strict if that is asked for and the model can enforce it.
// The subsets are those of OpenAI's unless the model is known to be another vendor's.
func (e *encoder) fitSchema(v scan.Value, strict bool) schema.Enforced {
	if e.t.Traits.Schema == trait.SchemaAnthropic {
		return schema.Enforce(v, strict, schema.AnthropicStrict, schema.AnthropicLoose)
	}
	return schema.Enforce(v, strict, schema.OpenAIStrict, schema.OpenAILoose)
}

// toolFit makes a tool's schema fit. A client of the same dialect is taken at its word.
func (e *encoder) toolFit(t *canon.Tool) schema.Enforced {
	strict := t.Strict.True() && !e.t.Quirks.NoStrict
	switch {
	case !e.takesTools():
		return schema.Enforced{}
	case e.same:
		return schema.Enforced{OK: true, Schema: t.Schema, Strict: strict}
	case t.Custom && e.knowsCustom():
		return schema.Enforced{OK: true}
	case t.Custom:
		return e.fitSchema(t.AsFunction().Schema, false)
	case t.Other:
		return schema.Enforced{}
	default:
		return e.fitSchema(t.Schema, strict)
	}
}

// fitAnswer makes the answer's schema fit. It is strict unless the client says no.
func (e *encoder) fitAnswer(f *canon.Format) schema.Enforced {
	return e.fitSchema(f.Schema, f.Strict == nil || f.Strict.True())
}

// unsupportedFormat finds what is lost of the answer's form.
func (e *encoder) unsupportedFormat(add adder) {
	f := &e.r.Format
	switch {
	case f.Kind == canon.FormatUnset || f.Kind == canon.FormatText:
		return
	case f.Kind != canon.FormatSchema || e.same || e.t.Quirks.NoJSONSchema:
		if !e.fitFormat() {
			add(canon.Meaning, e.r.FormatName(), "it cannot hold an answer to this format")
		}
		return
	}
	fit := e.fitAnswer(f)
	at := below(e.r.FormatSchema, fit.Fault.Path)
	switch {
	case !fit.OK:
		add(canon.Meaning, at, fit.Fault.Why)
		return
	case !fit.Strict && fit.Fault.Why != "":
		add(canon.Tuning, at, "the schema is shown to the model, not enforced: "+fit.Fault.Why)
	}
	addLosses(add, e.r.FormatSchema, fit.Losses)
}

// unsupportedSchema finds what is lost of a tool's schema.
func (e *encoder) unsupportedSchema(add adder, i int, fit *schema.Enforced) {
	if fit.OK && fit.Strict == e.r.Tools[i].Strict.True() && len(fit.Losses) == 0 {
		return
	}
	at := e.r.SchemaPath(i)
	switch {
	case !fit.OK:
		add(canon.Meaning, below(at, fit.Fault.Path), fit.Fault.Why)
		return
	case e.r.Tools[i].Strict.True() && !fit.Strict && !e.t.Quirks.NoStrict:
		add(canon.Tuning, e.r.StrictPath(i), fmt.Sprintf("the schema cannot be enforced (%s: %s)", below(e.r.ToolSchema, fit.Fault.Path), fit.Fault.Why))
	}
	addLosses(add, at, fit.Losses)
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
