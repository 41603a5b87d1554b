package openai

import (
	"fmt"
	"slices"
	"strings"

	"github.com/headgate/headgate/extproc/scan"
	"github.com/headgate/headgate/extproc/sim/wire"
)

// strictKeywords and strictFormats are those of strict mode:
// developers.openai.com/api/docs/guides/structured-outputs, "Supported schemas". The
// lengths of strings are not listed there, but reported to be taken by some models
// (github.com/pydantic/pydantic-ai/pull/4490): they are not refused here. Neither is
// default, which Azure refuses and OpenAI takes (openai/openai-agents-python#4390).
var (
	strictKeywords = strings.Fields("$schema $ref $defs definitions type enum const properties required additionalProperties items anyOf description title default " +
		"pattern format multipleOf maximum exclusiveMaximum minimum exclusiveMinimum minItems maxItems minLength maxLength")
	strictFormats = strings.Fields("date-time time date duration email hostname ipv4 ipv6 uuid")
)

// SchemaFault says what OpenAI refuses of a schema, in its words; empty: nothing.
func SchemaFault(schema scan.Value, strict bool) string {
	if !wire.Given(schema) {
		return ""
	}
	// github.com/nspady/google-calendar-mcp/issues/39
	for _, key := range [...]string{"oneOf", "anyOf", "allOf", "enum", "not"} {
		if schema.Get(key) != nil {
			return "schema must have type 'object' and not have 'oneOf'/'anyOf'/'allOf'/'enum'/'not' at the top level."
		}
	}
	if kind := schema.Get("type"); wire.Str(kind) != "object" {
		return fmt.Sprintf("schema must be a JSON Schema of 'type: \"object\"', got 'type: \"%s\"'.", wire.Str(kind))
	}
	ask := withoutItems
	if strict {
		ask = notStrict
	}
	if fault := ask(schema, "()"); fault != "" {
		return fault
	}
	// github.com/spring-projects/spring-ai/issues/4776
	if schema.Get("properties").Kind() != scan.Object {
		return "In context=(), object schema missing properties."
	}
	return ""
}

// withoutItems finds an array that does not say what its items are:
// github.com/sigoden/aichat/pull/1049.
func withoutItems(schema scan.Value, at string) string {
	if hasType(schema, "array") && !wire.Given(schema.Get("items")) {
		return "In context=" + at + ", array schema missing items."
	}
	return inner(schema, withoutItems)
}

// notStrict says what keeps a schema from being one for strict mode.
func notStrict(schema scan.Value, at string) string {
	fault := func(format string, args ...any) string {
		return "In context=" + at + ", " + fmt.Sprintf(format, args...)
	}
	count := 0
	for m := schema.Fields(); m.Next(); count++ {
		if key := string(m.Key()); !slices.Contains(strictKeywords, key) {
			return fault("'%s' is not permitted.", key)
		}
	}
	format := schema.Get("format")
	switch {
	case schema.Get("$ref") != nil && count > 1 && schema.Get("$defs") == nil:
		return fault("$ref cannot have keywords.")
	case schema.Get("$ref") != nil:
		return ""
	case schema.Get("type") == nil && schema.Get("anyOf") == nil && schema.Get("enum") == nil && schema.Get("const") == nil:
		return fault("schema must have a 'type' key.")
	case format != nil && !slices.Contains(strictFormats, wire.Str(format)):
		return fault("'%s' is not a valid format.", wire.Str(format))
	case hasType(schema, "array") && !wire.Given(schema.Get("items")):
		return fault("array schema missing items.")
	}
	if props := schema.Get("properties"); wire.Given(props) || hasType(schema, "object") {
		if string(schema.Get("additionalProperties")) != "false" {
			return fault("'additionalProperties' is required to be supplied and to be false.")
		}
		if name := optional(schema); name != "" {
			return fault("'required' is required to be supplied and to be an array including every key in properties. Missing '%s'.", name)
		}
	}
	return inner(schema, notStrict)
}

// optional returns a property that is not required.
func optional(schema scan.Value) string {
	required := map[string]bool{}
	for m := schema.Get("required").Elements(); m.Next(); {
		required[wire.Str(m.Value())] = true
	}
	for m := schema.Get("properties").Fields(); m.Next(); {
		if name := string(m.Key()); !required[name] {
			return name
		}
	}
	return ""
}

// inner asks of each schema in a schema.
func inner(schema scan.Value, ask func(schema scan.Value, at string) string) string {
	for m := schema.Fields(); m.Next(); {
		key, v := string(m.Key()), m.Value()
		switch key {
		case "properties", "$defs", "definitions":
			for p := v.Fields(); p.Next(); {
				if fault := ask(p.Value(), fmt.Sprintf("('%s', '%s')", key, p.Key())); fault != "" {
					return fault
				}
			}
		case "anyOf", "oneOf", "allOf":
			for p, i := v.Elements(), 0; p.Next(); i++ {
				if fault := ask(p.Value(), fmt.Sprintf("('%s', '%d')", key, i)); fault != "" {
					return fault
				}
			}
		case "items":
			if fault := ask(v, "('items')"); fault != "" {
				return fault
			}
		}
	}
	return ""
}

func hasType(schema scan.Value, kind string) bool {
	v := schema.Get("type")
	for e := v.Elements(); e.Next(); {
		if wire.Str(e.Value()) == kind {
			return true
		}
	}
	return wire.Str(v) == kind
}
