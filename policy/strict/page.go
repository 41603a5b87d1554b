package strict

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// Page returns the reference of a document for people, in Markdown: a table of the keys of
// each object, with headings of the second level.
func Page(t *Type) []byte {
	p := page{described: map[string]bool{}}
	p.section("", t)
	return p.Bytes()
}

// page is the reference as it is written.
type page struct {
	bytes.Buffer
	described map[string]bool // names of types
}

// section writes the table of an object and then those of the objects within.
func (b *page) section(path string, t *Type) {
	if t.Name != "" {
		if b.described[t.Name] {
			return
		}
		b.described[t.Name] = true
		path = "." + t.Name
	}
	switch t.Kind {
	case KindMap:
		b.section(path+".NAME", t.Elem)
	case KindList:
		b.section(path+"[]", t.Elem)
	case KindEither:
		for _, o := range t.Options {
			// One table serves an object and a list of such objects.
			if o.Kind != KindList || !slices.Contains(t.Options, o.Elem) {
				b.section(path, o)
			}
		}
	case KindObject:
		b.table(path, t)
	default: // a scalar is a line of its object's table
	}
}

func (b *page) table(path string, t *Type) {
	title := "The document"
	if path != "" {
		title = "`" + strings.TrimPrefix(path, ".") + "`"
	}
	fmt.Fprintf(b, "\n## %s\n\n", title)
	if t.OneKey {
		b.WriteString("Exactly one of the keys is given.\n\n")
	}
	b.WriteString("| Key | Type | Default | Meaning | Example |\n|---|---|---|---|---|\n")
	for _, f := range t.Fields {
		fmt.Fprintf(b, "| `%s` | %s | %s | %s | `%s` |\n", f.Key, describe(f.Type), f.fallback(), f.Doc, f.Example)
	}
	if len(t.Planned) > 0 {
		fmt.Fprintf(b, "\nNot supported yet, and refused because nothing would act on them: `%s`.\n", strings.Join(t.Planned, "`, `"))
	}
	for _, k := range t.Refused {
		fmt.Fprintf(b, "\n`%s` %s: %s.\n", k.Key, k.Message, k.Hint)
	}
	for _, f := range t.Fields {
		b.section(path+"."+f.Key, f.Type)
	}
}

// fallback says in words what it means to leave a key out.
func (f Key) fallback() string {
	switch {
	case f.Required:
		return "required"
	case f.Default != "":
		return "`" + f.Default + "`"
	case f.Absent != "":
		return f.Absent
	case f.Type.Kind == KindObject && !slices.ContainsFunc(f.Type.Fields, func(k Key) bool { return k.Required }):
		return "its defaults"
	}
	return "none"
}

// describe says in words what a value may be.
func describe(t *Type) string {
	if t.Name != "" {
		return "object `" + t.Name + "`"
	}
	switch t.Kind {
	case KindText:
		if t.Enum != nil {
			return "`" + strings.Join(t.Enum, "`, `") + "`"
		}
		return "text"
	case KindVersion:
		return "`" + t.Min + "`"
	case KindMap:
		return "map of names to " + describe(t.Elem)
	case KindList:
		return fmt.Sprintf("list of %s to %s: %s", t.Min, t.Max, describe(t.Elem))
	case KindEither:
		words := make([]string, len(t.Options))
		for i, o := range t.Options {
			words[i] = describe(o)
		}
		return strings.Join(words, ", or ")
	case KindInt, KindDuration, KindDays, KindSize, KindDecimal:
		return fmt.Sprintf("%s from %s to %s", t.Kind, t.Min, t.Max)
	default:
		return string(t.Kind)
	}
}
