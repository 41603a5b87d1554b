package schema

import (
	"slices"
	"strings"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// Fault is what of a schema a subset does not take.
type Fault struct {
	Path string // below the schema, such as properties.a; empty: the schema as a whole
	Why  string // a clause
}

// checker finds the first fault of a schema. It allocates only once it has found one.
type checker struct {
	s    *Subset
	root scan.Value

	properties, enum, refs int
	optional, unions       int
	definitions            map[string]scan.Value // by reference, once many were asked for

	why  string
	path []string // of the fault, from the inside out
}

func (c *checker) fail(why string) bool {
	c.why = why
	return false
}

// at notes where a fault is, and passes ok on.
func (c *checker) at(ok bool, name string) bool {
	if !ok && name != "" {
		c.path = append(c.path, name)
	}
	return ok
}

func (c *checker) fault() Fault {
	slices.Reverse(c.path)
	return Fault{strings.Join(c.path, "."), c.why}
}

func (c *checker) check() bool {
	if c.s.Strict {
		if len(c.root) > maxSize {
			return c.fail("a schema that is enforced must not be as long")
		}
		return c.schema(c.root, 1) && c.rootOnly() && (!c.s.NoRecursion || c.refs == 0 || c.acyclic())
	}
	return c.rootOnly() && c.everywhere(c.root, 1)
}

// rootOnly checks what holds of the root alone.
func (c *checker) rootOnly() bool {
	var k known
	if c.root.Kind() != scan.Object {
		return c.fail("a schema must be an object")
	}
	for m := c.root.Fields(); m.Next(); {
		key := keywords[string(m.Key())]
		if c.s.NotAtRoot.has(key) {
			return c.at(c.fail("it must not stand at the top level"), string(m.Key()))
		}
		k[key] = m.Value()
	}
	if c.s.ObjectRoot && string(canon.Inside(k[keyType])) != "object" {
		return c.at(c.fail("it must be object at the top level"), "type")
	}
	if c.s.NeedsProperties && k[keyProperties].Kind() != scan.Object {
		return c.at(c.fail("an object must list its properties"), "properties")
	}
	return !c.s.PlainNames || c.plainNames(k[keyProperties])
}

func (c *checker) plainNames(properties scan.Value) bool {
	for m := properties.Fields(); m.Next(); {
		if !plainName(m.Key()) {
			return c.at(c.at(c.fail("a name has 1 to 64 letters, digits, dots, hyphens and underscores"), string(m.Key())), "properties")
		}
	}
	return true
}

// everywhere checks what holds of each schema outside of strict modes.
func (c *checker) everywhere(v scan.Value, depth int) bool {
	if depth > maxNesting || depth == 1 && (len(v) > maxSize || !mayBeOld(v)) {
		return true
	}
	if v.Kind() == scan.Object && !c.current(v) {
		return false
	}
	for s := walk(v); s.next(); {
		if !c.everywhere(s.value(), depth+1) {
			return c.at(c.at(false, s.inner()), s.outer())
		}
	}
	return true
}

// current checks one of them: its keywords are of the forms that today's JSON Schema
// has, and an array says what its items are.
func (c *checker) current(v scan.Value) bool {
	kind, items := v.Get("type"), v.Get("items")
	switch {
	case items.Kind() == scan.Array:
		return c.at(c.fail("a list of schemas is called prefixItems"), "items")
	case v.Get("exclusiveMinimum").Kind() == scan.Bool:
		return c.at(c.fail("it must be a number"), "exclusiveMinimum")
	case v.Get("exclusiveMaximum").Kind() == scan.Bool:
		return c.at(c.fail("it must be a number"), "exclusiveMaximum")
	case c.s.NeedsItems && items == nil && kind != nil && typeIs(kind, "array"):
		return c.at(c.fail("an array must say what its items are"), "items")
	}
	return true
}

// schema checks a schema of a strict subset, and those in it.
func (c *checker) schema(v scan.Value, depth int) bool {
	if v.Kind() != scan.Object {
		return c.fail("a schema must be an object")
	}
	if depth > cmpOr(c.s.MaxDepth, maxNesting) {
		return c.fail("schemas must not nest as deep")
	}
	var k known
	if !c.read(v, &k) {
		return false
	}
	if k[keyRef] != nil {
		return c.at(c.reference(v, k[keyRef]), "$ref") && c.inner(v, depth)
	}
	if !c.values(&k) || !c.types(&k) || !c.inner(v, depth) {
		return false
	}
	if k[keyItems].Kind() == scan.Array {
		return c.at(c.fail("a list of schemas is called prefixItems"), "items")
	}
	if k.is("array") && c.s.NeedsItems && k[keyItems] == nil {
		return c.at(c.fail("an array must say what its items are"), "items")
	}
	if k[keyAnyOf] != nil || k[keyType].Kind() == scan.Array {
		c.unions++
	}
	return !k.is("object") && k[keyProperties] == nil || c.object(&k)
}

func cmpOr(n, otherwise int) int {
	if n > 0 {
		return n
	}
	return otherwise
}

// read finds the known members of a schema: no others may stand there, none twice.
func (c *checker) read(v scan.Value, k *known) bool {
	for m := v.Fields(); m.Next(); {
		key := keywords[string(m.Key())]
		switch {
		case !c.s.Keywords.has(key):
			return c.at(c.fail("the keyword is not supported"), string(m.Key()))
		case k[key] != nil:
			return c.at(c.fail("the keyword stands there twice"), string(m.Key()))
		}
		k[key] = m.Value()
	}
	return true
}

// reference checks that a $ref stands alone and leads to a definition.
func (c *checker) reference(v, ref scan.Value) bool {
	for m := v.Fields(); m.Next(); {
		if k := keywords[string(m.Key())]; k != keyRef && k != keyDefs && k != keyDefinitions {
			return c.fail("nothing may stand beside it")
		}
	}
	c.refs++
	switch {
	case c.refs > maxRefs:
		return c.fail("a schema must not have as many")
	case !definition(ref) || c.lookup(canon.Str(ref)) == nil:
		return c.fail("it does not lead to a definition of the schema")
	}
	return true
}

// values checks the members whose values say whether they are supported.
func (c *checker) values(k *known) bool {
	if e := k[keyEnum]; e != nil {
		if !primitives(e) {
			return c.at(c.fail("its values must be plain ones"), "enum")
		}
		for m := e.Elements(); m.Next(); {
			c.enum++
		}
		if c.s.MaxEnum > 0 && c.enum > c.s.MaxEnum {
			return c.at(c.fail("a schema must not have as many values"), "enum")
		}
	}
	switch {
	case k[keyConst] != nil && !primitive(k[keyConst]):
		return c.at(c.fail("its value must be a plain one"), "const")
	case k[keyFormat] != nil && !c.s.takesFormat(k[keyType], k[keyFormat]):
		return c.at(c.fail("the format is not supported"), "format")
	case k[keyPattern] != nil && !plainPattern(k[keyPattern]):
		return c.at(c.fail("the expression is not supported"), "pattern")
	case k[keyExclusiveMinimum].Kind() == scan.Bool:
		return c.at(c.fail("it must be a number"), "exclusiveMinimum")
	case k[keyExclusiveMaximum].Kind() == scan.Bool:
		return c.at(c.fail("it must be a number"), "exclusiveMaximum")
	case k[keyMinItems] != nil && c.s.OneMinItem && !oneMinItem(k[keyMinItems]):
		return c.at(c.fail("it must be 0 or 1"), "minItems")
	}
	return true
}

func (s *Subset) takesFormat(kind, format scan.Value) bool {
	return typeIs(kind, "string") && slices.Contains(s.Formats, string(canon.Inside(format)))
}

// types checks that a schema says what kind of value it is.
func (c *checker) types(k *known) bool {
	kind := k[keyType]
	if kind == nil {
		if k[keyAnyOf] != nil || k[keyAllOf] != nil || !c.s.NeedsType && (k[keyEnum] != nil || k[keyConst] != nil) {
			return true
		}
		return c.fail("a schema must say its type")
	}
	last := kind
	if kind.Kind() == scan.Array {
		for e := kind.Elements(); e.Next(); {
			if last = e.Value(); !typeName(last) {
				break
			}
		}
	}
	return typeName(last) || c.at(c.fail("there is no such type"), "type")
}

func typeName(v scan.Value) bool {
	switch string(canon.Inside(v)) {
	case "object", "array", "string", "integer", "number", "boolean", "null":
		return true
	}
	return false
}

// inner checks the schemas in a schema.
func (c *checker) inner(v scan.Value, depth int) bool {
	for s := walk(v); s.next(); {
		next := depth + 1
		if s.key == keyAnyOf || s.key == keyAllOf || s.key == keyDefs || s.key == keyDefinitions {
			next = depth
		}
		if s.key == keyDefs || s.key == keyDefinitions {
			next = 2 // a definition stands for what a property is
		}
		if !c.schema(s.value(), next) {
			return c.at(c.at(false, s.inner()), s.outer())
		}
		if s.key == keyAllOf && (s.value().Get("$ref") != nil || s.value().Get("properties") != nil) {
			return c.at(c.fail("objects and references cannot be joined"), "allOf")
		}
	}
	return true
}
