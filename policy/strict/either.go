package strict

import (
	"slices"

	"go.yaml.in/yaml/v3"
)

// Choice reads a value that may be written in several forms: a text, a list, an object.
type Choice[T any] struct {
	typ     Type
	options []Option[T]
	instead instead
}

var _ Value[int] = (*Choice[int])(nil)

// Option is one form of a Choice.
type Option[T any] struct {
	typ    *Type
	read   func(*Reader, Place, *T) bool
	reset  func(*T)
	append func([]byte, *T) ([]byte, bool) // false: the value has no such form
}

// Either makes a value of several forms, which are told apart by being scalars, lists and
// objects. The canonical form is the first one that a value has.
func Either[T any](options ...Option[T]) *Choice[T] {
	c := &Choice[T]{typ: Type{Kind: KindEither}, options: options}
	for _, o := range options {
		c.typ.Options = append(c.typ.Options, o.typ)
		c.typ.Secret = c.typ.Secret || o.typ.Secret
	}
	return c
}

// Itself is the form that holds the whole value.
func Itself[T any](v Value[T]) Option[T] {
	return Option[T]{v.Type(), v.Read, v.Reset, func(b []byte, t *T) ([]byte, bool) { return v.Append(b, t), true }}
}

// As is a form that another value U stands for: to makes a T of it, and from makes it of a
// T, or returns false if the T needs another form.
func As[T, U any](v Value[U], to func(U, *T), from func(*T) (U, bool)) Option[T] {
	read := func(r *Reader, at Place, into *T) bool {
		var u U
		ok := v.Read(r, at, &u)
		to(u, into)
		return ok
	}
	write := func(b []byte, t *T) ([]byte, bool) {
		u, ok := from(t)
		if !ok {
			return b, false
		}
		return v.Append(b, &u), true
	}
	return Option[T]{v.Type(), read, nil, write}
}

// OneOrList is a list whose only element may stand without the list.
func OneOrList[E any](elem Value[E], list *ListOf[E]) *Choice[[]E] {
	return Either(
		As(elem, func(e E, all *[]E) { *all = []E{e} }, func(all *[]E) (e E, ok bool) {
			if len(*all) != 1 {
				return e, false
			}
			return (*all)[0], true
		}),
		Itself[[]E](list),
	)
}

// InsteadOfText says what is wrong with a scalar in the value's place, or with one that is no
// text if texts are a form of it, and what to write.
func (c *Choice[T]) InsteadOfText(message, hint string) *Choice[T] {
	c.instead = instead{yaml.ScalarNode: {message, hint}}
	return c
}

// InsteadOfObject says what is wrong with an object in the value's place, and what to
// write.
func (c *Choice[T]) InsteadOfObject(message, hint string) *Choice[T] {
	c.instead = instead{yaml.MappingNode: {message, hint}}
	return c
}

// Type implements Value.
func (c *Choice[T]) Type() *Type { return &c.typ }

// Read implements Value.
func (c *Choice[T]) Read(r *Reader, at Place, into *T) bool {
	i := slices.IndexFunc(c.options, func(o Option[T]) bool { return o.typ.node() == at.node.Kind })
	if i < 0 || empty(at.node) || c.instead[yaml.ScalarNode].message != "" && numeric(at.node) {
		c.instead.report(r, at, &c.typ)
		return false
	}
	return c.options[i].read(r, at, into)
}

// numeric reports whether a scalar is no text.
func numeric(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() != "!!str" }

// node returns the form in YAML that values of the type have.
func (t *Type) node() yaml.Kind {
	switch t.Kind {
	case KindObject, KindMap:
		return yaml.MappingNode
	case KindList:
		return yaml.SequenceNode
	default:
		return yaml.ScalarNode
	}
}

// Reset implements Value.
func (c *Choice[T]) Reset(into *T) {
	for _, o := range c.options {
		if o.reset != nil {
			o.reset(into)
			return
		}
	}
	var none T
	*into = none
}

// Append implements Value.
func (c *Choice[T]) Append(b []byte, v *T) []byte {
	for _, o := range c.options {
		if out, ok := o.append(b, v); ok {
			return out
		}
	}
	panic("strict: a value has no form to be written in")
}
