package schema

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// outside says what of a schema the vendor's documentation does not allow, by its own
// reading of it; empty: nothing.
func outside(subset string, s doc) string {
	switch subset {
	case "OpenAIStrict":
		return firstOf(root(s, "anyOf", "oneOf", "allOf", "enum", "not"), strictly(s, openAIRules))
	case "OpenAILoose":
		if _, ok := s["properties"]; !ok {
			return "no properties"
		}
		return firstOf(root(s, "anyOf", "oneOf", "allOf", "enum", "not"), arrays(s))
	case "AnthropicFormat":
		return firstOf(strictly(s, anthropicRules), cycles(s))
	case "AnthropicStrict":
		return firstOf(root(s, "anyOf", "oneOf", "allOf"), strictly(s, anthropicRules), cycles(s))
	}
	return root(s, "anyOf", "oneOf", "allOf")
}

func firstOf(faults ...string) string {
	for _, f := range faults {
		if f != "" {
			return f
		}
	}
	return ""
}

func root(s doc, never ...string) string {
	if s["type"] != "object" {
		return "the root is no object"
	}
	for _, key := range never {
		if _, ok := s[key]; ok {
			return key + " at the root"
		}
	}
	return ""
}

// rules are a vendor's list of keywords with what it says of each.
type rules struct {
	keywords, formats string
	required          bool
}

var openAIRules = rules{
	"$schema $ref $defs definitions type enum const properties required additionalProperties items anyOf description title " +
		"pattern format multipleOf maximum exclusiveMaximum minimum exclusiveMinimum minItems maxItems",
	"date-time time date duration email hostname ipv4 ipv6 uuid", true,
}

var anthropicRules = rules{
	"$ref $defs definitions type enum const properties required additionalProperties items anyOf allOf description title pattern format minItems",
	"date-time time date duration email hostname uri ipv4 ipv6 uuid", false,
}

var oddPattern = regexp.MustCompile(`\(\?|\\[bB0-9]`)

func strictly(s doc, r rules) string {
	for key, v := range s {
		if !slices.Contains(strings.Fields(r.keywords), key) {
			return key
		}
		if f, ok := v.(string); ok && key == "format" && !slices.Contains(strings.Fields(r.formats), f) {
			return "format " + f
		}
		if p, ok := v.(string); ok && key == "pattern" && oddPattern.MatchString(p) {
			return "pattern " + p
		}
		if n, ok := v.(float64); ok && key == "minItems" && !r.required && n > 1 {
			return "minItems"
		}
	}
	_, typed := s["type"]
	if !typed && s["$ref"] == nil && s["anyOf"] == nil && s["allOf"] == nil && (r.required || s["enum"] == nil && s["const"] == nil) {
		return fmt.Sprint("no type: ", s)
	}
	if s["$ref"] != nil {
		for key := range s {
			if key != "$ref" && key != "$defs" {
				return key + " beside $ref"
			}
		}
	}
	if ofType(s["type"], doc{}) {
		if s["additionalProperties"] != false || s["properties"] == nil {
			return fmt.Sprint("an open object: ", s)
		}
		for name := range s["properties"].(doc) {
			if list, _ := s["required"].([]any); r.required && !slices.Contains(list, any(name)) {
				return name + " is optional"
			}
		}
	}
	if r.required && ofType(s["type"], []any{}) && s["items"] == nil {
		return "no items"
	}
	return inside(s, func(v doc) string { return strictly(v, r) })
}

// inside asks of each schema in a schema.
func inside(s doc, ask func(doc) string) string {
	for key, v := range s {
		var all []any
		switch key {
		case "properties", "$defs", "definitions":
			for _, p := range v.(doc) {
				all = append(all, p)
			}
		case "anyOf", "allOf", "oneOf":
			all = v.([]any)
		case "items":
			all = []any{v}
		}
		for _, v := range all {
			d, ok := v.(doc)
			if !ok {
				return key + " holds no schema"
			}
			if f := ask(d); f != "" {
				return f
			}
		}
	}
	return ""
}

func arrays(s doc) string {
	if s["type"] != nil && ofType(s["type"], []any{}) && s["items"] == nil {
		return "no items"
	}
	return inside(s, arrays)
}

// cycles follows references further than any that end can lead.
func cycles(s doc) string {
	var follow func(v doc, depth int) string
	follow = func(v doc, depth int) string {
		if depth > 50 {
			return "recursion"
		}
		if ref, ok := v["$ref"].(string); ok {
			return follow(pointer(s, ref).(doc), depth+1)
		}
		return inside(v, func(d doc) string { return follow(d, depth+1) })
	}
	return follow(s, 0)
}
