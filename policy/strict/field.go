package strict

import (
	"bytes"
	"strings"
)

// Field binds one key of an object to its place in a struct S. It is made by Bind and
// completed by its methods before it goes into NewObject.
type Field[S, T any] struct {
	info     Key
	at       func(*S) *T
	value    Value[T]
	fallback func(*S) T // nil: what Value.Reset sets
	usual    []byte     // canonical form of a default that is the same in every object
}

// Bind says that the value of a key goes to a place in S.
func Bind[S, T any](key string, at func(*S) *T, value Value[T]) *Field[S, T] {
	f := &Field[S, T]{info: Key{Key: key, Type: value.Type()}, at: at, value: value}
	var none T
	value.Reset(&none)
	f.usual = value.Append(nil, &none)
	return f
}

// Default sets the value that leaving the key out stands for.
func (f *Field[S, T]) Default(v T) *Field[S, T] {
	f.fallback = func(*S) T { return v }
	f.usual = f.value.Append(nil, &v)
	f.info.Default = strings.Trim(string(f.usual), `"`)
	if s, ok := f.value.(shower[T]); ok {
		f.info.Default = s.show(v)
	}
	return f
}

// DefaultFrom sets the default of a key that depends on fields which come before it, and
// says in words what it is.
func (f *Field[S, T]) DefaultFrom(fallback func(*S) T, words string) *Field[S, T] {
	f.fallback, f.usual = fallback, nil
	f.info.Derived, f.info.Absent = true, words
	return f
}

// Absent says in words what it means to leave the key out, if it has no default.
func (f *Field[S, T]) Absent(words string) *Field[S, T] {
	f.info.Absent = words
	return f
}

// Required makes it a fault to leave the key out.
func (f *Field[S, T]) Required() *Field[S, T] {
	f.info.Required = true
	return f
}

// EveryFile makes the key stand in every file of a document. It is for the keys of
// documents alone.
func (f *Field[S, T]) EveryFile() *Field[S, T] {
	f.info.EveryFile = true
	return f
}

// Doc says what the key means, in full sentences.
func (f *Field[S, T]) Doc(text string) *Field[S, T] {
	f.info.Doc = text
	return f
}

// Example shows the key with a value, in YAML.
func (f *Field[S, T]) Example(text string) *Field[S, T] {
	f.info.Example = text
	return f
}

// Member is a field of an object, whatever its value's Go type.
type Member[S any] interface {
	key() Key
	place(s *S) any // where the value goes
	read(r *Reader, at Place, s *S) bool
	reset(s *S)
	append(b []byte, s *S) (out []byte, said bool)
}

func (f *Field[S, T]) key() Key { return f.info }

func (f *Field[S, T]) place(s *S) any { return f.at(s) }

func (f *Field[S, T]) read(r *Reader, at Place, s *S) bool { return f.value.Read(r, at, f.at(s)) }

func (f *Field[S, T]) reset(s *S) {
	if f.fallback != nil {
		*f.at(s) = f.fallback(s)
		return
	}
	f.value.Reset(f.at(s))
}

// append appends the value's canonical form, unless leaving the key out says the same.
func (f *Field[S, T]) append(b []byte, s *S) (out []byte, said bool) {
	start := len(b)
	b = f.value.Append(b, f.at(s))
	if f.info.Required {
		return b, true
	}
	usual := f.usual
	if usual == nil {
		v := f.fallback(s)
		usual = f.value.Append(nil, &v)
	}
	if bytes.Equal(b[start:], usual) {
		return b[:start], false
	}
	return b, true
}
