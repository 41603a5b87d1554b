package strict

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
)

// Schema returns the JSON Schema of a document. It holds what a schema can say; what
// depends on several keys, or on how a value is written, is the reader's alone.
func Schema(t *Type, title string) ([]byte, error) {
	d := definitions{}
	s, err := d.schema(t)
	if err != nil {
		return nil, err
	}
	if len(d) > 0 {
		s["$defs"] = d
	}
	s["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	s["title"] = title
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(s); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// definitions are the schemas of types that have a name, by that.
type definitions map[string]map[string]any

func (d definitions) schema(t *Type) (map[string]any, error) {
	if t.Name == "" {
		return d.inPlace(t)
	}
	if _, ok := d[t.Name]; !ok {
		d[t.Name] = nil // no type holds itself
		s, err := d.inPlace(t)
		if err != nil {
			return nil, err
		}
		d[t.Name] = s
	}
	return map[string]any{"$ref": "#/$defs/" + t.Name}, nil
}

func (d definitions) inPlace(t *Type) (map[string]any, error) {
	switch t.Kind {
	case KindText:
		return textSchema(t), nil
	case KindInt:
		return numberSchema("integer", t), nil
	case KindDecimal:
		return numberSchema("number", t), nil
	case KindSwitch:
		return map[string]any{"type": "boolean"}, nil
	case KindVersion:
		return map[string]any{"enum": []any{json.Number(t.Min), t.Min}}, nil
	case KindDuration:
		return matching(durationPattern), nil
	case KindDays:
		return matching(daysPattern), nil
	case KindSize:
		return matching(sizePattern), nil
	case KindDate:
		s := matching(datePattern)
		s["format"] = "date"
		return s, nil
	case KindList:
		return d.list(t)
	case KindObject:
		return d.object(t)
	case KindMap:
		return d.named(t)
	case KindEither:
		return d.either(t)
	}
	return nil, fmt.Errorf("kind %q has no schema", t.Kind)
}

func matching(pattern *regexp.Regexp) map[string]any {
	return map[string]any{"type": "string", "pattern": pattern.String()}
}

func textSchema(t *Type) map[string]any {
	s := map[string]any{"type": "string"}
	if t.Enum != nil {
		s["enum"] = t.Enum
	}
	for key, value := range patternSchema(t) {
		s[key] = value
	}
	return s
}

// patternSchema says which texts, or names, a type allows.
func patternSchema(t *Type) map[string]any {
	s := map[string]any{}
	if t.Pattern != nil {
		s["pattern"] = t.Pattern.String()
	}
	if t.Except != nil {
		s["not"] = map[string]any{"pattern": t.Except.String()}
	}
	return s
}

func numberSchema(kind string, t *Type) map[string]any {
	return map[string]any{"type": kind, "minimum": json.Number(t.Min), "maximum": json.Number(t.Max)}
}

func (d definitions) list(t *Type) (map[string]any, error) {
	elem, err := d.schema(t.Elem)
	if err != nil {
		return nil, err
	}
	return map[string]any{"type": "array", "minItems": json.Number(t.Min), "maxItems": json.Number(t.Max), "items": elem}, nil
}

func (d definitions) named(t *Type) (map[string]any, error) {
	elem, err := d.schema(t.Elem)
	if err != nil {
		return nil, err
	}
	return map[string]any{"type": "object", "propertyNames": patternSchema(t), "additionalProperties": elem}, nil
}

func (d definitions) object(t *Type) (map[string]any, error) {
	properties, required := map[string]any{}, []string{}
	for _, f := range t.Fields {
		s, err := d.schema(f.Type)
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

func (d definitions) either(t *Type) (map[string]any, error) {
	var options []any
	for _, o := range t.Options {
		s, err := d.schema(o)
		if err != nil {
			return nil, err
		}
		options = append(options, s)
	}
	return map[string]any{"anyOf": options}, nil
}

func defaultValue(f Key) any {
	switch f.Type.Kind {
	case KindInt, KindDecimal:
		return json.Number(f.Default)
	case KindSwitch:
		return f.Default == strconv.FormatBool(true)
	default:
		return f.Default
	}
}
