package schema

import (
	"bytes"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// object checks that an object is closed and, if the subset wants that, that nothing
// is optional.
func (c *checker) object(k *known) bool {
	if string(k[keyAdditional]) != "false" {
		return c.at(c.fail("an object must not have other properties than those that it lists"), "additionalProperties")
	}
	if k[keyProperties].Kind() != scan.Object {
		return c.at(c.fail("an object must list its properties"), "properties")
	}
	required := k[keyRequired]
	if required != nil && required.Kind() != scan.Array {
		return c.at(c.fail("it must be a list"), "required")
	}
	list := names{list: required.Elements(), next: required.Elements()}
	for m := k[keyProperties].Fields(); m.Next(); {
		if c.properties++; c.s.MaxProperties > 0 && c.properties > c.s.MaxProperties {
			return c.at(c.fail("a schema must not have as many"), "properties")
		}
		if list.has(m.Key()) {
			continue
		}
		if c.optional++; c.s.AllRequired {
			return c.at(c.at(c.fail("it is optional"), string(m.Key())), "properties")
		}
	}
	if c.s.AllRequired && list.next.Next() {
		return c.at(c.fail("it names what is no property"), "required")
	}
	return true
}

// maxSearches is how many names are searched for in a list before it becomes a set.
const maxSearches = 32

// names is a list of strings that is asked for names, mostly in the list's own order.
type names struct {
	list, next scan.Members
	searches   int
	set        map[string]bool
}

func (n *names) has(name []byte) bool {
	if n.next.Next() && isName(n.next.Value(), name) {
		return true
	}
	if n.set != nil {
		return n.set[string(name)]
	}
	if n.searches++; n.searches > maxSearches {
		n.fill()
		return n.set[string(name)]
	}
	for e := n.list; e.Next(); {
		if isName(e.Value(), name) {
			return true
		}
	}
	return false
}

func (n *names) fill() {
	n.set = map[string]bool{}
	for e := n.list; e.Next(); {
		n.set[canon.Str(e.Value())] = true
	}
}

func isName(v scan.Value, name []byte) bool {
	text, ok := v.Str()
	return ok && bytes.Equal(text, name)
}
