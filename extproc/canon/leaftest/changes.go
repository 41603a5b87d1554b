package leaftest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"testing"
)

// A Change is a request that differs from another in one place.
type Change struct {
	Path string // of what is changed, as refusals write it: messages[0].content[1].text
	What string // what was done: removed, added, and so on
	Body []byte
}

// stranger is the member that is added to objects: no API knows it.
const stranger = "zz_stranger"

// Changes yields a request with each leaf and each object and list of it changed, of
// another kind, and removed, one at a time, and with a stranger added to each object and
// list. Members come in the order of their names.
func Changes(t testing.TB, body []byte) iter.Seq[Change] {
	t.Helper()
	root := tree(t, body)
	return func(yield func(Change) bool) {
		c := changer{yield: func(path, what string) bool { return yield(Change{path, what, encode(root)}) }}
		c.value("", root, func(v any) { root = v })
	}
}

// encode writes a tree, with members in the order of their names.
func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // what tree has read can always be written
	}
	return b
}

// tree reads JSON, with numbers as they are written.
func tree(t testing.TB, body []byte) any {
	t.Helper()
	var v any
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	return v
}

// changer walks a tree, changes it and puts it back.
type changer struct {
	yield func(path, what string) bool
	done  bool
}

// try yields the tree as it is now, unless enough was seen.
func (c *changer) try(path, what string) {
	c.done = c.done || !c.yield(path, what)
}

// value changes what stands at a path, which set puts there.
func (c *changer) value(path string, v any, set func(any)) {
	for _, o := range others(v) {
		if path != "" {
			set(o.value)
			c.try(path, o.what)
		}
	}
	set(v)
	switch v := v.(type) {
	case map[string]any:
		c.object(path, v)
	case []any:
		c.list(path, v, set)
	}
}

// other is what a value may be changed to.
type other struct {
	what  string
	value any
}

// others returns what a value may be changed to, but for its removal.
func others(v any) []other {
	switch v := v.(type) {
	case string:
		all := []other{{"changed", v + "~"}, {"a number", 7}, {"emptied", ""}}
		if v == "" {
			return all[:2]
		}
		return all
	case bool:
		return []other{{"changed", !v}, {"a text", "~"}}
	case json.Number:
		digits, negative := strings.CutPrefix(v.String(), "-")
		if digits = "1" + digits; negative {
			digits = "-" + digits
		}
		return []other{{"changed", json.Number(digits)}, {"a text", "~"}}
	default:
		return []other{{"a text", "~"}, {"a number", 7}}
	}
}

func (c *changer) object(path string, v map[string]any) {
	below := func(name string) string {
		if path == "" {
			return name
		}
		return path + "." + name
	}
	for _, name := range slices.Sorted(maps.Keys(v)) {
		was := v[name]
		delete(v, name)
		c.try(below(name), "removed")
		v[name] = was
		c.value(below(name), was, func(other any) { v[name] = other })
	}
	v[stranger] = "~"
	c.try(below(stranger), "added")
	delete(v, stranger)
}

func (c *changer) list(path string, v []any, set func(any)) {
	for i := range v {
		at := fmt.Sprintf("%s[%d]", path, i)
		set(slices.Delete(slices.Clone(v), i, i+1))
		c.try(at, "removed")
		set(v)
		c.value(at, v[i], func(other any) { v[i] = other })
	}
	set(append(slices.Clone(v), map[string]any{stranger: "~"}))
	c.try(fmt.Sprintf("%s[%d]", path, len(v)), "added")
	set(v)
}
