package schema

import (
	"strconv"

	"github.com/headgate/headgate/extproc/scan"
)

// schemas walks the schemas that stand directly in a schema: those of properties and
// definitions, of items, one for all or one for each, and the branches of unions.
type schemas struct {
	members scan.Members
	list    scan.Members // of the current member
	key     keyword
	one     scan.Value // the current member is one schema
	index   int
}

// prefixItems is the keyword of the schemas of an array's first items, by their place.
const prefixItems = "prefixItems"

func walk(v scan.Value) schemas { return schemas{members: v.Fields()} }

func (s *schemas) next() bool {
	s.one = nil
	if s.list.Next() {
		s.index++
		return true
	}
	for s.members.Next() {
		s.key = keywords[string(s.members.Key())]
		v := s.members.Value()
		switch {
		case s.key == keyItems && v.Kind() != scan.Array, s.key == keyAdditional && v.Kind() == scan.Object:
			s.one = v
			return true
		case s.key == keyProperties || s.key == keyDefs || s.key == keyDefinitions:
			s.list = v.Fields()
		case s.key == keyAnyOf || s.key == keyOneOf || s.key == keyAllOf || s.outer() == prefixItems:
			s.list = v.Elements()
		default:
			continue
		}
		if s.index = 0; s.list.Next() {
			return true
		}
	}
	return false
}

func (s *schemas) value() scan.Value {
	if s.one != nil {
		return s.one
	}
	return s.list.Value()
}

// outer is the member that holds the current schema.
func (s *schemas) outer() string { return string(s.members.Key()) }

// inner is the current schema's name or index in that member; empty: it is the member.
func (s *schemas) inner() string {
	if s.one != nil {
		return ""
	}
	if name := s.list.Key(); name != nil {
		return string(name)
	}
	return strconv.Itoa(s.index)
}
