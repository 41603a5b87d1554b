package strict

import (
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Texts reads a text, or a Go value that is written as one.
type Texts[T any] struct {
	typ    Type
	parse  func(r *Reader, at Place, text string) (T, bool)
	format func(T) string
	except func(text string) (message, hint string)
	known  func(text string) (message, hint string)
}

var _ Value[string] = (*Texts[string])(nil)

// Text makes any text.
func Text() *Texts[string] {
	return Form(func(_ *Reader, _ Place, text string) (string, bool) { return text, true }, func(s string) string { return s })
}

// Enum makes a text that is one of several.
func Enum[T ~string](values ...T) *Texts[T] {
	names := make([]string, len(values))
	for i, v := range values {
		names[i] = string(v)
	}
	return Form(func(_ *Reader, _ Place, text string) (T, bool) { return T(text), true }, func(v T) string { return string(v) }).OneOf(names...)
}

// Form makes a Go value with a written form of its own. parse reports what is wrong with a
// text to the reader; format writes what parse reads.
func Form[T any](parse func(r *Reader, at Place, text string) (T, bool), format func(T) string) *Texts[T] {
	return &Texts[T]{typ: Type{Kind: KindText}, parse: parse, format: format}
}

// OneOf allows these texts alone.
func (t *Texts[T]) OneOf(names ...string) *Texts[T] {
	t.typ.Enum = names
	return t
}

// Known says more of texts that are none of OneOf, but which people try: what is wrong and
// what to write instead. An empty message stands for nothing to say.
func (t *Texts[T]) Known(say func(text string) (message, hint string)) *Texts[T] {
	t.known = say
	return t
}

// Matching allows only texts of a pattern, which rule says in words.
func (t *Texts[T]) Matching(pattern *regexp.Regexp, rule string) *Texts[T] {
	t.typ.Pattern, t.typ.Rule = pattern, rule
	return t
}

// Except refuses texts that the pattern allows: those that match another one. What is said
// of them depends on the text. Documents that were accepted before may hold them.
func (t *Texts[T]) Except(pattern *regexp.Regexp, say func(text string) (message, hint string)) *Texts[T] {
	t.typ.Except, t.except = pattern, say
	return t
}

// Secret keeps faults from quoting the text.
func (t *Texts[T]) Secret() *Texts[T] {
	t.typ.Secret = true
	return t
}

// Type implements Value.
func (t *Texts[T]) Type() *Type { return &t.typ }

// Read implements Value.
func (t *Texts[T]) Read(r *Reader, at Place, into *T) bool {
	n := at.node
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!str" {
		r.wrong(at, "", t.typ.want())
		return false
	}
	if !t.allowed(r, at, n.Value) {
		return false
	}
	v, ok := t.parse(r, at, n.Value)
	if ok {
		*into = v
	}
	return ok
}

// allowed reports a text that the type does not allow.
func (t *Texts[T]) allowed(r *Reader, at Place, text string) bool {
	if t.except != nil && !r.accepted && t.typ.Except.MatchString(text) {
		message, hint := t.except(text)
		r.Fault(at, hint, "%s", message)
		return false
	}
	if t.typ.Enum != nil && !slices.Contains(t.typ.Enum, text) {
		t.unlisted(r, at, text)
		return false
	}
	if t.typ.Pattern == nil || t.typ.Pattern.MatchString(text) {
		return true
	}
	if t.typ.Secret {
		r.Fault(at, "", "%s", t.typ.Rule)
	} else {
		r.Fault(at, "", "%s, is %s", t.typ.Rule, Quote(text))
	}
	return false
}

// unlisted reports a text that is none of the allowed ones.
func (t *Texts[T]) unlisted(r *Reader, at Place, text string) {
	if t.known != nil {
		if message, hint := t.known(text); message != "" {
			r.Fault(at, hint, "%s", message)
			return
		}
	}
	r.Fault(at, Suggestion(text, t.typ.Enum), "must be one of %s, is %s", strings.Join(t.typ.Enum, ", "), Quote(text))
}

// Reset implements Value: the zero value.
func (t *Texts[T]) Reset(into *T) {
	var none T
	*into = none
}

// Append implements Value.
func (t *Texts[T]) Append(b []byte, v *T) []byte { return appendText(b, t.format(*v)) }
