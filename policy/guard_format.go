package policy

import (
	"encoding/json"
	"regexp"
	"regexp/syntax"
	"strings"

	"github.com/headgate/headgate/policy/strict"
)

// FormatGuard judges whether answers have the form that they should have. Each form that is given
// must be there.
type FormatGuard struct {
	GuardTerms
	JSON       bool     // the text is a JSON value
	Regex      string   // the text matches it as a whole; empty: none
	Enum       []string // the text is one of these; nil: it may be any
	SchemaFile string   // the text is JSON of the schema in it; empty: none
	Schema     string   // the text is JSON of it; FormatFromRequest; empty: none
	Tools      bool     // tool calls have arguments that fit the tools' own schemas
	Repair     bool     // ask the model once more
}

// FormatFromRequest is the Schema that stands for the form which the request asks for.
const FormatFromRequest = "request"

var formatGuard = described[FormatGuard]{
	doc:    "Finds answers that do not have the form which was asked for. An answer that calls tools is judged by its calls, any other by its text; what the model refuses is not judged.",
	sample: `format: {repair: true}`,
	object: strict.NewObject(append(
		guardTerms("format", func(g *FormatGuard) *GuardTerms { return &g.GuardTerms }, GuardDeny, GuardFlag),
		strict.Bind("json", func(g *FormatGuard) *bool { return &g.JSON }, strict.Switch()).Default(false).
			Doc("The text must be one JSON value, without a code fence around it.").
			Example(`json: true`),
		strict.Bind("regex", func(g *FormatGuard) *string { return &g.Regex }, strict.Form(readFormatRegex, func(s string) string { return s })).Absent("none").
			Doc("Expression in RE2 syntax that the whole text must match.").
			Example(`regex: "[0-9]{4}-[0-9]{2}-[0-9]{2}"`),
		strict.Bind("enum", func(g *FormatGuard) *[]string { return &g.Enum }, strict.List(1, 1000, strict.Text())).Absent("none").
			Doc("Texts, one of which the whole text must be.").
			Example(`enum: [positive, negative, neutral]`),
		strict.Bind("schema_file", func(g *FormatGuard) *string { return &g.SchemaFile }, absoluteFile).Absent("none").
			Doc("File on each pair's machine with a JSON Schema of up to 256 KiB that the text must fit. It is read when the pair takes a policy: a pair that cannot use it refuses the policy.").
			Example(`schema_file: /etc/headgate/answer.schema.json`),
		strict.Bind("schema", func(g *FormatGuard) *string { return &g.Schema }, strict.Form(readFormatSchema, func(s string) string { return s })).DefaultFrom(usualSchema, "request if json, regex, enum and schema_file are left out, else none").
			Doc("JSON Schema that the text must fit, written as JSON; or request: what the request itself asks for, with response_format or output_config.format, if it does. Drafts up to 2020-12 are known; $ref to other documents is not.").
			Example(`schema: '{"type": "object", "required": ["answer"]}'`),
		strict.Bind("tools", func(g *FormatGuard) *bool { return &g.Tools }, strict.Switch()).DefaultFrom(func(g *FormatGuard) bool { return g.Schema == FormatFromRequest }, "true if schema is request, else false").
			Doc("Tool calls must be of tools that the request has, with arguments that fit the tools' own schemas.").
			Example(`tools: true`),
		strict.Bind("repair", func(g *FormatGuard) *bool { return &g.Repair }, strict.Switch()).Default(false).
			Doc("Ask the model once more if an answer does not have its form, with what is wrong with it, and give the client the better one. Not of streams.").
			Example(`repair: true`),
	)...).Check(func(r *strict.Reader, g *strict.Given, it *FormatGuard) {
		if at, ok := g.At("schema_file"); ok && it.Schema != "" && it.Schema != FormatFromRequest {
			r.Fault(at, "keep one of them", "schema gives a schema, too")
		}
		if !it.JSON && it.Regex == "" && it.Enum == nil && it.SchemaFile == "" && it.Schema == "" && !it.Tools {
			r.Fault(g.Place(), "name a form", "there is nothing to judge by")
		}
	}),
}

func usualSchema(g *FormatGuard) string {
	if g.JSON || g.Regex != "" || g.Enum != nil || g.SchemaFile != "" {
		return ""
	}
	return FormatFromRequest
}

func readFormatRegex(r *strict.Reader, at strict.Place, expr string) (string, bool) {
	if len(expr) == 0 || len(expr) > 2048 {
		r.Fault(at, "", "must have 1 to 2048 bytes")
		return "", false
	}
	if _, err := syntax.Parse(expr, syntax.Perl); err != nil {
		r.Fault(at, "see https://github.com/google/re2/wiki/Syntax", "must be a regular expression of RE2: %v", err)
		return "", false
	}
	if _, err := regexp.Compile(`\A(?:` + expr + `)\z`); err != nil {
		r.Fault(at, "repeat less", "the expression is too large")
		return "", false
	}
	return expr, true
}

const maxFormatSchema = 256 << 10 // bytes

func readFormatSchema(r *strict.Reader, at strict.Place, text string) (string, bool) {
	switch {
	case text == FormatFromRequest:
	case len(text) > maxFormatSchema:
		r.Fault(at, "", "must have at most %d bytes", maxFormatSchema)
		return "", false
	case !strings.HasPrefix(strings.TrimLeft(text, " \t\r\n"), "{"):
		r.Fault(at, `such as '{"type": "object"}'`, "must be request, or a JSON Schema that is written as JSON, is %s", strict.Quote(text))
		return "", false
	case !json.Valid([]byte(text)):
		r.Fault(at, "", "begins like JSON, and is none")
		return "", false
	}
	return text, true
}
