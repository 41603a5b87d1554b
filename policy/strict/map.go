package strict

import (
	"maps"
	"regexp"
	"slices"

	"go.yaml.in/yaml/v3"
)

// MapOf reads a mapping from names that the author chooses. In a document of several
// files it may be spread over them.
type MapOf[T any] struct {
	typ    Type
	elem   Value[T]
	named  func(*T) *string
	except func(name string) (message, hint string)
}

var _ Value[map[string]*int] = (*MapOf[int])(nil)

// Map makes a map whose names match a pattern, which rule says in words.
func Map[T any](names *regexp.Regexp, rule string, elem Value[T]) *MapOf[T] {
	return &MapOf[T]{typ: Type{Kind: KindMap, Pattern: names, Rule: rule, Elem: elem.Type()}, elem: elem}
}

// Named says where a value keeps its own name. It is set before the value is read.
func (m *MapOf[T]) Named(at func(*T) *string) *MapOf[T] {
	m.named = at
	return m
}

// Except refuses names that the pattern allows: those that match another one. What is said
// of them depends on the name. Documents that were accepted before may hold them.
func (m *MapOf[T]) Except(pattern *regexp.Regexp, say func(name string) (message, hint string)) *MapOf[T] {
	m.typ.Except, m.except = pattern, say
	return m
}

// Type implements Value.
func (m *MapOf[T]) Type() *Type { return &m.typ }

// Read implements Value.
func (m *MapOf[T]) Read(r *Reader, at Place, into *map[string]*T) bool {
	before := len(r.faults)
	*into = make(map[string]*T)
	seen := make(map[string]Place)
	for _, part := range append([]Place{at}, at.also...) {
		if part.node.Kind != yaml.MappingNode {
			r.wrong(part, "", m.typ.want())
			continue
		}
		r.pairs(part, func(name string, key, value Place) {
			if first, twice := seen[name]; twice {
				r.twice(key, Quote(name), first)
				return
			}
			seen[name] = key
			m.entry(r, name, key, value.under(name), *into)
		})
	}
	return len(r.faults) == before
}

func (m *MapOf[T]) entry(r *Reader, name string, key, value Place, into map[string]*T) {
	switch {
	case m.except != nil && !r.accepted && m.typ.Except.MatchString(name):
		message, hint := m.except(name)
		r.Fault(key, hint, "%s", message)
	case !m.typ.Pattern.MatchString(name):
		r.Fault(key, "", "%s, is %s", m.typ.Rule, Quote(name))
	}
	v := new(T)
	if m.named != nil {
		*m.named(v) = name
	}
	if r.plain(value) && m.elem.Read(r, value, v) {
		into[name] = v
	}
}

// Reset implements Value: there are no names.
func (m *MapOf[T]) Reset(into *map[string]*T) { *into = make(map[string]*T) }

// Append implements Value.
func (m *MapOf[T]) Append(b []byte, v *map[string]*T) []byte {
	b = append(b, '{')
	for i, name := range slices.Sorted(maps.Keys(*v)) {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendText(b, name), ':')
		b = m.elem.Append(b, (*v)[name])
	}
	return append(b, '}')
}
