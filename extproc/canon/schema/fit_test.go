package schema

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/extproc/scan"
)

// written are schemas as each subset takes them. An outcome that begins with "fault" is
// the place that cannot be mended.
var written = []struct {
	name   string
	subset *Subset
	in     string
	out    string
	losses string
}{
	{"bounds are told", AnthropicFormat,
		`{"type":"object","properties":{"a":{"type":"integer","minimum":1,"maximum":9}},"required":["a"],"additionalProperties":false}`,
		`{"type":"object","properties":{"a":{"type":"integer","description":"{minimum: 1, maximum: 9}"}},"required":["a"],"additionalProperties":false}`,
		"properties.a.minimum properties.a.maximum"},
	{"what is told follows the description", AnthropicFormat,
		`{"type":"object","properties":{"a":{"type":"string","description":"An \"a\".","minLength":2,"format":"binary"}},"additionalProperties":false}`,
		`{"type":"object","properties":{"a":{"type":"string","description":"An \"a\".\n\n{minLength: 2, format: binary}"}},"additionalProperties":false}`,
		"properties.a.minLength properties.a.format"},
	{"annotations are told and no loss", AnthropicFormat,
		`{"$schema":"http://json-schema.org/draft-07/schema#","type":"object","properties":{"a":{"type":"string","default":"x","title":"A"}}}`,
		`{"type":"object","properties":{"a":{"type":"string","title":"A","description":"{default: x}"}},"additionalProperties":false,"description":"{$schema: http://json-schema.org/draft-07/schema#}"}`, ""},
	{"lists of none or one and plain expressions are kept", AnthropicFormat,
		`{"type":"array","minItems":1,"items":{"type":"string","pattern":"^[a-z]+$"},"additionalProperties":1}`,
		`{"type":"array","minItems":1,"items":{"type":"string","pattern":"^[a-z]+$"},"additionalProperties":1}`, ""},
	{"longer lists and odd expressions are told", AnthropicFormat,
		`{"type":"array","minItems":2,"items":{"type":"string","pattern":"^(?=a)\\bx$"}}`,
		`{"type":"array","items":{"type":"string","description":"{pattern: ^(?=a)\\bx$}"},"description":"{minItems: 2}"}`,
		"minItems items.pattern"},
	{"one of several becomes any of them", AnthropicFormat,
		`{"oneOf":[{"type":"string"},{"type":"number","multipleOf":2}]}`,
		`{"anyOf":[{"type":"string"},{"type":"number","description":"{multipleOf: 2}"}]}`, "oneOf oneOf.1.multipleOf"},
	{"all of one is any of it", OpenAIStrict,
		`{"type":"object","properties":{"a":{"allOf":[{"$ref":"#/$defs/n"}],"description":"d"}},"required":["a"],"additionalProperties":false,"$defs":{"n":{"type":"null"}}}`,
		`{"type":"object","properties":{"a":{"anyOf":[{"$ref":"#/$defs/n"}],"description":"d"}},"required":["a"],"additionalProperties":false,"$defs":{"n":{"type":"null"}}}`, ""},
	{"all of several objects are one", OpenAIStrict,
		`{"type":"object","properties":{"o":{"allOf":[{"$ref":"#/$defs/n"},{"properties":{"b":{"type":"null"}},"required":["b"]}]}},"required":["o"],"$defs":{"n":{"type":"object","properties":{"a":{"type":"null"}},"required":["a"]}}}`,
		`{"type":"object","properties":{"o":{"properties":{"a":{"type":"null"},"b":{"type":"null"}},"type":"object","required":["a","b"],"additionalProperties":false}},"required":["o"],"$defs":{"n":{"type":"object","properties":{"a":{"type":"null"}},"required":["a"],"additionalProperties":false}},"additionalProperties":false}`, ""},
	{"what stands beside a reference goes around it", AnthropicFormat,
		`{"type":"object","properties":{"a":{"$ref":"#/$defs/n","description":"d","default":null}},"$defs":{"n":{"type":"integer"}}}`,
		`{"type":"object","properties":{"a":{"anyOf":[{"$ref":"#/$defs/n"}],"description":"d\n\n{default: null}"}},"$defs":{"n":{"type":"integer"}},"additionalProperties":false}`, ""},
	{"references to other places are written out", AnthropicFormat,
		`{"type":"object","properties":{"a":{"type":"null"},"b":{"$ref":"#/properties/a","description":"d"}}}`,
		`{"type":"object","properties":{"a":{"type":"null"},"b":{"type":"null","description":"d"}},"additionalProperties":false}`, ""},
	{"a root that is a reference is written out", OpenAIStrict,
		`{"$schema":"s","$ref":"#/definitions/x","definitions":{"x":{"type":"object","properties":{"a":{"$ref":"#/definitions/x"}},"required":["a"]}}}`,
		`{"type":"object","properties":{"a":{"$ref":"#/definitions/x"}},"required":["a"],"$schema":"s","definitions":{"x":{"type":"object","properties":{"a":{"$ref":"#/definitions/x"}},"required":["a"],"additionalProperties":false}},"additionalProperties":false}`, ""},
	{"types are inferred", AnthropicFormat,
		`{"properties":{"a":{"items":{"minimum":1}},"b":{"enum":["x",null]},"c":{"maxLength":1}}}`,
		`{"type":"object","properties":{"a":{"type":"array","items":{"type":"number","description":"{minimum: 1}"}},"b":{"enum":["x",null]},"c":{"type":"string","description":"{maxLength: 1}"}},"additionalProperties":false}`,
		"properties.a.items.minimum properties.c.maxLength"},
	{"open objects are closed and that is told", AnthropicFormat,
		`{"type":"object","properties":{"a":{"type":"null"}},"additionalProperties":true}`,
		`{"type":"object","properties":{"a":{"type":"null"}},"additionalProperties":false,"description":"{additionalProperties: true}"}`, "additionalProperties"},
	{"a type moves into the branches", AnthropicFormat,
		`{"type":"object","anyOf":[{"properties":{"a":{"type":"null"}}},{"type":"object","properties":{}}]}`,
		`{"anyOf":[{"type":"object","properties":{"a":{"type":"null"}},"additionalProperties":false},{"type":"object","properties":{},"additionalProperties":false}]}`, ""},
	{"maps cannot be", AnthropicFormat, `{"type":"object","properties":{"m":{"type":"object","additionalProperties":{"type":"string"}}},"additionalProperties":false}`, "fault properties.m.additionalProperties", ""},
	{"anything cannot be", AnthropicFormat, `{"type":"object","properties":{"m":{"description":"any"}},"additionalProperties":false}`, "fault properties.m", ""},
	{"booleans cannot be", AnthropicFormat, `{"type":"object","properties":{"m":true},"additionalProperties":false}`, "fault properties.m", ""},
	{"values that are objects cannot be", AnthropicFormat, `{"enum":[{}]}`, "fault ", ""},
	{"recursion cannot be", AnthropicFormat, `{"$ref":"#/$defs/n","$defs":{"n":{"type":"array","items":{"$ref":"#/$defs/m"}},"m":{"anyOf":[{"$ref":"#/$defs/n"}]}}}`, "fault $defs.m", ""},
	{"references elsewhere cannot be", AnthropicFormat, `{"type":"array","items":{"$ref":"https://example.org/s"}}`, "fault items.$ref", ""},
	{"references around in a circle cannot be", AnthropicFormat, `{"type":"array","items":{"$ref":"#/items"}}`, "fault items.$ref", ""},

	{"optional properties cannot be", OpenAIStrict, `{"type":"object","properties":{"a":{"type":"null"},"b":{"type":"null"}},"required":["a"],"additionalProperties":false}`, "fault properties.b", ""},
	{"unions at the top cannot be", OpenAIStrict, `{"anyOf":[{"type":"string"},{"type":"null"}]}`, "fault ", ""},
	{"a list cannot be the answer", OpenAILoose, `{"type":"array","items":{}}`, "fault type", ""},
	{"recursion may be", OpenAIStrict, `{"type":"object","properties":{"a":{"$ref":"#"}},"required":["a"],"additionalProperties":false}`,
		`{"type":"object","properties":{"a":{"$ref":"#"}},"required":["a"],"additionalProperties":false}`, ""},
	{"formats that are not known and lengths are told", OpenAIStrict,
		`{"type":"object","properties":{"u":{"type":"string","format":"uri","maxLength":9},"n":{"type":"number","minimum":1}},"required":["n","u"],"additionalProperties":false}`,
		`{"type":"object","properties":{"u":{"type":"string","description":"{format: uri, maxLength: 9}"},"n":{"type":"number","minimum":1}},"required":["n","u"],"additionalProperties":false}`,
		"properties.u.format properties.u.maxLength"},
	{"an enum says its type", OpenAIStrict, `{"type":"object","properties":{"a":{"enum":["x"]},"b":{"const":1}},"required":["a","b"],"additionalProperties":false}`,
		`{"type":"object","properties":{"a":{"type":"string","enum":["x"]},"b":{"type":"number","const":1}},"required":["a","b"],"additionalProperties":false}`, ""},
	{"a tool without parameters", OpenAIStrict, `{"type":"object"}`, `{"type":"object","properties":{},"additionalProperties":false}`, ""},

	{"a loose object lists its properties", OpenAILoose, `{"type":"object"}`, `{"type":"object","properties":{}}`, ""},
	{"a loose root says its type", AnthropicLoose, `{"properties":{}}`, `{"type":"object","properties":{}}`, ""},
	{"loose lists say what their items are", OpenAILoose, `{"type":"object","properties":{"a":{"type":["array","null"]},"b":{"type":"array","items":{"type":"array","items":{}}}}}`,
		`{"type":"object","properties":{"a":{"type":["array","null"],"items":{}},"b":{"type":"array","items":{"type":"array","items":{}}}}}`, ""},
	{"forms of older drafts become today's", AnthropicLoose,
		`{"type":"object","properties":{"n":{"minimum":1,"exclusiveMinimum":true,"maximum":2,"exclusiveMaximum":false},"t":{"type":"array","items":[{"type":"string"}],"additionalItems":false}}}`,
		`{"type":"object","properties":{"n":{"exclusiveMinimum":1,"maximum":2},"t":{"type":"array","prefixItems":[{"type":"string"}],"items":false}}}`, ""},
	{"lists of so many are told in strict modes", OpenAIStrict,
		`{"type":"object","properties":{"n":{"type":"number","maximum":2,"exclusiveMaximum":true},"t":{"type":"array","items":[{"type":"string"}],"additionalItems":{"type":"null"}}},"required":["n","t"]}`,
		`{"type":"object","properties":{"n":{"type":"number","exclusiveMaximum":2},"t":{"type":"array","items":{"type":"null"},"description":"{prefixItems: [{\"type\":\"string\"}]}"}},"required":["n","t"],"additionalProperties":false}`, "properties.t.items"},
	{"loose bounds stay", AnthropicLoose, `{"type":"object","properties":{"a":{"minimum":1,"oneOf":[{}]}}}`, `{"type":"object","properties":{"a":{"minimum":1,"oneOf":[{}]}}}`, ""},
	{"a union at the top becomes one object", AnthropicLoose,
		`{"type":"object","properties":{"k":{"type":"string"}},"required":["k"],"oneOf":[{"properties":{"a":{"const":1},"x":{}},"required":["a"]},{"$ref":"#/$defs/b"}],"$defs":{"b":{"type":"object","properties":{"a":{"const":2}},"required":["a","k"]}}}`,
		`{"type":"object","properties":{"k":{"type":"string"},"a":{"anyOf":[{"const":1},{"const":2}]},"x":{}},"required":["k","a"],"$defs":{"b":{"type":"object","properties":{"a":{"const":2}},"required":["a","k"]}},` +
			`"description":"{oneOf: [{\"properties\":{\"a\":{\"const\":1},\"x\":{}},\"required\":[\"a\"]},{\"$ref\":\"#/$defs/b\"}]}"}`, "oneOf"},
	{"at least one of two parameters", OpenAILoose,
		`{"type":"object","properties":{"a":{},"b":{}},"anyOf":[{"required":["a"]},{"required":["b"]}],"not":{"required":["a","b"]}}`,
		`{"type":"object","properties":{"a":{},"b":{}},"description":"{anyOf: [{\"required\":[\"a\"]},{\"required\":[\"b\"]}], not: {\"required\":[\"a\",\"b\"]}}"}`, "anyOf not"},
	{"all of several at the top are one without a loss", AnthropicLoose,
		`{"allOf":[{"type":"object","properties":{"a":{}},"required":["a"]},{"type":"object","properties":{"b":{}}}]}`,
		`{"properties":{"a":{},"b":{}},"type":"object","required":["a"]}`, ""},
	{"names of properties are plain", AnthropicLoose, `{"type":"object","properties":{"filter[id]":{}}}`, "fault properties.filter[id]", ""},
	{"names of properties are short", AnthropicLoose, `{"type":"object","properties":{"` + strings.Repeat("n", 65) + `":{}}}`, "fault properties." + strings.Repeat("n", 65), ""},
	{"an object or nothing is an object", AnthropicLoose, `{"type":["object","null"]}`, `{"type":"object"}`, ""},
	{"arguments are an object", AnthropicLoose, `{"type":"string"}`, "fault type", ""},
}

