package policy

import (
	"fmt"
	"regexp"

	"go.yaml.in/yaml/v3"
)

// reader collects the faults of one document. Its methods report a fault once and
// then return false, so that reading goes on elsewhere.
type reader struct {
	file   string
	faults []Fault
}

// place is a value in the document and the path to it.
type place struct {
	node *yaml.Node
	path string
}

func (r *reader) fault(p place, hint, format string, args ...any) {
	r.faults = append(r.faults, Fault{
		File: r.file, Line: p.node.Line, Col: p.node.Column, Path: p.path,
		Message: fmt.Sprintf(format, args...), Hint: hint,
	})
}

// plain refuses what makes a value stand for another. Refusing aliases and merge
// keys keeps positions true and the size of what is read that of what is written.
func (r *reader) plain(p place) bool {
	switch n := p.node; {
	case n.Kind == yaml.AliasNode:
		r.fault(p, "write the value out", "aliases are not supported")
	case n.Anchor != "":
		r.fault(p, "write the value out where it is needed", "anchors are not supported")
	case n.Style&yaml.TaggedStyle != 0:
		r.fault(p, "leave the tag out", "tags are not supported")
	default:
		return true
	}
	return false
}

// entry is a key of a mapping with its value.
type entry struct {
	key   string
	at    place // of the key, for faults of the key itself
	value place
	ok    bool // the value is plain
}

// entries returns the keys of a mapping in their order, each once. What faults say
// of keys depends on secret.
func (r *reader) entries(p place, want string, secret bool) ([]entry, bool) {
	if p.node.Kind != yaml.MappingNode {
		r.wrong(p, want)
		return nil, false
	}
	var all []entry
	seen := make(map[string]int)
	for i := 0; i+1 < len(p.node.Content); i += 2 {
		k, v := p.node.Content[i], p.node.Content[i+1]
		at := place{k, p.path}
		if k.Kind == yaml.ScalarNode && k.ShortTag() == "!!merge" {
			r.fault(at, "write the keys out", "merge keys are not supported")
			continue
		}
		if k.Kind != yaml.ScalarNode || k.ShortTag() == "!!null" {
			r.fault(at, "", "a key must be text")
			continue
		}
		if !r.plain(at) {
			continue
		}
		if line, twice := seen[k.Value]; twice {
			name := quote(k.Value)
			if secret {
				name = "a key"
			}
			r.fault(at, "", "%s is given twice, first in line %d", name, line)
			continue
		}
		seen[k.Value] = k.Line
		value := place{v, join(p.path, k.Value)}
		if secret {
			value.path = p.path
		}
		all = append(all, entry{k.Value, at, value, r.plain(value)})
	}
	return all, true
}

var plainKey = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// join adds a key to a path. A name that holds dots or slashes is quoted, so that
// the path can be read back.
func join(path, key string) string {
	switch {
	case !plainKey.MatchString(key):
		return path + "[" + quote(key) + "]"
	case path == "":
		return key
	}
	return path + "." + key
}

// elements returns the places in a list whose number of elements the type allows.
func (r *reader) elements(p place, t *Type, want string) ([]place, bool) {
	if p.node.Kind != yaml.SequenceNode {
		r.wrong(p, want)
		return nil, false
	}
	if n, least, most := len(p.node.Content), atoi(t.Min), atoi(t.Max); n < least || n > most {
		r.fault(p, "", "must have %d to %d elements, has %d", least, most, n)
		if n > most {
			return nil, false // bounds the faults that one list can cause
		}
	}
	all := make([]place, len(p.node.Content))
	for i, n := range p.node.Content {
		all[i] = place{n, fmt.Sprintf("%s[%d]", p.path, i)}
	}
	return all, true
}

// wrong reports a value of another form than the wanted one.
func (r *reader) wrong(p place, want string) {
	r.fault(p, "", "must be %s, is %s", want, form(p.node))
}

// form says in words what a value is, without quoting it.
func form(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "an object"
	case yaml.SequenceNode:
		return "a list"
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
