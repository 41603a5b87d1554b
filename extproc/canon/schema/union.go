package schema

import (
	"bytes"
	"slices"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// maxHops is how many references in a row are followed.
const maxHops = 8

// maxBeside is how many members may stand beside a reference that is written out.
const maxBeside = 64

// inlined writes out a schema that is a reference.
func (f *fitter) inlined(o object) object {
	for hops := 0; hops < maxHops && len(o) < maxBeside && o.has("$ref"); hops++ {
		target := f.resolve(o.get("$ref"))
		f.budget -= len(target)
		if target.Kind() != scan.Object || len(target) == len(f.root) || f.budget < 0 {
			return o
		}
		o = over(o, target)
	}
	return o
}

// flattenRoot makes one object of a root that is a union of objects, and tells the
// union.
func (f *fitter) flattenRoot(o *object) told {
	var t told
	for _, name := range [...]string{"allOf", "anyOf", "oneOf"} {
		if f.s.NotAtRoot.has(keywords[name]) && o.has(name) {
			f.flatten(o, name, "", &t)
		}
	}
	return t
}

// combine rewrites the unions of a schema that is not the root as a strict mode takes
// them.
func (f *fitter) combine(o *object, at string, t *told) {
	if all := elements(o.get("allOf")); len(all) > 0 {
		if len(all) == 1 && !o.has("type", "properties", "anyOf", "oneOf", "items") {
			o.rename("allOf", "anyOf", list(all)) // of one schema both mean the same
		} else if f.objects(all) {
			f.flatten(o, "allOf", at, t)
		}
	}
	if o.has("oneOf") && !o.has("anyOf") {
		if len(elements(o.get("oneOf"))) > 1 {
			f.lose(join(at, "oneOf"))
		}
		o.rename("oneOf", "anyOf", o.get("oneOf"))
	}
	if o.has("anyOf") && o.has("properties") {
		f.flatten(o, "anyOf", at, t)
	}
	if o.has("anyOf") && o.has("type") {
		f.spread(o)
	}
}

// spread moves the type of a schema into the branches of its union, as far as they say
// none.
func (f *fitter) spread(o *object) {
	kind := o.get("type")
	all := elements(o.get("anyOf"))
	same := true
	for i, v := range all {
		b := f.follow(v)
		if v.Kind() == scan.Object && !b.has("type", "$ref", "anyOf", "oneOf", "allOf") {
			b = append(object{{name: "type", value: kind}}, b...)
			all[i] = b.encode()
		}
		same = same && bytes.Equal(b.get("type"), kind)
	}
	o.set("anyOf", list(all))
	if same {
		o.remove("type")
	}
}

// objects reports whether all schemas are such of objects.
func (f *fitter) objects(all []scan.Value) bool {
	return !slices.ContainsFunc(all, func(v scan.Value) bool {
		b := f.follow(v)
		return !typeIs(b.get("type"), "object") && !b.has("properties", "required")
	})
}

// follow reads a schema; a reference is followed.
func (f *fitter) follow(v scan.Value) object { return f.inlined(parse(v)) }

// flatten makes one object of an object and the branches of one of its unions: it has
// the properties of all. The union is told, unless nothing of it is lost.
func (f *fitter) flatten(o *object, name, at string, t *told) {
	if kind := o.get("type"); kind != nil && !typeIs(kind, "object") {
		return
	}
	u := union{all: name == "allOf", exact: name == "allOf", index: map[string]int{}}
	u.properties(o.get("properties"))
	u.own = len(u.names)
	if more := o.get("additionalProperties"); more != nil && string(more) != "true" {
		u.closed = true
	}
	var required []map[string]bool
	for _, v := range elements(o.get(name)) {
		b := f.follow(v)
		u.exact = u.exact && plainObject(b)
		u.properties(b.get("properties"))
		required = append(required, set(texts(b.get("required"))))
	}
	if !u.exact {
		t.add(name, o.get(name))
		f.lose(join(at, name))
	}
	o.remove(name)
	if len(u.names) > 0 {
		o.set("properties", u.encode())
		o.set("type", scan.Value(`"object"`))
	}
	if r := u.required(texts(o.get("required")), required); len(r) > 0 {
		o.set("required", list(r))
	}
}

// plainObject reports whether an object says no more than which properties it has.
func plainObject(b object) bool {
	if kind := b.get("type"); kind != nil && !typeIs(kind, "object") {
		return false
	}
	return only(b, "type", "properties", "required", "title", "description", "$defs", "definitions", "$schema")
}

// union collects the properties of the branches of a union.
type union struct {
	all    bool // each branch must hold, not one
	exact  bool // the one object says what the union said
	own    int  // the first names are the object's own: what branches say of them is told
	closed bool // the object has no properties but its own
	names  []string
	index  map[string]int
	each   [][]scan.Value // schemas of one name
}

func (u *union) properties(v scan.Value) {
	for m := v.Fields(); m.Next(); {
		name := string(m.Key())
		i, ok := u.index[name]
		if !ok && u.closed {
			u.exact = false
			continue
		}
		if !ok {
			i = len(u.names)
			u.index[name] = i
			u.names, u.each = append(u.names, name), append(u.each, nil)
		}
		if !slices.ContainsFunc(u.each[i], func(v scan.Value) bool { return bytes.Equal(v, m.Value()) }) {
			u.each[i] = append(u.each[i], m.Value())
			u.exact = u.exact && len(u.each[i]) == 1
		}
	}
}

// encode writes the properties; what differs between branches may be either.
func (u *union) encode() scan.Value {
	var o object
	for i, name := range u.names {
		v := u.each[i][0]
		if len(u.each[i]) > 1 && !u.all && i >= u.own {
			v = object{{name: "anyOf", value: list(u.each[i])}}.encode()
		}
		o = append(o, member{name: name, value: v})
	}
	return o.encode()
}

// required returns the properties that an object must have: of branches that all hold
// those of each, else those that all have in common.
func (u *union) required(own []string, branches []map[string]bool) []scan.Value {
	count := map[string]int{}
	for _, b := range branches {
		for name := range b {
			count[name]++
		}
	}
	var out []scan.Value
	for _, name := range own {
		out = append(out, quoted(name))
		delete(count, name)
	}
	for _, name := range u.names {
		if n := count[name]; n > 0 && (u.all || n == len(branches)) {
			out = append(out, quoted(name))
		}
	}
	return out
}

func texts(v scan.Value) []string {
	var all []string
	for _, e := range elements(v) {
		all = append(all, canon.Str(e))
	}
	return all
}

func set(names []string) map[string]bool {
	s := make(map[string]bool, len(names))
	for _, name := range names {
		s[name] = true
	}
	return s
}
