package strict

import (
	"slices"
	"strings"
	"time"
)

// Given is a mapping whose keys were held against its type.
type Given struct {
	R      *Reader
	At     Place
	Of     *Type
	Values map[string]Place
	Given  map[string]bool // keys that stand there, faulty and misspelled ones included
}

// Object reads a mapping with fixed keys: unknown, repeated and missing ones are
// faults. It returns false where the value is no mapping at all.
func (r *Reader) Object(p Place, t *Type) (*Given, bool) {
	all, ok := r.Entries(p, "an object", t.Secret)
	if !ok {
		return nil, false
	}
	o := &Given{R: r, At: p, Of: t, Values: make(map[string]Place), Given: make(map[string]bool)}
	for _, e := range all {
		if slices.Contains(t.Planned, e.Key) {
			r.Fault(Place{Node: e.At.Node, Path: Join(p.Path, e.Key), File: e.At.File}, "leave it out: nothing would act on it", "is not supported yet")
			continue
		}
		if t.Field(e.Key) == nil {
			r.unknown(e, t)
			o.Given[Nearest(e.Key, t.Keys())] = true
			continue
		}
		o.Given[e.Key] = true
		if e.OK {
			e.Value.Path = Join(p.Path, e.Key)
			o.Values[e.Key] = e.Value
		}
	}
	for _, f := range t.Fields {
		if f.Required && !o.Given[f.Key] {
			r.Fault(p, "add "+f.Example, "%s is missing", f.Key)
		}
	}
	if t.OneKey && len(o.Given) != 1 {
		r.Fault(p, "", "must have exactly one of the keys %s", strings.Join(t.Keys(), ", "))
	}
	return o, true
}

func (r *Reader) unknown(e Entry, t *Type) {
	hint := Meant(e.Key, t.Keys())
	if hint == "" {
		hint = "the keys here are " + strings.Join(t.Keys(), ", ")
	}
	if t.Secret {
		r.Fault(e.At, hint, "unknown key")
		return
	}
	r.Fault(e.At, hint, "unknown key %s", Quote(e.Key))
}

// Get returns the value of a key that was given and may be read.
func (o *Given) Get(key string) (Place, bool) {
	p, ok := o.Values[key]
	return p, ok
}

// Text returns the text of a key, its default, or "".
func (o *Given) Text(key string) string {
	f := o.Of.Field(key)
	if p, ok := o.Values[key]; ok {
		if s, ok := o.R.Text(p, f.Type); ok {
			return s
		}
	}
	return f.Default
}

func (o *Given) Flag(key string) bool {
	if p, ok := o.Values[key]; ok {
		return o.R.Flag(p)
	}
	return o.Of.Field(key).Default == "true"
}

// Whole returns the number of a key, or its default.
func (o *Given) Whole(key string) int {
	f := o.Of.Field(key)
	return scalar(o, key, "a whole number", func(s string) (int, error) { return parseWhole(s, f.Type.Min, f.Type.Max) })
}

func (o *Given) Duration(key string) time.Duration {
	f := o.Of.Field(key)
	return scalar(o, key, "a duration with a unit, such as 30s", func(s string) (time.Duration, error) { return parseDuration(s, f.Type.Min, f.Type.Max) })
}

func (o *Given) Size(key string) int64 {
	f := o.Of.Field(key)
	return scalar(o, key, "a size with a unit, such as 32MiB", func(s string) (int64, error) { return parseSize(s, f.Type.Min, f.Type.Max) })
}

// scalar reads a key with a parser, which also reads the default.
func scalar[T any](o *Given, key, want string, parse func(string) (T, error)) T {
	if p, ok := o.Values[key]; ok {
		if v, ok := ScalarAt(o.R, p, want, parse); ok {
			return v
		}
	}
	v, err := parse(o.Of.Field(key).Default)
	if err != nil {
		var none T
		return none // a key without default
	}
	return v
}
