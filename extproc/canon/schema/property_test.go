package schema

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/scan"
)

var subsets = map[string]*Subset{
	"OpenAIStrict": OpenAIStrict, "OpenAILoose": OpenAILoose,
	"AnthropicFormat": AnthropicFormat, "AnthropicStrict": AnthropicStrict, "AnthropicLoose": AnthropicLoose,
}

// source writes schemas at random, with all that a server may take or refuse.
type source struct{ *rand.Rand }

func (r source) maybe() bool     { return r.IntN(3) == 0 }
func (r source) number() int     { return r.IntN(4) }
func (r source) of(n ...any) any { return n[r.IntN(len(n))] }

func (r source) root() doc {
	s := r.object(3)
	if r.IntN(8) == 0 {
		s = r.schema(3)
	}
	s["$defs"] = doc{"d0": r.schema(1), "d1": r.schema(1), "d2": doc{"$ref": "#/$defs/d0"}}
	if r.IntN(6) == 0 {
		s[r.of("anyOf", "oneOf", "allOf").(string)] = []any{r.object(1), r.of(r.object(1), doc{"$ref": "#/$defs/d1"})}
	}
	return s
}

func (r source) schema(depth int) doc {
	s := doc{}
	kind := r.IntN(10)
	switch {
	case depth > 0 && kind < 3:
		s = r.object(depth - 1)
	case depth > 0 && kind == 3:
		s[r.of("anyOf", "oneOf", "allOf").(string)] = []any{r.schema(depth - 1), r.schema(depth - 1)}
	case depth > 0 && kind == 4:
		s["type"] = "array"
		s["items"] = r.schema(depth - 1)
		r.some(s, "minItems", "maxItems")
	case kind == 5:
		s["$ref"] = r.of("#/$defs/d0", "#/$defs/d1", "#/$defs/d2")
	case kind == 6:
		s[r.of("enum").(string)] = []any{"a", "b", 1, nil}[:1+r.IntN(4)]
	case kind == 7:
		s["type"] = r.of("integer", "number")
		r.some(s, "minimum", "maximum", "exclusiveMinimum")
	case kind == 8:
		s["type"] = []any{"string", "null"}
	default:
		s["type"] = "string"
		r.some(s, "minLength", "maxLength")
		if r.maybe() {
			s["pattern"] = r.of("^a", "b$", `\ba`)
		}
		if r.maybe() {
			s["format"] = r.of("date", "uri", "x")
		}
	}
	if r.maybe() {
		s[r.of("description", "title", "default", "x-own").(string)] = r.of("t", "\"q\"\n", "é")
	}
	return s
}

func (r source) some(s doc, names ...string) {
	for _, name := range names {
		if r.maybe() {
			s[name] = r.number()
		}
	}
}

func (r source) object(depth int) doc {
	properties, required := doc{}, []any{}
	for i := range r.IntN(4) {
		name := fmt.Sprintf("p%d", i)
		properties[name] = r.schema(depth)
		if !r.maybe() {
			required = append(required, name)
		}
	}
	s := doc{"type": "object", "properties": properties, "required": required}
	switch r.IntN(6) {
	case 0:
		s["additionalProperties"] = r.of(true, doc{"type": "string"})
	case 1, 2, 3:
		s["additionalProperties"] = false
	}
	return s
}

// value writes a value that a schema may accept.
func (r source) value(root, schema any, depth int) any {
	s, _ := schema.(doc)
	if depth > 8 {
		return nil
	}
	if ref, ok := s["$ref"].(string); ok {
		return r.value(root, pointer(root, ref), depth+1)
	}
	for _, key := range []string{"anyOf", "oneOf", "allOf", "enum"} {
		if list, ok := s[key].([]any); ok && len(list) > 0 {
			if key == "enum" {
				return list[r.IntN(len(list))]
			}
			return r.value(root, list[r.IntN(len(list))], depth+1)
		}
	}
	kind := s["type"]
	if list, ok := kind.([]any); ok {
		kind = list[r.IntN(len(list))]
	}
	switch kind {
	case "object":
		return r.members(root, s, depth)
	case "array":
		all := []any{}
		for range r.IntN(3) {
			all = append(all, r.value(root, s["items"], depth+1))
		}
		return all
	case "integer", "number":
		return float64(r.IntN(8) - 2)
	case "null":
		return nil
	}
	return r.of("", "a", "ab", "b", "abc", "cab")
}

func (r source) members(root any, s doc, depth int) any {
	o := doc{}
	required, _ := s["required"].([]any)
	properties, _ := s["properties"].(doc)
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		p := properties[name]
		if r.maybe() || slices.Contains(required, any(name)) {
			o[name] = r.value(root, p, depth+1)
		}
	}
	if s["additionalProperties"] != false && r.maybe() {
		o["more"] = "a"
	}
	return o
}

func decode(t *testing.T, b []byte) doc {
	t.Helper()
	var v doc
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatalf("%v: %s", err, b)
	}
	return v
}

