package strict

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Object reads a mapping with fixed keys into an S. Unknown, repeated and missing keys
// are faults.
type Object[S any] struct {
	typ     Type
	fields  []Member[S]
	sorted  []int    // indexes of fields in the order of the canonical form
	quoted  []string // `"key":` by field
	check   func(*Reader, *Given, *S)
	instead instead
}

var _ Value[struct{}] = (*Object[struct{}])(nil)

// NewObject makes an object of fields, in the order of the page for people. Values are
// read and defaults are set in this order, too. It panics if two fields have one key or go
// to one place.
func NewObject[S any](fields ...Member[S]) *Object[S] {
	o := &Object[S]{typ: Type{Kind: KindObject}, fields: fields}
	for i, f := range fields {
		k := f.key()
		distinct(f, fields[:i])
		o.typ.Fields = append(o.typ.Fields, k)
		o.sorted = append(o.sorted, i)
		o.quoted = append(o.quoted, string(appendText(nil, k.Key))+":")
	}
	slices.SortFunc(o.sorted, func(a, b int) int { return cmp.Compare(o.typ.Fields[a].Key, o.typ.Fields[b].Key) })
	return o
}

// distinct panics if a field has the key or the place of another one: whichever is read
// last would win.
func distinct[S any](f Member[S], others []Member[S]) {
	s := new(S)
	for _, other := range others {
		if f.key().Key == other.key().Key || f.place(s) == other.place(s) {
			panic("strict: keys " + other.key().Key + " and " + f.key().Key + " are bound to one place")
		}
	}
}

// Check adds what depends on more than one key. It is called for every object that
// stands in a document; what it reads of S is a default if the Given has no such key
// without a fault.
func (o *Object[S]) Check(check func(*Reader, *Given, *S)) *Object[S] {
	o.check = check
	return o
}

// Planned names keys that have no code behind them yet. They are refused as such.
func (o *Object[S]) Planned(keys ...string) *Object[S] {
	o.typ.Planned = keys
	return o
}

// Refuse says why there is no such key, and what to write instead.
func (o *Object[S]) Refuse(key, message, hint string) *Object[S] {
	o.typ.Refused = append(o.typ.Refused, Refused{key, message, hint})
	return o
}

// Once names an object that stands in several places, so that the page and the schema
// describe it once.
func (o *Object[S]) Once(name string) *Object[S] {
	o.typ.Name = name
	return o
}

// OneKey demands exactly one of the keys.
func (o *Object[S]) OneKey() *Object[S] {
	o.typ.OneKey = true
	return o
}

// Secret keeps faults from quoting keys that are not known: they may be a secret.
func (o *Object[S]) Secret() *Object[S] {
	o.typ.Secret = true
	return o
}

// InsteadOfText says what is wrong with a scalar in the object's place, and what to write.
func (o *Object[S]) InsteadOfText(message, hint string) *Object[S] {
	o.instead = instead{yaml.ScalarNode: {message, hint}}
	return o
}

// Type implements Value.
func (o *Object[S]) Type() *Type { return &o.typ }

// Read implements Value.
func (o *Object[S]) Read(r *Reader, at Place, into *S) bool {
	before := len(r.faults)
	g, ok := o.given(r, at)
	if !ok {
		o.Reset(into)
		return false
	}
	o.demand(r, g, func(k Key) bool { return k.Required })
	o.fill(r, g, into)
	return len(r.faults) == before
}

// given reads the keys of a mapping, or returns false if the value is none.
func (o *Object[S]) given(r *Reader, at Place) (*Given, bool) {
	if at.node.Kind != yaml.MappingNode {
		o.instead.report(r, at, &o.typ)
		return nil, false
	}
	g := newGiven(at, &o.typ)
	r.pairs(at, func(name string, key, value Place) {
		if i := o.typ.field(name); i >= 0 {
			r.known(g, i, key, value.under(name))
			return
		}
		r.unknown(g, name, key, value)
	})
	return g, true
}

// known takes a key of the type.
func (r *Reader) known(g *Given, i int, key, value Place) {
	s := &g.slots[i]
	if s.key.node != nil {
		r.twice(key, r.shown(g.typ, key), s.key)
		return
	}
	s.stands, s.key, s.value = true, key, value
	s.plain = r.plain(value)
}

