package sim

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/headgate/headgate/extproc/scan"
	"github.com/headgate/headgate/extproc/sim/wire"
)

const (
	deepEnough = 12 // from here on optional members are left out
	maxFit     = 100
)

// fit returns a JSON value that a schema accepts; without a schema, an object.
// It knows the keywords that both providers take in strict mode, and beside them
// allOf, const, examples and the bounds of numbers, strings and arrays. A
// schema that it cannot follow is an error, never a wrong answer.
func fit(schema scan.Value) ([]byte, error) {
	if !wire.Given(schema) {
		return []byte("{}"), nil
	}
	f := fitter{root: schema}
	b, err := f.value(nil, schema, 0)
	if err != nil {
		return nil, wire.BadRequest("simulated provider: answering by the schema: %v", err)
	}
	return b, nil
}

type fitter struct{ root scan.Value }

func (f *fitter) value(b []byte, s scan.Value, depth int) ([]byte, error) {
	if depth > maxFit {
		return nil, fmt.Errorf("it does not end")
	}
	if s.Kind() == scan.Bool {
		if !s.True() {
			return nil, fmt.Errorf("it accepts nothing")
		}
		return append(b, "{}"...), nil
	}
	if ref := s.Get("$ref"); wire.Given(ref) {
		target, err := f.resolve(wire.Str(ref))
		if err != nil {
			return nil, err
		}
		return f.value(b, target, depth+1)
	}
	for _, fixed := range []scan.Value{s.Get("const"), wire.First(s.Get("enum")), s.Get("default"), wire.First(s.Get("examples"))} {
		if fixed.Kind() != scan.Invalid {
			return append(b, fixed...), nil
		}
	}
	for _, list := range []string{"anyOf", "oneOf", "allOf"} {
		if options := s.Get(list); options.Kind() == scan.Array {
			return f.option(b, s, options, list, depth)
		}
	}
	return f.typed(b, s, depth)
}

// resolve follows a reference inside the document. Models understand one that lacks its
// hash, too, as LiteLLM writes it for Anthropic's tools (1.110).
func (f *fitter) resolve(ref string) (scan.Value, error) {
	path, ok := strings.CutPrefix(ref, "#")
	if !ok && !strings.HasPrefix(ref, "/") {
		return nil, fmt.Errorf("$ref %q leads outside the schema", ref)
	}
	v := f.root
	for _, name := range strings.Split(strings.TrimPrefix(path, "/"), "/") {
		if name == "" {
			continue
		}
		v = v.Get(strings.NewReplacer("~1", "/", "~0", "~").Replace(name))
	}
	if v.Kind() != scan.Object && v.Kind() != scan.Bool {
		return nil, fmt.Errorf("$ref %q leads nowhere", ref)
	}
	return v, nil
}

// option follows one of several schemas: the first, or null if a recursion
// has to end. Of allOf there may be one only, since merging is beyond strict mode.
func (f *fitter) option(b []byte, s, options scan.Value, list string, depth int) ([]byte, error) {
	var all []scan.Value
	for m := options.Elements(); m.Next(); {
		all = append(all, m.Value())
		if depth > deepEnough && wire.Str(m.Value().Get("type")) == "null" {
			return append(b, "null"...), nil
		}
	}
	switch {
	case len(all) == 0:
		return nil, fmt.Errorf("%s is empty", list)
	case list == "allOf" && (len(all) > 1 || wire.Given(s.Get("properties"))):
		return nil, fmt.Errorf("allOf of several schemas is not supported")
	}
	return f.value(b, all[0], depth+1)
}

func (f *fitter) typed(b []byte, s scan.Value, depth int) ([]byte, error) {
	kind := wire.Str(s.Get("type"))
	if list := s.Get("type"); list.Kind() == scan.Array {
		kind = wire.Str(wire.First(list))
		for m := list.Elements(); m.Next() && depth > deepEnough; {
			if wire.Str(m.Value()) == "null" {
				kind = "null"
			}
		}
	}
	if kind == "" && wire.Given(s.Get("items")) {
		kind = "array"
	}
	switch kind {
	case "object", "":
		return f.object(b, s, depth)
	case "array":
		return f.array(b, s, depth)
	case "string":
		return fitString(b, s)
	case "integer", "number":
		return fitNumber(b, s, kind == "integer")
	case "boolean":
		return append(b, "true"...), nil
	case "null":
		return append(b, "null"...), nil
	}
	return nil, fmt.Errorf("unknown type %q", kind)
}

