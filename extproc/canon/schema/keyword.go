package schema

import (
	"bytes"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// keyword is one that a subset may take or refuse by itself.
type keyword uint8

const (
	keyOther     keyword = iota // annotates: says nothing of which values are valid
	keyAssertion                // says which values are valid; no strict mode takes it
	keySchema
	keyDescription
	keyTitle
	keyRef
	keyDefs
	keyDefinitions
	keyType
	keyEnum
	keyConst
	keyProperties
	keyRequired
	keyAdditional
	keyItems
	keyAnyOf
	keyOneOf
	keyAllOf
	keyNot
	keyFormat
	keyPattern
	keyMinItems
	keyMaxItems
	keyMinimum
	keyMaximum
	keyExclusiveMinimum
	keyExclusiveMaximum
	keyMultipleOf
	numKeywords
)

var keywords = map[string]keyword{
	"$schema": keySchema, "description": keyDescription, "title": keyTitle, "$ref": keyRef, "$defs": keyDefs, "definitions": keyDefinitions,
	"type": keyType, "enum": keyEnum, "const": keyConst, "properties": keyProperties, "required": keyRequired, "additionalProperties": keyAdditional,
	"items": keyItems, "anyOf": keyAnyOf, "oneOf": keyOneOf, "allOf": keyAllOf, "not": keyNot, "format": keyFormat, "pattern": keyPattern,
	"minItems": keyMinItems, "maxItems": keyMaxItems, "minimum": keyMinimum, "maximum": keyMaximum,
	"exclusiveMinimum": keyExclusiveMinimum, "exclusiveMaximum": keyExclusiveMaximum, "multipleOf": keyMultipleOf,

	"minLength": keyAssertion, "maxLength": keyAssertion, "uniqueItems": keyAssertion, "contains": keyAssertion, "minContains": keyAssertion,
	"maxContains": keyAssertion, "prefixItems": keyAssertion, "additionalItems": keyAssertion, "unevaluatedItems": keyAssertion,
	"unevaluatedProperties": keyAssertion, "minProperties": keyAssertion, "maxProperties": keyAssertion, "patternProperties": keyAssertion,
	"propertyNames": keyAssertion, "dependentRequired": keyAssertion, "dependentSchemas": keyAssertion, "dependencies": keyAssertion,
	"if": keyAssertion, "then": keyAssertion, "else": keyAssertion, "contentEncoding": keyAssertion, "contentMediaType": keyAssertion,
	"contentSchema": keyAssertion, "$dynamicRef": keyAssertion,
}

// asserts reports whether a keyword says which values are valid.
func (k keyword) asserts() bool {
	switch k {
	case keyOther, keySchema, keyDescription, keyTitle, keyDefs, keyDefinitions:
		return false
	default:
		return true
	}
}

// Set is a set of keywords.
type Set uint64

func setOf(list ...keyword) Set {
	var s Set
	for _, k := range list {
		s |= 1 << k
	}
	return s
}

func (s Set) has(k keyword) bool { return s&(1<<k) != 0 }

// known are the members of a schema that subsets name; the last of one name counts.
type known [numKeywords]scan.Value

// is reports whether a schema's type is kind, or may be.
func (k *known) is(kind string) bool { return typeIs(k[keyType], kind) }

func typeIs(v scan.Value, kind string) bool {
	if v.Kind() == scan.String {
		return string(canon.Inside(v)) == kind
	}
	for e := v.Elements(); e.Next(); {
		if string(canon.Inside(e.Value())) == kind {
			return true
		}
	}
	return false
}

// primitive reports whether a value is neither an object nor a list.
func primitive(v scan.Value) bool {
	k := v.Kind()
	return k != scan.Object && k != scan.Array && k != scan.Invalid
}

// primitives reports whether a list has values, all of them primitive.
func primitives(list scan.Value) bool {
	n := 0
	for e := list.Elements(); e.Next(); n++ {
		if !primitive(e.Value()) {
			return false
		}
	}
	return n > 0
}

// plainName reports whether a property's name matches ^[a-zA-Z0-9_.-]{1,64}$.
func plainName(name []byte) bool {
	for _, c := range name {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '.' || c == '-') {
			return false
		}
	}
	return len(name) > 0 && len(name) <= 64
}

// plainPattern reports whether an expression is one that strict modes compile: no
// looking around, no references back, no bounds of words, no great repetitions.
func plainPattern(v scan.Value) bool {
	text, ok := v.Str()
	if !ok || bytes.Contains(text, []byte("(?")) {
		return false
	}
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
			if i == len(text) || text[i] >= '0' && text[i] <= '9' || bytes.IndexByte([]byte("bBkpPuAzZG"), text[i]) >= 0 {
				return false
			}
		case '{':
			if end := bytes.IndexByte(text[i:], '}'); end < 0 || end > len("{99,99") {
				return false
			}
		}
	}
	return true
}

// oneMinItem reports whether minItems is 0 or 1.
func oneMinItem(v scan.Value) bool {
	n, ok := v.Int()
	return ok && (n == 0 || n == 1)
}
