package scan

import (
	"bytes"
	"slices"
)

// Growth says how the strings and lists of a Growing value become longer.
type Growth struct {
	// Named are the members whose strings are names and do not come in pieces: the last
	// one that is not empty counts.
	Named []string
	// Joined are the members that are lists of parts: a part of the same type as the one
	// before it, and without an index or another id, goes on with that one.
	Joined []string
}

// Growing is a JSON value that comes in pieces, each of which is read with Grow: strings
// are appended to, objects get further members, lists further elements, or pieces of
// those that have the same index. It keeps copies. The zero Growing is absent.
type Growing struct {
	kind     Kind
	raw      []byte // the value; of a string its inside; of what was opened nothing
	opened   bool   // an object or a list is in fields or elements, not in raw
	fields   []grownField
	elements []*Growing
	index    int64 // of an element of a list; -1: none
}

type grownField struct {
	name  string
	value *Growing
}

// maxSearched bounds the members of an object, and the elements of a list that have an
// index: they are searched for each piece.
const maxSearched = 1024

// Kind returns the value's type, Invalid if it is absent.
func (g *Growing) Kind() Kind { return g.kind }

// Empty reports whether the value is absent, null or the empty string.
func (g *Growing) Empty() bool {
	return g.kind == Invalid || g.kind == Null || g.kind == String && len(g.raw) == 0
}

// Is reports whether the value is a number or a word that was written so.
func (g *Growing) Is(text string) bool { return g.kind != String && string(g.raw) == text }

// Set makes the value another one, whatever it was.
func (g *Growing) Set(v Value) {
	g.kind, g.opened, g.fields, g.elements = v.Kind(), false, nil, nil
	if g.kind == String {
		v = v[1 : len(v)-1]
	}
	g.raw = append(g.raw[:0], v...)
}

// Field returns the member of this name, which is added if it is not there.
func (g *Growing) Field(name string) *Growing { return g.field([]byte(name)).value }

// Of returns the member that another object has under this key.
func (g *Growing) Of(key []byte) *Growing { return g.field(key).value }

func (g *Growing) field(key []byte) *grownField {
	g.open(Object)
	for i := range g.fields {
		if g.fields[i].name == string(key) {
			return &g.fields[i]
		}
	}
	g.fields = append(g.fields, grownField{string(key), &Growing{index: -1}})
	return &g.fields[len(g.fields)-1]
}

// Has reports whether an object has a member of this name that is not null.
func (g *Growing) Has(name string) bool {
	if g.kind != Object {
		return false
	}
	g.open(Object)
	return slices.ContainsFunc(g.fields, func(f grownField) bool { return f.name == name && f.value.kind > Invalid && f.value.kind != Null })
}

// Full reports whether an object has as many members as are searched.
func (g *Growing) Full() bool { return len(g.fields) >= maxSearched }

// Keep removes the members of an object that are not kept.
func (g *Growing) Keep(keep func(name string, v *Growing) bool) {
	if g.kind == Object {
		g.open(Object)
		g.fields = slices.DeleteFunc(g.fields, func(f grownField) bool { return !keep(f.name, f.value) })
	}
}

// Elements returns the elements of a list.
func (g *Growing) Elements() []*Growing {
	if g.kind != Array {
		return nil
	}
	g.open(Array)
	return g.elements
}

// Grow adds a piece, the value of a member of this name. It returns false if the value
// would have more parts than are searched.
func (g *Growing) Grow(v Value, name string, by *Growth) bool {
	switch v.Kind() {
	case Invalid:
	case Null:
		if g.kind == Invalid {
			g.Set(v)
		}
	case String:
		return g.growText(v, name, by)
	case Array:
		return g.growList(v, name, by)
	case Object:
		if g.kind != Object {
			g.Set(v)
			return true
		}
		return g.growObject(v, by)
	case Number, Bool:
		g.Set(v)
	}
	return true
}

// GrowMember adds a piece to the member that another object has under this key.
func (g *Growing) GrowMember(key []byte, v Value, by *Growth) bool {
	f := g.field(key)
	return f.value.Grow(v, f.name, by)
}

func (g *Growing) growObject(v Value, by *Growth) bool {
	m := v.Fields()
	for m.Next() {
		if g.Full() || !g.GrowMember(m.Key(), m.Value(), by) {
			return false
		}
	}
	return true
}

