package strict

// Value is how values of one Go type are read from a document, written to its canonical
// form and described. Values are made once, are not changed afterwards, and are safe for
// concurrent use.
type Value[T any] interface {
	// Type describes the value.
	Type() *Type
	// Read reads the value at a place. What is wrong with it is reported to the reader,
	// and Read then returns false.
	Read(r *Reader, at Place, into *T) bool
	// Reset sets what a document means that leaves the value out, unless its field says
	// otherwise.
	Reset(into *T)
	// Append appends the value's canonical form, which is JSON.
	Append(b []byte, v *T) []byte
}

// shower is a Value that people write otherwise than the canonical form does.
type shower[T any] interface {
	show(v T) string
}
