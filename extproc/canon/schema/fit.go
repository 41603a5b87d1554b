package schema

import (
	"bytes"
	"encoding/json"
	"slices"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// Fitted is a schema as a subset takes it.
type Fitted struct {
	OK     bool
	Schema scan.Value // the source itself if that fits
	Fault  Fault      // why it cannot be made to fit, unless OK
	// Losses are the places of what is no longer enforced, but told to the model.
	Losses []string

	Optional, Unions int // of a strict subset: properties, as Budget counts them
}

// maxLosses bounds the losses that are named of one schema.
const maxLosses = 16

// Fit makes a schema fit a subset. It aliases the source.
func Fit(v scan.Value, s *Subset) Fitted {
	c := checker{s: s, root: v}
	if c.check() {
		return Fitted{OK: true, Schema: v, Optional: c.optional, Unions: c.unions}
	}
	if len(v) > maxSize {
		return Fitted{Fault: c.fault()}
	}
	f := fitter{s: s, root: v, budget: 4 * maxSize, resolved: map[string]scan.Value{}}
	out := f.rewrite()
	c = checker{s: s, root: out}
	if !c.check() {
		return Fitted{Fault: c.fault()}
	}
	return Fitted{OK: true, Schema: out, Losses: f.losses, Optional: c.optional, Unions: c.unions}
}

// fitter writes a schema anew. It mends what it can; the checker judges what comes of
// it.
type fitter struct {
	s        *Subset
	root     scan.Value
	losses   []string
	budget   int // bytes that references may still write out
	resolved map[string]scan.Value
}

// resolve follows a reference.
func (f *fitter) resolve(ref scan.Value) scan.Value {
	v, ok := f.resolved[string(ref)]
	if !ok {
		v = resolve(f.root, canon.Str(ref))
		f.resolved[string(ref)] = v
	}
	return v
}

func (f *fitter) rewrite() scan.Value {
	if f.s.Strict {
		return f.schema(f.root, "", 1)
	}
	return f.loose()
}

func (f *fitter) lose(path string) {
	switch {
	case slices.Contains(f.losses, path):
	case len(f.losses) < maxLosses:
		f.losses = append(f.losses, path)
	case len(f.losses) == maxLosses:
		f.losses = append(f.losses, "") // the schema as a whole
	}
}

// join is the path of a member.
func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// loose mends the root of a schema that is not enforced, and forms that no server takes.
func (f *fitter) loose() scan.Value {
	if f.root.Kind() != scan.Object {
		return f.root
	}
	f.root = f.current(f.root, 1)
	o := f.inlined(parse(f.root))
	t := f.flattenRoot(&o)
	for i := 0; i < len(o); {
		if name := o[i].name; f.s.NotAtRoot.has(keywords[name]) {
			t.add(name, o[i].value)
			f.lose(name)
			o.remove(name)
			continue
		}
		i++
	}
	switch kind := o.get("type"); {
	case kind == nil:
		o = append(object{{name: "type", value: quoted("object")}}, o...)
	case typeIs(kind, "object"):
		o.set("type", quoted("object"))
	}
	if f.s.NeedsProperties && o.get("properties") == nil {
		o.set("properties", scan.Value(`{}`))
	}
	t.into(&o)
	return o.encode()
}

// each writes the schemas anew that a member holds; at is the place of one in it.
func each(name string, v scan.Value, write func(v scan.Value, at string) scan.Value) scan.Value {
	switch k := keywords[name]; {
	case k == keyItems && v.Kind() != scan.Array, k == keyAdditional && v.Kind() == scan.Object:
		return write(v, "")
	case (k == keyProperties || k == keyDefs || k == keyDefinitions) && v.Kind() == scan.Object:
		var o object
		for m := v.Fields(); m.Next(); {
			o = append(o, member{name: string(m.Key()), value: write(m.Value(), string(m.Key()))})
		}
		return o.encode()
	case (k == keyAnyOf || k == keyOneOf || k == keyAllOf || name == prefixItems) && v.Kind() == scan.Array:
		all := elements(v)
		for i := range all {
			all[i] = write(all[i], itoa(i))
		}
		return list(all)
	default:
		return v
	}
}

// told is what a description says besides: keywords and their values, escaped.
type told []byte

func (t *told) add(name string, v scan.Value) {
	if len(*t) > 0 {
		*t = append(*t, ", "...)
	}
	*t = append(*t, canon.Inside(quoted(name))...)
	*t = append(*t, ": "...)
	if v.Kind() == scan.String {
		*t = append(*t, canon.Inside(v)...)
		return
	}
	var b bytes.Buffer
	if json.Compact(&b, v) == nil {
		*t = canon.AppendEscaped(*t, b.Bytes())
	}
}

// into appends it to the description of an object.
func (t told) into(o *object) {
	if len(t) == 0 {
		return
	}
	text := []byte{'"'}
	if own := canon.Inside(o.get("description")); len(own) > 0 {
		text = append(append(text, own...), `\n\n`...)
	}
	text = append(append(append(text, '{'), t...), '}', '"')
	o.set("description", text)
}
