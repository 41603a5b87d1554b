package strict

import (
	"fmt"
	"regexp"

	"go.yaml.in/yaml/v3"
)

// Reader collects the faults of one policy. Its methods report a fault once and
// then return false, so that reading goes on elsewhere.
type Reader struct {
	Faults []Fault
}

// Place is a value in the policy and the path to it.
type Place struct {
	Node *yaml.Node
	Path string
	File string
	Also []Place // the same map in further files
}

func (r *Reader) Fault(p Place, hint, format string, args ...any) {
	r.Faults = append(r.Faults, Fault{
		File: p.File, Line: p.Node.Line, Col: p.Node.Column, Path: p.Path,
		Message: fmt.Sprintf(format, args...), Hint: hint,
	})
}

// Plain refuses what makes a value stand for another. Refusing aliases and merge
// Keys keeps positions true and the size of what is read that of what is written.
func (r *Reader) Plain(p Place) bool {
	switch n := p.Node; {
	case n.Kind == yaml.AliasNode:
		r.Fault(p, "write the value out", "aliases are not supported")
	case n.Anchor != "":
		r.Fault(p, "write the value out where it is needed", "anchors are not supported")
	case n.Style&yaml.TaggedStyle != 0:
		r.Fault(p, "leave the tag out", "tags are not supported")
	default:
		return true
	}
	return false
}

// Entry is a key of a mapping with its value.
type Entry struct {
	Key   string
	At    Place // of the key, for faults of the key itself
	Value Place
	OK    bool // the value is plain
}

// Entries returns the keys of a mapping in their order, each once. What faults say
// of keys depends on secret.
func (r *Reader) Entries(p Place, want string, secret bool) ([]Entry, bool) {
	k := keys{Reader: r, secret: secret, seen: make(map[string]Place)}
	mapping := false
	for _, part := range append([]Place{p}, p.Also...) {
		if part.Node.Kind != yaml.MappingNode {
			r.Wrong(part, want)
			continue
		}
		mapping = true
		k.read(part)
	}
	return k.all, mapping
}

// Keys collects the entries of a mapping that may be spread over several files.
type keys struct {
	*Reader
	secret bool
	seen   map[string]Place
	all    []Entry
}

func (k *keys) read(p Place) {
	for i := 0; i+1 < len(p.Node.Content); i += 2 {
		at := Place{Node: p.Node.Content[i], Path: p.Path, File: p.File}
		if !k.key(at) {
			continue
		}
		name := at.Node.Value
		k.seen[name] = at
		value := Place{Node: p.Node.Content[i+1], Path: Join(p.Path, name), File: p.File}
		if k.secret {
			value.Path = p.Path
		}
		k.all = append(k.all, Entry{name, at, value, k.Plain(value)})
	}
}

// key tells whether a key is text, plain and the first of its name.
func (k *keys) key(at Place) bool {
	switch n := at.Node; {
	case n.Kind == yaml.ScalarNode && n.ShortTag() == "!!merge":
		k.Fault(at, "write the keys out", "merge keys are not supported")
		return false
	case n.Kind != yaml.ScalarNode || n.ShortTag() == "!!null":
		k.Fault(at, "", "a key must be text")
		return false
	case !k.Plain(at):
		return false
	}
	first, twice := k.seen[at.Node.Value]
	if twice {
		name := Quote(at.Node.Value)
		if k.secret {
			name = "a key"
		}
		k.Twice(at, name, first)
	}
	return !twice
}

// Twice reports that what may stand once stands in two places.
func (r *Reader) Twice(at Place, what string, first Place) {
	if at.File == first.File {
		r.Fault(at, "", "%s is given twice, first in line %d", what, first.Node.Line)
		return
	}
	r.Fault(at, "", "%s is given twice, first in %s:%d", what, first.File, first.Node.Line)
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

// Elements returns the places in a list whose number of elements the type allows.
func (r *Reader) Elements(p Place, t *Type, want string) ([]Place, bool) {
	if p.Node.Kind != yaml.SequenceNode {
		r.Wrong(p, want)
		return nil, false
	}
	if n, least, most := len(p.Node.Content), atoi(t.Min), atoi(t.Max); n < least || n > most {
		r.Fault(p, "", "must have %d to %d elements, has %d", least, most, n)
		if n > most {
			return nil, false // bounds the faults that one list can cause
		}
	}
	all := make([]Place, len(p.Node.Content))
	for i, n := range p.Node.Content {
		all[i] = Place{Node: n, Path: fmt.Sprintf("%s[%d]", p.Path, i), File: p.File}
	}
	return all, true
}

// Wrong reports a value of another form than the wanted one.
func (r *Reader) Wrong(p Place, want string) {
	r.Fault(p, "", "must be %s, is %s", want, Form(p.Node))
}

// Form says in words what a value is, without quoting it.
func Form(n *yaml.Node) string {
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
