package strict

import "regexp"

// Kind is the form of a value in a document.
type Kind string

// The kinds of values.
const (
	Text     Kind = "text"
	Whole    Kind = "whole number"
	Switch   Kind = "true or false"
	Duration Kind = "duration"
	Size     Kind = "size"
	Decimal  Kind = "decimal"
	Date     Kind = "date"
	List     Kind = "list"
	Object   Kind = "object" // fixed keys
	Map      Kind = "map"    // Keys are names that the operator chooses
	Either   Kind = "either" // one of several forms
)

// Type says what a value may be. It is data that three readers share: the parser,
// the JSON Schema and the reference. It must not be changed.
type Type struct {
	Kind    Kind
	Enum    []string       // of Text: the only values
	Pattern *regexp.Regexp // of Text, and of the keys of a Map
	Rule    string         // Pattern in words
	Min     string         // least value in the text of the kind; of List: elements
	Max     string         // greatest value, likewise
	Elem    *Type          // of List and Map
	Fields  []Field        // of Object, in the order of the reference
	Planned []string       // of Object: keys that have no code behind them yet, so that they are refused
	OneKey  bool           // of Object: exactly one of the keys is given
	Options []*Type        // of Either: told apart by their Kind
	Secret  bool           // faults quote neither keys nor values
}

// Field is one key of an Object.
type Field struct {
	Key      string
	Type     *Type
	Required bool
	Default  string // in the text of the document; empty: none
	Doc      string // what it means, in full sentences
	Example  string // YAML of the key and its value
}

// Field returns the field of this key, or nil.
func (t *Type) Field(key string) *Field {
	for i := range t.Fields {
		if t.Fields[i].Key == key {
			return &t.Fields[i]
		}
	}
	return nil
}

// Keys returns the keys of an Object in their order.
func (t *Type) Keys() []string {
	keys := make([]string, len(t.Fields))
	for i, f := range t.Fields {
		keys[i] = f.Key
	}
	return keys
}

// Option returns the form of an Either that has this kind.
func (t *Type) Option(k Kind) *Type {
	for _, o := range t.Options {
		if o.Kind == k {
			return o
		}
	}
	return nil
}

// The forms of texts are read by Go and, in the schema, by ECMAScript engines, so they
// keep to what both mean the same by. Bounds are checked on top.
var (
	DurationPattern = regexp.MustCompile(`^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$`)
	SizePattern     = regexp.MustCompile(`^(0|[1-9][0-9]*)(B|KB|MB|KiB|MiB)$`)
	DecimalPattern  = regexp.MustCompile(`^[0-9]+(\.[0-9]+)?$`)
	DatePattern     = regexp.MustCompile(`^20[0-9]{2}-[0-9]{2}-[0-9]{2}$`)
)
