package policy

import (
	"slices"
	"strings"
	"time"
)

// object is a mapping whose keys were held against its type.
type object struct {
	r      *reader
	at     place
	of     *Type
	values map[string]place
	given  map[string]bool // keys that stand there, faulty and misspelled ones included
}

// object reads a mapping with fixed keys: unknown, repeated and missing ones are
// faults. It returns false where the value is no mapping at all.
func (r *reader) object(p place, t *Type) (*object, bool) {
	all, ok := r.entries(p, "an object", t.Secret)
	if !ok {
		return nil, false
	}
	o := &object{r: r, at: p, of: t, values: make(map[string]place), given: make(map[string]bool)}
	for _, e := range all {
		if slices.Contains(t.Planned, e.key) {
			r.fault(place{node: e.at.node, path: join(p.path, e.key), file: e.at.file}, "leave it out: nothing would act on it", "is not supported yet")
			continue
		}
		if t.field(e.key) == nil {
			r.unknown(e, t)
			o.given[Nearest(e.key, t.keys())] = true
			continue
		}
		o.given[e.key] = true
		if e.ok {
			e.value.path = join(p.path, e.key)
			o.values[e.key] = e.value
		}
	}
	for _, f := range t.Fields {
		if f.Required && !o.given[f.Key] {
			r.fault(p, "add "+f.Example, "%s is missing", f.Key)
		}
	}
	if t.OneKey && len(o.given) != 1 {
		r.fault(p, "", "must have exactly one of the keys %s", strings.Join(t.keys(), ", "))
	}
	return o, true
}

func (r *reader) unknown(e entry, t *Type) {
	hint := meant(e.key, t.keys())
	if hint == "" {
		hint = "the keys here are " + strings.Join(t.keys(), ", ")
	}
	if t.Secret {
		r.fault(e.at, hint, "unknown key")
		return
	}
	r.fault(e.at, hint, "unknown key %s", quote(e.key))
}

// get returns the value of a key that was given and may be read.
func (o *object) get(key string) (place, bool) {
	p, ok := o.values[key]
	return p, ok
}

// text returns the text of a key, its default, or "".
func (o *object) text(key string) string {
	f := o.of.field(key)
	if p, ok := o.values[key]; ok {
		if s, ok := o.r.text(p, f.Type); ok {
			return s
		}
	}
	return f.Default
}

func (o *object) flag(key string) bool {
	if p, ok := o.values[key]; ok {
		return o.r.flag(p)
	}
	return o.of.field(key).Default == "true"
}

// whole returns the number of a key, or its default.
func (o *object) whole(key string) int {
	f := o.of.field(key)
	return scalar(o, key, "a whole number", func(s string) (int, error) { return parseWhole(s, f.Type.Min, f.Type.Max) })
}

func (o *object) duration(key string) time.Duration {
	f := o.of.field(key)
	return scalar(o, key, "a duration with a unit, such as 30s", func(s string) (time.Duration, error) { return parseDuration(s, f.Type.Min, f.Type.Max) })
}

func (o *object) size(key string) int64 {
	f := o.of.field(key)
	return scalar(o, key, "a size with a unit, such as 32MiB", func(s string) (int64, error) { return parseSize(s, f.Type.Min, f.Type.Max) })
}

// scalar reads a key with a parser, which also reads the default.
func scalar[T any](o *object, key, want string, parse func(string) (T, error)) T {
	if p, ok := o.values[key]; ok {
		if v, ok := scalarAt(o.r, p, want, parse); ok {
			return v
		}
	}
	v, err := parse(o.of.field(key).Default)
	if err != nil {
		var none T
		return none // a key without default
	}
	return v
}
