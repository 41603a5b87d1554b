package strict

import (
	"regexp"
	"strconv"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// Place is a value in a document: where it stands, and the path to it. The zero value is
// no place; one is got from a Given, or handed to what reads a value.
type Place struct {
	node  *yaml.Node
	file  string
	base  string  // path of what it stands in
	key   string  // its own key there, which may be empty
	keyed bool    // it has a key
	index int     // its own index there, from 1; 0: none
	also  []Place // the same map in further files
}

// Path returns the path from the root, such as models.assistant.chain[0].use. It is built
// when it is asked for, because most places are never shown.
func (p Place) Path() string {
	switch {
	case p.keyed:
		return Join(p.base, p.key)
	case p.index > 0:
		return p.base + "[" + strconv.Itoa(p.index-1) + "]"
	}
	return p.base
}

// File returns the name of the file that the value stands in.
func (p Place) File() string { return p.file }

// Fault returns a fault of the value at the place.
func (p Place) Fault(message, hint string) Fault {
	return Fault{File: p.file, Line: p.node.Line, Col: p.node.Column, Path: p.Path(), Message: message, Hint: hint}
}

// Line returns the line that the value begins in, from 1.
func (p Place) Line() int { return p.node.Line }

// Text returns the text of a scalar as it is written, without quotes.
func (p Place) Text() string { return p.node.Value }

// under returns the place with a key of its own.
func (p Place) under(key string) Place {
	p.key, p.keyed = key, true
	return p
}

// elem returns the place of an element of a list.
func (p Place) elem(path string, i int) Place {
	return Place{node: p.node.Content[i], file: p.file, base: path, index: i + 1}
}

var plainKey = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// Join adds a key to a path. A name that holds dots or slashes is quoted, so that
// the path can be read back.
func Join(path, key string) string {
	switch {
	case !plainKey.MatchString(key):
		return path + "[" + Quote(key) + "]"
	case path == "":
		return key
	}
	return path + "." + key
}

// Quote shows a text that a document holds, bounded.
func Quote(text string) string {
	const maxRunes = 64
	if utf8.RuneCountInString(text) > maxRunes {
		text = string([]rune(text)[:maxRunes]) + "..."
	}
	return strconv.Quote(text)
}

// form says in words what a value is, without quoting it.
func form(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "an object"
	case yaml.SequenceNode:
		return "a list"
	case yaml.DocumentNode, yaml.ScalarNode, yaml.AliasNode:
	}
	switch n.ShortTag() {
	case "!!null":
		return "empty"
	case "!!bool":
		return "true or false"
	case "!!int", "!!float":
		return "a number"
	case "!!timestamp":
		return "a date"
	}
	return "text"
}

// empty reports whether a value is a scalar that says nothing.
func empty(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }
