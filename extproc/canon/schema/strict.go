package schema

import (
	"slices"
	"strconv"

	"github.com/headgate/headgate/extproc/scan"
)

func itoa(n int) string { return strconv.Itoa(n) }

// schema writes a schema for a strict mode.
func (f *fitter) schema(v scan.Value, at string, depth int) scan.Value {
	if v.Kind() != scan.Object || depth > maxNesting {
		return v
	}
	o := parse(v)
	renew(&o)
	var t told
	if at == "" {
		o = f.inlined(o)
		t = f.flattenRoot(&o)
	}
	if o.has("$ref") {
		if inlined := f.reference(&o, at, depth); inlined != nil {
			return inlined
		}
	}
	if !o.has("$ref") {
		f.combine(&o, at, &t)
		f.infer(&o)
	}
	return f.members(o, at, depth, t)
}

// members writes each member of a schema, or tells it in the description.
func (f *fitter) members(o object, at string, depth int, t told) scan.Value {
	f.close(&o, at, &t)
	kind := o.get("type")
	out := make(object, 0, len(o)+1)
	for _, m := range o {
		path := m.path(at)
		if k := keywords[m.name]; !f.keeps(k, kind, m.value) {
			t.add(m.name, m.value)
			if k.asserts() {
				f.lose(path)
			}
			continue
		}
		v := each(m.name, m.value, func(v scan.Value, name string) scan.Value {
			if name == "" {
				return f.schema(v, path, depth+1)
			}
			return f.schema(v, join(path, name), depth+1)
		})
		out = append(out, member{name: m.name, value: v})
	}
	t.into(&out)
	return out.encode()
}

// keeps reports whether a member may stay.
func (f *fitter) keeps(k keyword, kind, v scan.Value) bool {
	if !f.s.Keywords.has(k) {
		return false
	}
	switch k {
	case keyEnum:
		return primitives(v)
	case keyConst:
		return primitive(v)
	case keyFormat:
		return f.s.takesFormat(kind, v)
	case keyPattern:
		return plainPattern(v)
	case keyMinItems:
		return !f.s.OneMinItem || oneMinItem(v)
	default:
		return true
	}
}

// infer says the type that a schema's other members speak of: those say nothing of
// values of other types, which are no longer accepted.
func (f *fitter) infer(o *object) {
	if o.has("type", "anyOf", "allOf") {
		return
	}
	kind := ""
	switch {
	case o.has("enum", "const"):
		if f.s.NeedsType {
			kind = typeOf(*o)
		}
	case o.has("properties", "required", "additionalProperties", "patternProperties"):
		kind = "object"
	case o.has("items", "prefixItems", "minItems", "maxItems", "uniqueItems"):
		kind = "array"
	case o.has("pattern", "minLength", "maxLength", "format"):
		kind = "string"
	case o.has("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"):
		kind = "number"
	}
	if kind != "" {
		*o = append(object{{name: "type", value: quoted(kind)}}, *o...)
	}
}

// typeOf returns the type of an enum's or a const's values, empty if they have several.
func typeOf(o object) string {
	values := elements(o.get("enum"))
	if c := o.get("const"); c != nil {
		values = append(values, c)
	}
	kind := ""
	for _, v := range values {
		k := ""
		switch v.Kind() {
		case scan.String:
			k = "string"
		case scan.Number:
			k = "number"
		case scan.Bool:
			k = "boolean"
		case scan.Null:
			k = "null"
		case scan.Object, scan.Array, scan.Invalid: // of no type that may be one of several
		}
		if kind != "" && k != kind {
			return ""
		}
		kind = k
	}
	return kind
}

// close keeps an object to the properties that it lists. A map, which lists none, stays
// open: nothing could be said in it.
func (f *fitter) close(o *object, at string, t *told) {
	if !typeIs(o.get("type"), "object") || o.has("$ref", "anyOf", "allOf") && !o.has("properties") {
		return
	}
	more := o.get("additionalProperties")
	open := more != nil && string(more) != "false"
	if open || o.has("patternProperties") {
		if m := o.get("properties").Fields(); !m.Next() {
			return
		}
	}
	if open {
		t.add("additionalProperties", more)
		f.lose(join(at, "additionalProperties"))
	}
	if !o.has("properties") {
		if more == nil && (at != "" || !f.s.ObjectRoot) {
			f.lose(join(at, "additionalProperties")) // it might have been a map
		}
		o.set("properties", scan.Value(`{}`))
	}
	o.set("additionalProperties", scan.Value(`false`))
}

// reference mends a $ref: one that leads to a definition stands alone, with what stood
// beside it around it; any other one is written out. It returns nil if the caller is to
// go on with o.
func (f *fitter) reference(o *object, at string, depth int) scan.Value {
	ref := o.get("$ref")
	target := f.resolve(ref)
	if target == nil {
		return nil
	}
	if !definition(ref) {
		return f.inline(*o, target, at, depth)
	}
	if kind := o.get("type"); kind != nil && string(kind) == string(target.Get("type")) {
		o.remove("type")
	}
	if only(*o, "$ref", "$defs", "definitions") || o.has("anyOf", "oneOf", "allOf", "type", "enum", "const", "properties", "required", "items", "additionalProperties") {
		return nil // it stands alone, or it cannot
	}
	o.rename("$ref", "anyOf", list([]scan.Value{object{{name: "$ref", value: ref}}.encode()}))
	return nil
}

func only(o object, names ...string) bool {
	for _, m := range o {
		if !slices.Contains(names, m.name) {
			return false
		}
	}
	return true
}

// inline writes out what a reference leads to. One that leads back to itself ends at the
// greatest depth, which the checker refuses.
func (f *fitter) inline(o object, target scan.Value, at string, depth int) scan.Value {
	if f.budget -= len(target); f.budget < 0 {
		return nil
	}
	return f.schema(over(o, target).encode(), at, depth+1)
}

// over lays the members that stand beside a reference over those that it leads to.
func over(o object, target scan.Value) object {
	merged := parse(target)
	for _, m := range o {
		if m.name != "$ref" {
			merged.set(m.name, m.value)
		}
	}
	return merged
}