func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

// seeds is how many schemas are written at random for each subset.
const seeds = 1500

// What comes of a schema is within the subset, fits again as it is, and accepts only
// what the source accepts but for losses, which are named and told.
func TestWhatFitsMeansTheSame(t *testing.T) {
	t.Parallel()
	for name, subset := range subsets {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fitted := 0
			for seed := range uint64(seeds) {
				r := source{rand.New(rand.NewPCG(seed, 7))}
				root := r.root()
				in := encode(root)
				f := Fit(in, subset)
				if !f.OK || circular(root) {
					if !f.OK && f.Fault.Why == "" {
						t.Fatalf("seed %d: no reason: %s", seed, in)
					}
					continue
				}
				fitted++
				if why := outside(name, decode(t, f.Schema)); why != "" {
					t.Fatalf("seed %d: %s\n%s\n%s", seed, why, in, f.Schema)
				}
				if again := Fit(f.Schema, subset); !again.OK || string(again.Schema) != string(f.Schema) || len(again.Losses) > 0 {
					t.Fatalf("seed %d: changed again: %s\n%s", seed, f.Schema, again.Schema)
				}
				r.narrower(t, in, f)
			}
			if fitted < seeds/20 {
				t.Errorf("only %d of %d fit: the test says little", fitted, seeds)
			}
		})
	}
}

// circular reports whether a definition leads back to itself without a step into a value: JSON
// Schema leaves open what such a schema accepts.
func circular(root doc) bool {
	defs := root["$defs"].(doc)
	for name := range defs {
		if leadsTo(defs, defs[name], "#/$defs/"+name, 0) {
			return true
		}
	}
	return false
}

func leadsTo(defs doc, schema any, ref string, steps int) bool {
	s, _ := schema.(doc)
	to, _ := s["$ref"].(string)
	if to == ref || steps > len(defs) {
		return true
	}
	if to != "" && leadsTo(defs, defs[strings.TrimPrefix(to, "#/$defs/")], ref, steps+1) {
		return true
	}
	for _, key := range []string{"anyOf", "oneOf", "allOf"} {
		all, _ := s[key].([]any)
		for _, one := range all {
			if leadsTo(defs, one, ref, steps) {
				return true
			}
		}
	}
	return false
}

// narrower checks that values which the result accepts are accepted by the source, with
// what was lost left out of account, and that what was lost is told.
func (r source) narrower(t *testing.T, in []byte, f Fitted) {
	t.Helper()
	from, to := decode(t, in), decode(t, f.Schema)
	for range 10 {
		value := r.value(to, to, 0)
		if a := (&validator{root: to}); !a.valid(to, value, []string{""}) {
			continue
		}
		if b := (&validator{root: from, ignore: f.Losses}); !slices.Contains(f.Losses, "") && !b.valid(from, value, []string{""}) {
			t.Fatalf("%s is accepted by\n%s\nbut not by\n%s\nlosses %q", encode(value), f.Schema, in, f.Losses)
		}
	}
	for _, path := range f.Losses {
		key := path[strings.LastIndex(path, ".")+1:]
		if key != "" && key != "oneOf" && !strings.Contains(string(f.Schema), key+": ") {
			t.Fatalf("%s is not told in\n%s", path, f.Schema)
		}
	}
}

// A schema that fits costs nothing.
func TestWhatFitsIsNotWrittenAnew(t *testing.T) {
	in := scan.Value(`{"type":"object","properties":{"a":{"type":"string","enum":["x"]},"b":{"type":"array","items":{"type":"number"}}},"required":["a","b"],"additionalProperties":false}`)
	for name, subset := range subsets {
		if n := testing.AllocsPerRun(100, func() {
			if f := Fit(in, subset); !f.OK || &f.Schema[0] != &in[0] {
				t.Errorf("%s: %s", name, f.Fault.Why)
			}
		}); n > 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

// Whatever a schema is, it is fitted or refused, in bounded time.
func FuzzFit(f *testing.F) {
	for _, w := range written {
		f.Add([]byte(w.in))
	}
	f.Add([]byte(strings.Repeat(`{"properties":{"a":`, 60) + `{"$ref":"#"}` + strings.Repeat(`}}`, 60)))
	f.Fuzz(func(t *testing.T, b []byte) {
		m := scan.Document(b)
		for m.Next() {
		}
		if m.Err() != nil {
			return
		}
		for name, subset := range subsets {
			fit := Fit(scan.Value(strings.TrimSpace(string(b))), subset)
			if fit.OK && !json.Valid(fit.Schema) {
				t.Errorf("%s: not JSON: %s", name, fit.Schema)
			}
			if again := Fit(fit.Schema, subset); fit.OK && (!again.OK || len(again.Losses) > 0) {
				t.Errorf("%s: does not fit: %s", name, fit.Schema)
			}
		}
	})
}