// Push adds an element to a list, whatever it is.
func (g *Growing) Push(v Value) {
	g.open(Array)
	g.elements = append(g.elements, elementOf(v))
}

func (g *Growing) growText(v Value, name string, by *Growth) bool {
	switch {
	case g.kind == Array: // of parts, of which this is a further one
		return g.element(asPart(v), name, by)
	case g.kind != String, slices.Contains(by.Named, name) && len(v) > 2:
		g.Set(v)
	case !slices.Contains(by.Named, name):
		g.raw = append(g.raw, v[1:len(v)-1]...)
	}
	return true
}

// asPart is a text as a part of a list.
func asPart(text Value) Value {
	return slices.Concat(Value(`{"type":"text","text":`), text, Value(`}`))
}

func (g *Growing) growList(v Value, name string, by *Growth) bool {
	if g.kind == String && len(g.raw) > 0 {
		text := slices.Concat(Value(`"`), g.raw, Value(`"`))
		g.Set(slices.Concat(Value(`[`), asPart(text), Value(`]`)))
	}
	if g.kind != Array {
		g.Set(Value(`[]`))
	}
	g.open(Array)
	e := v.Elements()
	for e.Next() {
		if !g.element(e.Value(), name, by) {
			return false
		}
	}
	return true
}

// element adds an element to a list, or to the element that it goes on with.
func (g *Growing) element(v Value, name string, by *Growth) bool {
	g.open(Array)
	at := elementOf(v)
	if at.index >= 0 {
		i, found := slices.BinarySearchFunc(g.elements, at.index, func(e *Growing, index int64) int { return int(e.index - index) })
		switch {
		case found:
			return g.elements[i].Grow(v, "", by)
		case len(g.elements) >= maxSearched:
			return false
		}
		g.elements = slices.Insert(g.elements, i, at)
		return true
	}
	if n := len(g.elements); n > 0 && slices.Contains(by.Joined, name) && g.elements[n-1].goesOn(v) {
		return g.elements[n-1].Grow(v, "", by)
	}
	g.elements = append(g.elements, at)
	return true
}

func elementOf(v Value) *Growing {
	e := &Growing{index: -1}
	e.Set(v)
	if n, ok := v.Get("index").Int(); ok && n >= 0 {
		e.index = n
	}
	return e
}

// goesOn reports whether a part is the rest of this one.
func (g *Growing) goesOn(v Value) bool {
	kind, id := v.Get("type"), v.Get("id")
	if g.kind != Object || kind == nil {
		return false
	}
	return g.Field("type").is(kind) && (id == nil || id.Kind() == Null || g.Field("id").is(id))
}

// is reports whether the value is a string.
func (g *Growing) is(v Value) bool {
	return v.Kind() == String && g.kind == String && bytes.Equal(g.raw, v[1:len(v)-1])
}

// open reads an object or a list into its parts, of which it then consists. What is none
// becomes an empty one.
func (g *Growing) open(kind Kind) {
	if g.kind == kind && g.opened {
		return
	}
	raw := Value(g.raw)
	was := g.kind
	*g = Growing{kind: kind, opened: true, index: g.index}
	if was != kind {
		return
	}
	if kind == Array {
		e := raw.Elements()
		for e.Next() {
			g.elements = append(g.elements, elementOf(e.Value()))
		}
		return
	}
	m := raw.Fields()
	for m.Next() {
		f := &Growing{index: -1}
		f.Set(m.Value())
		g.fields = append(g.fields, grownField{string(m.Key()), f})
	}
}

// Append appends the value to dst, and null if it is absent.
func (g *Growing) Append(dst []byte) []byte {
	switch {
	case g.kind == Invalid:
		return append(dst, "null"...)
	case g.kind == String:
		return append(append(append(dst, '"'), g.raw...), '"')
	case !g.opened:
		return append(dst, g.raw...)
	case g.kind == Array:
		dst = append(dst, '[')
		for i, e := range g.elements {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = e.Append(dst)
		}
		return append(dst, ']')
	}
	dst = append(dst, '{')
	n := 0
	for i := range g.fields {
		if g.fields[i].value.kind == Invalid {
			continue
		}
		if n++; n > 1 {
			dst = append(dst, ',')
		}
		dst = append(AppendString(dst, g.fields[i].name), ':')
		dst = g.fields[i].value.Append(dst)
	}
	return append(dst, '}')
}
