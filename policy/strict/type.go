package strict

import (
	"regexp"
	"slices"
	"strings"
)

// Kind is the form of a value in a document.
type Kind string

// The kinds of values.
const (
	KindText     Kind = "text"
	KindInt      Kind = "whole number"
	KindSwitch   Kind = "true or false"
	KindVersion  Kind = "version"
	KindDuration Kind = "duration"
	KindDays     Kind = "days"
	KindSize     Kind = "size"
	KindDecimal  Kind = "decimal"
	KindDate     Kind = "date"
	KindList     Kind = "list"
	KindObject   Kind = "object" // fixed keys
	KindMap      Kind = "map"    // keys are names that the author chooses
	KindEither   Kind = "either" // one of several forms
)

// Type says what a value may be, as data for the JSON Schema and the page for people. It
// follows from the Value that reads it and must not be changed.
type Type struct {
	Kind    Kind
	Name    string         // of an object that stands in several places and is described once; empty: it is described in its place
	Enum    []string       // of a text: the only values
	Pattern *regexp.Regexp // of a text, and of the keys of a map
	Rule    string         // Pattern in words
	Except  *regexp.Regexp // texts, and keys of a map, that are refused although Pattern allows them
	Min     string         // as people write it; of a list: elements
	Max     string
	Elem    *Type     // of a list and a map
	Fields  []Key     // of an object, in the order of the page
	Planned []string  // of an object: keys that have no code yet, so that they are refused
	Refused []Refused // of an object: keys that there will not be, and why
	OneKey  bool      // of an object: exactly one of the keys is given
	Options []*Type   // of either: distinguished by their form
	Secret  bool      // faults quote neither keys nor values
}

// Refused is a key that people look for and that there is not.
type Refused struct{ Key, Message, Hint string }

// Key is one key of an object, as data.
type Key struct {
	Key       string
	Type      *Type
	Required  bool
	EveryFile bool   // stands in every file of a document, not in one of them
	Default   string // as people write it; empty: none
	Derived   bool   // the default depends on other keys: Absent says how
	Absent    string // what it means to leave the key out, if no default says so
	Doc       string // what it means, in full sentences
	Example   string // YAML of the key and its value
}

// keys returns the keys of an object in their order.
func (t *Type) keys() []string {
	keys := make([]string, len(t.Fields))
	for i, f := range t.Fields {
		keys[i] = f.Key
	}
	return keys
}

// field returns the index of a key of an object, or -1.
func (t *Type) field(key string) int {
	return slices.IndexFunc(t.Fields, func(f Key) bool { return f.Key == key })
}

// want says in words what a value of the type is.
func (t *Type) want() string {
	switch t.Kind {
	case KindObject:
		return "an object"
	case KindMap:
		return "an object with names as keys"
	case KindList:
		return "a list"
	case KindEither:
		words := make([]string, len(t.Options))
		for i, o := range t.Options {
			words[i] = o.want()
		}
		return strings.Join(words, " or ")
	default:
		if t.Enum != nil {
			return "one of " + strings.Join(t.Enum, ", ")
		}
		return string(t.Kind)
	}
}

// The forms of texts are read by Go and, in the schema, by ECMAScript engines, so they
// keep to what both mean the same by. Bounds are checked on top.
var (
	durationPattern = regexp.MustCompile(`^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$`)
	daysPattern     = regexp.MustCompile(`^(0|[1-9][0-9]*)d$`)
	sizePattern     = regexp.MustCompile(`^(0|[1-9][0-9]*)(B|KB|MB|KiB|MiB)$`)
	datePattern     = regexp.MustCompile(`^20[0-9]{2}-[0-9]{2}-[0-9]{2}$`)
)
