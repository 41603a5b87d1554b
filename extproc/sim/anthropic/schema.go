package anthropic

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/headgate/headgate/extproc/scan"
	"github.com/headgate/headgate/extproc/sim/wire"
)

// enforcedKeywords and enforcedFormats are those of structured outputs and strict tools:
// platform.claude.com/docs/en/build-with-claude/structured-outputs, "JSON Schema
// limitations".
var (
	enforcedKeywords = strings.Fields("$ref $defs definitions type enum const properties required additionalProperties items anyOf allOf " +
		"description title default pattern format minItems")
	enforcedFormats = strings.Fields("date-time time date duration email hostname uri ipv4 ipv6 uuid")
	propertyKey     = regexp.MustCompile(`^[a-zA-Z0-9_.-]{1,64}$`)
)

// toolFault says what Anthropic refuses of a tool's schema, in its words; empty:
// nothing.
func toolFault(schema scan.Value, strict bool) string {
	// github.com/anthropics/claude-code/issues/5973
	for _, key := range [...]string{"oneOf", "anyOf", "allOf"} {
		if schema.Get(key) != nil {
			return "input_schema: input_schema does not support oneOf, allOf, or anyOf at the top level"
		}
	}
	// github.com/twilio-labs/mcp/issues/58
	for m := schema.Get("properties").Fields(); m.Next(); {
		if !propertyKey.Match(m.Key()) {
			return "input_schema.properties: Property keys should match pattern '" + propertyKey.String() + "'"
		}
	}
	// github.com/Dokploy/mcp/issues/74, github.com/anomalyco/opencode/pull/39120
	if old(schema) {
		return "input_schema: JSON schema is invalid. It must match JSON Schema draft 2020-12 (https://json-schema.org/draft/2020-12). Learn more about tool use at https://docs.claude.com/en/docs/tool-use."
	}
	if fault := notEnforced(schema); strict && fault != "" {
		return "input_schema: " + fault
	}
	return ""
}

// old reports whether a schema has forms of older drafts.
func old(schema scan.Value) bool {
	if schema.Get("items").Kind() == scan.Array || schema.Get("exclusiveMinimum").Kind() == scan.Bool || schema.Get("exclusiveMaximum").Kind() == scan.Bool {
		return true
	}
	for m := schema.Fields(); m.Next(); {
		list := m.Value().Elements()
		switch string(m.Key()) {
		case "properties", "$defs", "definitions":
			list = m.Value().Fields()
		case "items", "additionalProperties":
			if old(m.Value()) {
				return true
			}
		}
		for list.Next() {
			if old(list.Value()) {
				return true
			}
		}
	}
	return false
}

// notEnforced says what keeps a schema from being enforced; empty: nothing.
func notEnforced(schema scan.Value) string { return enforce(schema, schema, 0) }

func enforce(root, schema scan.Value, hops int) string {
	for m := schema.Fields(); m.Next(); {
		key, v := string(m.Key()), m.Value()
		// github.com/ghostlobster/memorize-everything/issues/93
		switch n, _ := v.Int(); {
		case key == "minItems" && n != 0 && n != 1:
			return "For 'array' type, 'minItems' values other than 0 or 1 are not supported"
		case !slices.Contains(enforcedKeywords, key):
			return fmt.Sprintf("For '%s' type, property '%s' is not supported", wire.Str(schema.Get("type")), key)
		case key == "format" && !slices.Contains(enforcedFormats, wire.Str(v)):
			return fmt.Sprintf("String format '%s' is not supported", wire.Str(v))
		case key == "additionalProperties" && string(v) != "false":
			return closed
		}
	}
	if wire.Str(schema.Get("type")) == "object" && schema.Get("additionalProperties") == nil {
		return closed
	}
	if ref := schema.Get("$ref"); ref != nil {
		return follow(root, wire.Str(ref), hops)
	}
	return inner(root, schema, hops)
}

const closed = "For 'object' type, 'additionalProperties' must be explicitly set to false"

// maxHops is more references than one in another than any definitions that end have.
const maxHops = 100

func follow(root scan.Value, ref string, hops int) string {
	at, name, _ := strings.Cut(strings.TrimPrefix(ref, "#/"), "/")
	switch v := root.Get(at).Get(name); {
	case ref == "#" || hops > maxHops:
		return "Circular reference detected in schema definitions"
	case v == nil:
		return fmt.Sprintf("Reference '%s' is not supported", ref)
	default:
		return enforce(root, v, hops+1)
	}
}

func inner(root, schema scan.Value, hops int) string {
	for m := schema.Fields(); m.Next(); {
		list := m.Value().Elements()
		switch string(m.Key()) {
		case "properties":
			list = m.Value().Fields()
		case "anyOf", "allOf":
		case "items":
			if fault := enforce(root, m.Value(), hops); fault != "" {
				return fault
			}
			continue
		default:
			continue
		}
		for list.Next() {
			if fault := enforce(root, list.Value(), hops); fault != "" {
				return fault
			}
		}
	}
	return ""
}
