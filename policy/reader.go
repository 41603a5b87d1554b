package policy

import (
	"fmt"
	"regexp"

	"go.yaml.in/yaml/v3"
)

// reader collects the faults of one policy. Its methods report a fault once and
// then return false, so that reading goes on elsewhere.
type reader struct {
	faults []Fault
}

// place is a value in the policy and the path to it.
type place struct {
	node *yaml.Node
	path string
	file string
	also []place // the same map in further files
}

func (r *reader) fault(p place, hint, format string, args ...any) {
	r.faults = append(r.faults, Fault{
		File: p.file, Line: p.node.Line, Col: p.node.Column, Path: p.path,
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
	k := keys{reader: r, secret: secret, seen: make(map[string]place)}
	mapping := false
	for _, part := range append([]place{p}, p.also...) {
		if part.node.Kind != yaml.MappingNode {
			r.wrong(part, want)
			continue
		}
		mapping = true
		k.read(part)
	}
	return k.all, mapping
}

// keys collects the entries of a mapping that may be spread over several files.
type keys struct {
	*reader
	secret bool
	seen   map[string]place
	all    []entry
}

func (k *keys) read(p place) {
	for i := 0; i+1 < len(p.node.Content); i += 2 {
		at := place{node: p.node.Content[i], path: p.path, file: p.file}
		if !k.key(at) {
			continue
		}
		name := at.node.Value
		k.seen[name] = at
		value := place{node: p.node.Content[i+1], path: join(p.path, name), file: p.file}
		if k.secret {
			value.path = p.path
		}
		k.all = append(k.all, entry{name, at, value, k.plain(value)})
	}
}

// key tells whether a key is text, plain and the first of its name.
func (k *keys) key(at place) bool {
	switch n := at.node; {
	case n.Kind == yaml.ScalarNode && n.ShortTag() == "!!merge":
		k.fault(at, "write the keys out", "merge keys are not supported")
		return false
	case n.Kind != yaml.ScalarNode || n.ShortTag() == "!!null":
		k.fault(at, "", "a key must be text")
		return false
	case !k.plain(at):
		return false
	}
	first, twice := k.seen[at.node.Value]
	if twice {
		name := quote(at.node.Value)
		if k.secret {
			name = "a key"
		}
		k.twice(at, name, first)
	}
	return !twice
}

// twice reports that what may stand once stands in two places.
func (r *reader) twice(at place, what string, first place) {
	if at.file == first.file {
		r.fault(at, "", "%s is given twice, first in line %d", what, first.node.Line)
		return
	}
	r.fault(at, "", "%s is given twice, first in %s:%d", what, first.file, first.node.Line)
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
		all[i] = place{node: n, path: fmt.Sprintf("%s[%d]", p.path, i), file: p.file}
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