func TestFit(t *testing.T) {
	t.Parallel()
	for _, tt := range written {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := Fit(scan.Value(tt.in), tt.subset)
			got := string(f.Schema)
			if !f.OK {
				got = "fault " + f.Fault.Path
			}
			if diff := cmp.Diff(tt.out, got); diff != "" {
				t.Errorf("%s (%s)", diff, f.Fault.Why)
			}
			if got := strings.Join(f.Losses, " "); f.OK && got != tt.losses {
				t.Errorf("losses: got %q, want %q", got, tt.losses)
			}
			if f.OK && !json.Valid(f.Schema) {
				t.Errorf("not JSON: %s", f.Schema)
			}
		})
	}
}

// TestOldFormsAreRenewedInTheFirstItemsToo holds that schemas of an array's items by their
// place are read as such, in each other and in strict modes, too.
func TestOldFormsAreRenewedInTheFirstItemsToo(t *testing.T) {
	in := scan.Value(`{"type":"object","properties":{"a":{"type":"array","items":[{"type":"array","items":[{"type":"string"}]}]}},"required":["a"],"additionalProperties":false}`)
	for name, subset := range map[string]*Subset{"Anthropic": AnthropicLoose, "OpenAI, strict": OpenAIStrict, "Anthropic's answers": AnthropicFormat} {
		if f := Fit(in, subset); strings.Contains(string(f.Schema), `"items":[`) {
			t.Errorf("%s: %s", name, f.Schema)
		}
	}
}
