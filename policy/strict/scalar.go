package strict

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// scalar reads a value that has a text, by that text, whatever YAML takes it for: 0.30
// must not become a float on its way.
type scalar[T any] struct {
	typ    Type
	want   string // what it is, for values of another form
	parse  func(text string) (T, error)
	append func(b []byte, v T) []byte
	text   func(v T) string // as people write it; nil: as the canonical form does
	bare   bool             // is no text in YAML and JSON: in quotes it is refused
}

// Type implements Value.
func (s *scalar[T]) Type() *Type { return &s.typ }

// Read implements Value.
func (s *scalar[T]) Read(r *Reader, at Place, into *T) bool {
	if at.node.Kind != yaml.ScalarNode || empty(at.node) {
		r.wrong(at, "", s.want)
		return false
	}
	v, err := s.parse(at.node.Value)
	if err != nil {
		r.Fault(at, "", "%v", err)
		return false
	}
	if s.bare && !r.accepted && at.node.ShortTag() == "!!str" {
		r.Fault(at, "write it without quotes: "+at.node.Value, "must be %s, is text", s.want)
		return false
	}
	*into = v
	return true
}

// Reset implements Value: the zero value.
func (s *scalar[T]) Reset(into *T) {
	var none T
	*into = none
}

// Append implements Value.
func (s *scalar[T]) Append(b []byte, v *T) []byte { return s.append(b, *v) }

func (s *scalar[T]) show(v T) string {
	if s.text != nil {
		return s.text(v)
	}
	return string(s.append(nil, v))
}

// Int is a whole number from min to max.
func Int[N ~int | ~int64 | ~uint32](min, max N) Value[N] {
	low, high := strconv.FormatInt(int64(min), 10), strconv.FormatInt(int64(max), 10)
	return &scalar[N]{
		typ: Type{Kind: KindInt, Min: low, Max: high}, want: "a whole number", bare: true,
		append: func(b []byte, v N) []byte { return strconv.AppendInt(b, int64(v), 10) },
		parse: func(text string) (N, error) {
			n, err := strconv.ParseInt(text, 10, 64)
			switch {
			case err != nil || strconv.FormatInt(n, 10) != text:
				return 0, fmt.Errorf("must be a whole number from %s to %s, is %s", low, high, Quote(text))
			case n < int64(min) || n > int64(max):
				return 0, fmt.Errorf("must be from %s to %s, is %s", low, high, text)
			}
			return N(n), nil
		},
	}
}

// Version is the version of a document's format. It is a name rather than a number and
// may stand in quotes.
func Version(supported int) Value[int] {
	text := strconv.Itoa(supported)
	return &scalar[int]{
		typ: Type{Kind: KindVersion, Min: text, Max: text}, want: "a version",
		append: func(b []byte, v int) []byte { return strconv.AppendInt(b, int64(v), 10) },
		parse: func(asked string) (int, error) {
			if asked != text {
				return 0, fmt.Errorf("must be %s, is %s", text, Quote(asked))
			}
			return supported, nil
		},
	}
}

// Duration is a time span with a unit, in whole milliseconds.
func Duration(min, max time.Duration) Value[time.Duration] {
	low, high := spanText(min), spanText(max)
	return &scalar[time.Duration]{
		typ: Type{Kind: KindDuration, Min: low, Max: high}, want: "a duration with a unit, such as 30s",
		append: func(b []byte, d time.Duration) []byte { return appendText(b, d.String()) }, text: spanText,
		parse: func(text string) (time.Duration, error) {
			d, err := time.ParseDuration(text)
			switch {
			case err != nil || !durationPattern.MatchString(text):
				return 0, fmt.Errorf("must be a duration with a unit (ms, s, m, h), such as 30s, is %s", Quote(text))
			case d < min || d > max:
				return 0, fmt.Errorf("must be from %s to %s, is %s", low, high, Quote(text))
			case d%time.Millisecond != 0:
				return 0, fmt.Errorf("must be whole milliseconds, is %s", Quote(text))
			}
			return d, nil
		},
	}
}

// Days is a duration in whole days.
func Days(min, max int) Value[time.Duration] {
	low, high := daysText(time.Duration(min)*day), daysText(time.Duration(max)*day)
	return &scalar[time.Duration]{
		typ: Type{Kind: KindDays, Min: low, Max: high}, want: "a number of days, such as 90d",
		append: func(b []byte, d time.Duration) []byte { return appendText(b, daysText(d)) }, text: daysText,
		parse: func(text string) (time.Duration, error) {
			if !daysPattern.MatchString(text) {
				return 0, fmt.Errorf("must be a number of days, such as 90d, is %s", Quote(text))
			}
			n, err := strconv.Atoi(strings.TrimSuffix(text, "d"))
			if err != nil || n < min || n > max {
				return 0, fmt.Errorf("must be from %s to %s, is %s", low, high, Quote(text))
			}
			return time.Duration(n) * day, nil
		},
	}
}

// Size is a number of bytes with a unit.
func Size(min, max int64) Value[int64] {
	low, high := sizeText(min), sizeText(max)
	return &scalar[int64]{
		typ: Type{Kind: KindSize, Min: low, Max: high}, want: "a size with a unit, such as 32MiB",
		append: func(b []byte, n int64) []byte { return appendText(b, strconv.FormatInt(n, 10)+"B") }, text: sizeText,
		parse: func(text string) (int64, error) {
			n, err := parseSize(text)
			if err == nil && (n < min || n > max) {
				err = fmt.Errorf("must be from %s to %s, is %s", low, high, Quote(text))
			}
			return n, err
		},
	}
}

// Decimal is an exact number from min to max. The Go type is the caller's, with what reads
// it, bounds included, and what writes it.
func Decimal[T any](min, max, want string, parse func(text string) (T, error), format func(T) string) Value[T] {
	return &scalar[T]{
		typ: Type{Kind: KindDecimal, Min: min, Max: max}, want: want, bare: true, parse: parse,
		append: func(b []byte, v T) []byte { return append(b, format(v)...) },
	}
}

// Date is a day of this century, which begins at midnight UTC.
func Date() Value[time.Time] {
	return &scalar[time.Time]{
		typ: Type{Kind: KindDate}, want: "a day, such as 2026-09-01",
		append: func(b []byte, t time.Time) []byte { return appendText(b, t.Format(time.DateOnly)) },
		parse: func(text string) (time.Time, error) {
			t, err := time.Parse(time.DateOnly, text)
			if err != nil || !datePattern.MatchString(text) {
				return time.Time{}, fmt.Errorf("must be a day of this century, such as 2026-09-01, is %s", Quote(text))
			}
			return t, nil
		},
	}
}
