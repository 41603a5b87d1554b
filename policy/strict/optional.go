package strict

// optional is a value that may be left out, unlike one that is there with all of its defaults.
type optional[T any] struct{ value Value[T] }

// Optional makes a value that is nil if it is left out.
func Optional[T any](value Value[T]) Value[*T] { return optional[T]{value} }

// Type implements Value.
func (o optional[T]) Type() *Type { return o.value.Type() }

// Read implements Value.
func (o optional[T]) Read(r *Reader, at Place, into **T) bool {
	*into = new(T)
	return o.value.Read(r, at, *into)
}

// Reset implements Value: there is nothing.
func (o optional[T]) Reset(into **T) { *into = nil }

// Append implements Value.
func (o optional[T]) Append(b []byte, v **T) []byte {
	if *v == nil {
		return append(b, "null"...)
	}
	return o.value.Append(b, *v)
}
