package strict

import (
	"strconv"

	"go.yaml.in/yaml/v3"
)

// ListOf reads a list whose elements are all of one kind.
type ListOf[E any] struct {
	typ      Type
	elem     Value[E]
	min, max int
	want     string
	check    func(*Reader, []Elem[E])
}

var _ Value[[]int] = (*ListOf[int])(nil)

// Elem is an element of a list that was read without a fault, and its place.
type Elem[E any] struct {
	At    Place
	Value E
}

// List makes a list of min to max elements.
func List[E any](min, max int, elem Value[E]) *ListOf[E] {
	t := Type{Kind: KindList, Min: strconv.Itoa(min), Max: strconv.Itoa(max), Elem: elem.Type(), Secret: elem.Type().Secret}
	return &ListOf[E]{typ: t, elem: elem, min: min, max: max, want: t.want()}
}

// Want says in words what the list is, for faults.
func (l *ListOf[E]) Want(words string) *ListOf[E] {
	l.want = words
	return l
}

// Check adds what depends on several elements.
func (l *ListOf[E]) Check(check func(*Reader, []Elem[E])) *ListOf[E] {
	l.check = check
	return l
}

// Type implements Value.
func (l *ListOf[E]) Type() *Type { return &l.typ }

// Read implements Value.
func (l *ListOf[E]) Read(r *Reader, at Place, into *[]E) bool {
	before := len(r.faults)
	if at.node.Kind != yaml.SequenceNode {
		r.wrong(at, "", l.want)
		return false
	}
	if n := len(at.node.Content); n < l.min || n > l.max {
		r.Fault(at, "", "must have %d to %d elements, has %d", l.min, l.max, n)
		if n > l.max {
			return false // bounds the faults that one list can cause
		}
	}
	all := l.elems(r, at)
	*into = make([]E, len(all))
	for i, e := range all {
		(*into)[i] = e.Value
	}
	if l.check != nil {
		l.check(r, all)
	}
	return len(r.faults) == before
}

func (l *ListOf[E]) elems(r *Reader, at Place) []Elem[E] {
	all := make([]Elem[E], 0, len(at.node.Content))
	path := at.Path()
	for i := range at.node.Content {
		e := Elem[E]{At: at.elem(path, i)}
		if r.plain(e.At) && l.elem.Read(r, e.At, &e.Value) {
			all = append(all, e)
		}
	}
	return all
}

// Reset implements Value: there is no list.
func (l *ListOf[E]) Reset(into *[]E) { *into = nil }

// Append implements Value.
func (l *ListOf[E]) Append(b []byte, v *[]E) []byte {
	b = append(b, '[')
	for i := range *v {
		if i > 0 {
			b = append(b, ',')
		}
		b = l.elem.Append(b, &(*v)[i])
	}
	return append(b, ']')
}
