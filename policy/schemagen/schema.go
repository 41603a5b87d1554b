package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"

	"github.com/headgate/headgate/policy/strict"
)

// schemaJSON returns the JSON Schema of a document. It holds what a schema can
// say; references between names, prices and addresses are the parser's alone.
func schemaJSON(t *strict.Type) ([]byte, error) {
	s, err := schema(t)
	if err != nil {
		return nil, err
	}
	s["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	s["title"] = "Headgate policy, version 1"
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(s); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func schema(t *strict.Type) (map[string]any, error) {
	switch t.Kind {
	case strict.Text:
		return textSchema(t), nil
	case strict.Whole:
		return numberSchema("integer", t), nil
	case strict.Switch:
		return map[string]any{"type": "boolean"}, nil
	case strict.Duration:
		return matching(strict.DurationPattern), nil
	case strict.Size:
		return matching(strict.SizePattern), nil
	case strict.Decimal:
		s := numberSchema("number", t)
		s["type"], s["pattern"] = []string{"number", "string"}, strict.DecimalPattern.String()
		return s, nil
	case strict.Date:
		s := matching(strict.DatePattern)
		s["format"] = "date"
		return s, nil
	case strict.List:
		return listSchema(t)
	case strict.Object:
		return objectSchema(t)
	case strict.Map:
		return mapSchema(t)
	case strict.Either:
		return eitherSchema(t)
	}
	return nil, fmt.Errorf("kind %q has no schema", t.Kind)
}

func matching(pattern *regexp.Regexp) map[string]any {
	return map[string]any{"type": "string", "pattern": pattern.String()}
}

func textSchema(t *strict.Type) map[string]any {
	s := map[string]any{"type": "string"}
	if t.Enum != nil {
		s["enum"] = t.Enum
	}
	if t.Pattern != nil {
		s["pattern"] = t.Pattern.String()
	}
	return s
}

func numberSchema(kind string, t *strict.Type) map[string]any {
	return map[string]any{"type": kind, "minimum": json.Number(t.Min), "maximum": json.Number(t.Max)}
}

func listSchema(t *strict.Type) (map[string]any, error) {
	elem, err := schema(t.Elem)
	if err != nil {
		return nil, err
	}
	return map[string]any{"type": "array", "minItems": json.Number(t.Min), "maxItems": json.Number(t.Max), "items": elem}, nil
}

func mapSchema(t *strict.Type) (map[string]any, error) {
	elem, err := schema(t.Elem)
	if err != nil {
		return nil, err
	}
	names := map[string]any{"pattern": t.Pattern.String()}
	return map[string]any{"type": "object", "propertyNames": names, "additionalProperties": elem}, nil
}

func objectSchema(t *strict.Type) (map[string]any, error) {
	properties, required := map[string]any{}, []string{}
	for _, f := range t.Fields {
		s, err := schema(f.Type)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Key, err)
		}
		s["description"] = f.Doc
		if f.Default != "" {
			s["default"] = defaultValue(f)
		}
		if f.Required {
			required = append(required, f.Key)
		}
		properties[f.Key] = s
	}
	s := map[string]any{"type": "object", "additionalProperties": false, "properties": properties}
	if len(required) > 0 {
		s["required"] = required
	}
	if t.OneKey {
		s["minProperties"], s["maxProperties"] = 1, 1
	}
	return s, nil
}

func eitherSchema(t *strict.Type) (map[string]any, error) {
	var options []any
	for _, o := range t.Options {
		s, err := schema(o)
		if err != nil {
			return nil, err
		}
		options = append(options, s)
	}
	return map[string]any{"anyOf": options}, nil
}

func defaultValue(f strict.Field) any {
	switch f.Type.Kind {
	case strict.Whole:
		return json.Number(f.Default)
	case strict.Switch:
		return f.Default == strconv.FormatBool(true)
	default:
		return f.Default
	}
}
