package detector

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"unicode/utf8"

	"github.com/headgate/headgate/extproc/scan"
)

// Field is a member of an object that an answer must or may have, and how it is read.
type Field struct {
	Name     string
	Optional bool
	Read     func(scan.Value) error
}

// ReadObject reads the fields of an object and ignores its other members. A field that is
// missing, stands twice or cannot be read is an error that names it. A field that is null is not
// missing.
func ReadObject(m scan.Members, fields ...Field) error {
	seen := make([]bool, len(fields))
	for m.Next() {
		for i, f := range fields {
			if f.Name != string(m.Key()) {
				continue
			}
			if seen[i] {
				return fmt.Errorf("%s: stands twice", f.Name)
			}
			seen[i] = true
			if err := f.Read(m.Value()); err != nil {
				return fmt.Errorf("%s: %w", f.Name, err)
			}
		}
	}
	if err := m.Err(); err != nil {
		return err
	}
	for i, f := range fields {
		if !seen[i] && !f.Optional {
			return fmt.Errorf("%s: is missing", f.Name)
		}
	}
	return nil
}

// ReadFields reads a value that must be an object, as ReadObject does.
func ReadFields(v scan.Value, fields ...Field) error {
	if v.Kind() != scan.Object {
		return errors.New("must be an object")
	}
	return ReadObject(v.Fields(), fields...)
}

// ReadList reads a value that must be a list of at most n elements.
func ReadList(v scan.Value, n int, read func(scan.Value) error) error {
	if v.Kind() != scan.Array {
		return errors.New("must be a list")
	}
	elements := v.Elements()
	for i := 0; elements.Next(); i++ {
		if i == n {
			return fmt.Errorf("has more than %d elements", n)
		}
		if err := read(elements.Value()); err != nil {
			return fmt.Errorf("element %d: %w", i, err)
		}
	}
	return elements.Err()
}

// Switch reads true or false.
func Switch(to *bool) func(scan.Value) error {
	return func(v scan.Value) error {
		if v.Kind() != scan.Bool {
			return errors.New("must be true or false")
		}
		*to = v.True()
		return nil
	}
}

// Score reads a number from 0 to 1.
func Score(to *float64) func(scan.Value) error {
	return func(v scan.Value) error {
		f, err := strconv.ParseFloat(string(v), 64)
		if v.Kind() != scan.Number || err != nil || f < 0 || f > 1 {
			return errors.New("must be a number from 0 to 1")
		}
		*to = f
		return nil
	}
}

// Whole reads a whole number.
func Whole(to *int) func(scan.Value) error {
	return func(v scan.Value) error {
		n, ok := v.Int()
		if v.Kind() != scan.Number || !ok {
			return errors.New("must be a whole number")
		}
		*to = int(n)
		return nil
	}
}

// MaxMessage is how many code points a message for clients may have.
const MaxMessage = 1000

// Message reads a text for clients.
func Message(to *string) func(scan.Value) error {
	return func(v scan.Value) error {
		s, ok := v.Str()
		if !ok || utf8.RuneCount(s) > MaxMessage {
			return fmt.Errorf("must be a text of at most %d characters", MaxMessage)
		}
		*to = string(s)
		return nil
	}
}

// TypePattern is what names of types are like. A name stands in rows, so that a
// service cannot put a text there.
const TypePattern = `^[A-Za-z][A-Za-z0-9_./-]{0,63}$`

var typeName = regexp.MustCompile(TypePattern)

// Type reads the name of a type.
func Type(to *string) func(scan.Value) error {
	return func(v scan.Value) error {
		s, ok := v.Str()
		if !ok || !typeName.Match(s) {
			return errors.New("must be the name of a type: a letter, then up to 63 letters, digits and _./-")
		}
		*to = string(s)
		return nil
	}
}

// EntityPattern is what types of spans are like, from which placeholders are made.
const EntityPattern = `^[A-Z][A-Z0-9_]{1,39}$`

var entityName = regexp.MustCompile(EntityPattern)

// EntityType reads the type of a span.
func EntityType(to *string) func(scan.Value) error {
	return func(v scan.Value) error {
		s, ok := v.Str()
		if !ok || !entityName.Match(s) {
			return errors.New("must be the type of a span: 2 to 40 upper-case letters, digits and _, a letter first")
		}
		*to = string(s)
		return nil
	}
}