// unknown takes a key that the type does not know.
func (r *Reader) unknown(g *Given, name string, key, value Place) {
	if first, twice := g.other[name]; twice {
		r.twice(key, r.shown(g.typ, key), first)
		return
	}
	if g.other == nil {
		g.other = make(map[string]Place)
	}
	g.other[name] = key
	if !g.typ.Secret {
		value = value.under(name)
	}
	r.plain(value)
	if slices.Contains(g.typ.Planned, name) {
		r.Fault(key.under(name), "leave it out: nothing would act on it", "is not supported yet")
		return
	}
	if i := slices.IndexFunc(g.typ.Refused, func(k Refused) bool { return k.Key == name }); i >= 0 {
		r.Fault(key.under(name), g.typ.Refused[i].Hint, "%s", g.typ.Refused[i].Message)
		return
	}
	keys := g.typ.keys()
	if i := g.typ.field(Suggest(name, keys)); i >= 0 {
		g.slots[i].stands = true
	}
	hint := Suggestion(name, keys)
	if hint == "" {
		hint = "the keys here are " + strings.Join(keys, ", ")
	}
	if g.typ.Secret {
		r.Fault(key, hint, "unknown key")
		return
	}
	r.Fault(key, hint, "unknown key %s", Quote(name))
}

// shown returns a key as faults may show it.
func (r *Reader) shown(t *Type, key Place) string {
	if t.Secret {
		return "a key"
	}
	return Quote(key.node.Value)
}

// demand reports the keys that are missing, of those that are needed.
func (o *Object[S]) demand(r *Reader, g *Given, needed func(Key) bool) {
	count := 0
	for i, k := range o.typ.Fields {
		if needed(k) && !g.slots[i].stands {
			r.Fault(g.at, "add "+k.Example, "%s is missing", k.Key)
		}
		if g.slots[i].key.node != nil {
			count++
		}
	}
	if o.typ.OneKey && (count > 1 || count+len(g.other) == 0) {
		r.Fault(g.at, "", "must have exactly one of the keys %s", strings.Join(o.typ.keys(), ", "))
	}
}

// fill reads the values of the keys that are there. What is left out, or has a fault, is
// what leaving it out means; a map keeps the names that have none.
func (o *Object[S]) fill(r *Reader, g *Given, into *S) {
	for i, f := range o.fields {
		s := &g.slots[i]
		f.reset(into)
		s.good = s.plain && f.read(r, s.value, into)
	}
	if o.check != nil {
		o.check(r, g, into)
	}
}

// Reset implements Value: every key is left out.
func (o *Object[S]) Reset(into *S) {
	for _, f := range o.fields {
		f.reset(into)
	}
}

// Append implements Value.
func (o *Object[S]) Append(b []byte, v *S) []byte {
	b = append(b, '{')
	first := len(b)
	for _, i := range o.sorted {
		start := len(b)
		if start > first {
			b = append(b, ',')
		}
		b = append(b, o.quoted[i]...)
		out, said := o.fields[i].append(b, v)
		if !said {
			out = out[:start]
		}
		b = out
	}
	return append(b, '}')
}

// Canonical returns the document in JSON, which is YAML too, on one line: keys sorted, no
// comments, and nothing that equals what leaving it out means. Reading it gives an equal
// S, and two documents that mean the same have the same canonical form.
//
// So a version of a program that does not know a key reads the form of a document that
// does not use it, and the form stays the same as long as no default changes and a new
// key's default means what its absence meant.
func (o *Object[S]) Canonical(v *S) []byte { return append(o.Append(nil, v), '\n') }

// appendText appends a text in JSON.
func appendText(b []byte, text string) []byte {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return appendEscaped(b, text)
		}
	}
	b = append(b, '"')
	b = append(b, text...)
	return append(b, '"')
}

func appendEscaped(b []byte, text string) []byte {
	var out strings.Builder
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(text); err != nil {
		panic("strict: " + err.Error()) // a text has always a JSON form
	}
	return append(b, strings.TrimSuffix(out.String(), "\n")...)
}
