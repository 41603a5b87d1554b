package schema

import (
	"strconv"
	"strings"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// definition reports whether a reference leads to the schema itself or to one of its
// definitions: that much strict modes take.
func definition(ref scan.Value) bool {
	text := canon.Str(ref)
	if text == "#" {
		return true
	}
	for _, at := range [...]string{"#/$defs/", "#/definitions/"} {
		if name, ok := strings.CutPrefix(text, at); ok {
			return !strings.Contains(name, "/")
		}
	}
	return false
}

var (
	unescapePointer = strings.NewReplacer("~1", "/", "~0", "~")
	escapePointer   = strings.NewReplacer("~", "~0", "/", "~1")
)

// lookup returns the definition that a reference leads to.
func (c *checker) lookup(ref string) scan.Value {
	if ref == "#" || c.refs <= maxSearches {
		return resolve(c.root, ref)
	}
	if c.definitions == nil {
		c.definitions = map[string]scan.Value{}
		for _, at := range [...]string{"$defs", "definitions"} {
			for m := c.root.Get(at).Fields(); m.Next(); {
				c.definitions["#/"+at+"/"+escapePointer.Replace(string(m.Key()))] = m.Value()
			}
		}
	}
	return c.definitions[ref]
}

// resolve follows a JSON pointer within the schema; nil: it leads elsewhere, or nowhere.
func resolve(root scan.Value, ref string) scan.Value {
	rest, ok := strings.CutPrefix(ref, "#")
	if !ok || rest != "" && rest[0] != '/' {
		return nil
	}
	v := root
	for rest != "" {
		var token string
		token, rest, _ = strings.Cut(rest[1:], "/")
		if rest != "" {
			rest = "/" + rest
		}
		if v = step(v, unescapePointer.Replace(token)); v == nil {
			return nil
		}
	}
	return v
}

func step(v scan.Value, token string) scan.Value {
	if v.Kind() != scan.Array {
		return v.Get(token)
	}
	n, err := strconv.Atoi(token)
	for e := v.Elements(); err == nil && e.Next(); n-- {
		if n == 0 {
			return e.Value()
		}
	}
	return nil
}

// acyclic checks that no definition leads back to itself.
func (c *checker) acyclic() bool {
	g := graph{c, map[string]bool{}}
	if ref := g.cycle(c.root); ref != "" {
		c.path = append(c.path, strings.ReplaceAll(strings.TrimPrefix(ref, "#/"), "/", "."))
		return c.fail("it leads back to itself")
	}
	return true
}

// graph follows references; state is true for those under way and false for those that
// are known to end.
type graph struct {
	*checker
	state map[string]bool
}

// cycle returns a reference that leads back to itself; empty: there is none.
func (g *graph) cycle(v scan.Value) string {
	if ref := v.Get("$ref"); ref != nil {
		if at := g.follow(canon.Str(ref)); at != "" {
			return at
		}
	}
	for s := walk(v); s.next(); {
		if at := g.cycle(s.value()); at != "" {
			return at
		}
	}
	return ""
}

func (g *graph) follow(ref string) string {
	active, seen := g.state[ref]
	if active || ref == "#" {
		return ref
	}
	if seen {
		return ""
	}
	g.state[ref] = true
	at := g.cycle(g.lookup(ref))
	g.state[ref] = false
	return at
}
