// Package strict reads YAML and JSON documents into Go structs, and says everything that
// is wrong with one at once: each fault with its file, line and path, and with what to do
// about it. What is written is what is read: unknown and repeated keys, anchors, aliases,
// merge keys, tags, empty values and a second document are faults.
//
// A document is bound once. Bind says of a key where its value goes, how it is read and
// written, its bounds, its default and what it means; NewObject makes an object of such
// fields. Reading, defaults, the canonical form, the JSON Schema and the page for people
// all follow from it, so that none of them can forget a key.
//
// The package knows no document in particular. The trap: a default is part of what a
// canonical form means, because the form leaves it out. See Object.Canonical.
package strict