func (f *fitter) object(b []byte, s scan.Value, depth int) ([]byte, error) {
	required := map[string]bool{}
	for m := s.Get("required").Elements(); m.Next(); {
		required[wire.Str(m.Value())] = true
	}
	b = append(b, '{')
	sep := ""
	for m := s.Get("properties").Fields(); m.Next(); {
		name := string(m.Key())
		if depth > deepEnough && !required[name] {
			continue
		}
		delete(required, name)
		b = append(b, sep...)
		b = append(scan.AppendString(b, name), ':')
		var err error
		if b, err = f.value(b, m.Value(), depth+1); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		sep = ","
	}
	for name := range required {
		return nil, fmt.Errorf("%s: required, but not among the properties", name)
	}
	return append(b, '}'), nil
}

func (f *fitter) array(b []byte, s scan.Value, depth int) ([]byte, error) {
	n := 1
	if depth > deepEnough {
		n = 0
	}
	if maxItems, ok := s.Get("maxItems").Int(); ok {
		n = min(n, int(maxItems))
	}
	if minItems, ok := s.Get("minItems").Int(); ok {
		n = max(n, int(min(minItems, 10_000)))
	}
	if n > 1 && s.Get("uniqueItems").True() {
		return nil, fmt.Errorf("uniqueItems with several items is not supported")
	}
	items := s.Get("items")
	b = append(b, '[')
	for i := range n {
		if i > 0 {
			b = append(b, ',')
		}
		if !wire.Given(items) {
			b = append(b, "null"...)
			continue
		}
		var err error
		if b, err = f.value(b, items, depth+1); err != nil {
			return nil, fmt.Errorf("items: %w", err)
		}
	}
	return append(b, ']'), nil
}

// formats are texts that fit the formats of JSON Schema.
var formats = map[string]string{
	"date-time": "2026-01-02T03:04:05Z", "date": "2026-01-02", "time": "03:04:05Z", "duration": "P1D",
	"email": "sim@example.com", "hostname": "example.com", "ipv4": "192.0.2.1", "ipv6": "2001:db8::1",
	"uuid": "0198c0de-0000-4000-8000-000000000001", "uri": "https://example.com/",
}

func fitString(b []byte, s scan.Value) ([]byte, error) {
	if p := s.Get("pattern"); wire.Given(p) {
		return nil, fmt.Errorf("pattern is not supported without enum, default or examples")
	}
	if text, ok := formats[wire.Str(s.Get("format"))]; ok {
		return scan.AppendString(b, text), nil
	}
	text := []rune("café 中文 😀")
	if minLength, ok := s.Get("minLength").Int(); ok {
		for int64(len(text)) < min(minLength, 100_000) {
			text = append(text, 'é')
		}
	}
	if maxLength, ok := s.Get("maxLength").Int(); ok && int64(len(text)) > maxLength {
		text = text[:max(0, maxLength)]
	}
	return scan.AppendString(b, string(text)), nil
}

// fitNumber returns the smallest multiple in bounds, or the number nearest 1.
func fitNumber(b []byte, s scan.Value, whole bool) ([]byte, error) {
	low, high := math.Inf(-1), math.Inf(1)
	step := bound(s, "multipleOf", 0)
	gap := 0.5
	if whole {
		gap = 1
		step = max(step, 1)
	}
	low = max(bound(s, "minimum", low), bound(s, "exclusiveMinimum", low)+gap)
	high = min(bound(s, "maximum", high), bound(s, "exclusiveMaximum", high)-gap)
	x := min(max(1, low), high)
	if step > 0 {
		if x = math.Ceil(x/step) * step; x > high {
			x = math.Floor(high/step) * step
		}
	}
	if x < low || x > high {
		return nil, fmt.Errorf("no number between %v and %v found", low, high)
	}
	return strconv.AppendFloat(b, x, 'f', -1, 64), nil
}

func bound(s scan.Value, name string, def float64) float64 {
	x, err := strconv.ParseFloat(string(s.Get(name)), 64)
	if err != nil {
		return def
	}
	return x
}
