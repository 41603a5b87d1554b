package format_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/guard/format"
	"github.com/headgate/headgate/extproc/scan"
)

// FuzzCheck holds that any schema and any text are judged or refused, and that what is said of them
// has its bounds.
func FuzzCheck(f *testing.F) {
	f.Add(person, `{"name":5}`)
	f.Add(`{"anyOf":[{"$ref":"#"},{"type":"null"}]}`, `[1e400]`)
	f.Add(`{"$id":"x","$dynamicRef":"#a","$defs":{"a":{"$dynamicAnchor":"a"}}}`, `"x"`)
	g := guard(f, "")
	f.Fuzz(func(t *testing.T, schema, text string) {
		if len(schema) > 2000 || len(text) > 2000 || !json.Valid([]byte(schema)) {
			t.Skip()
		}
		req := &canon.Request{Format: canon.Format{Kind: canon.FormatSchema, Schema: scan.Value(strings.TrimSpace(schema))}}
		faults, err := g.Check(context.Background(), req, plain(text))
		if err != nil && faults != nil {
			t.Fatal(faults, err)
		}
		for _, f := range faults {
			if len(f.Path) > 200 || len(f.What) > 300 || f.What == "" {
				t.Fatalf("%+v", f)
			}
		}
		if len(faults) > 20 {
			t.Fatal(len(faults))
		}
	})
}

// plain is an answer with this text.
func plain(text string) *canon.Choice {
	return &canon.Choice{Finish: canon.FinishStop, Parts: []canon.Part{{Kind: canon.Text, Text: scan.AppendString(nil, text)}}}
}

// BenchmarkCheck measures an answer of 1,000 tokens (4 KB of JSON) that fits the schema of its
// request, which was seen before.
func BenchmarkCheck(b *testing.B) {
	one := `{"name":"Ann Example","age":7}`
	text := "[" + strings.Repeat(one+",", 125) + one + "]"
	req := &canon.Request{Format: canon.Format{Kind: canon.FormatSchema, Schema: scan.Value(`{"type":"array","items":` + person + `}`)}}
	choice := plain(text)
	for _, c := range []struct{ name, keys string }{{"json", "json: true"}, {"schema", ""}} {
		b.Run("1000 tokens, "+c.name, func(b *testing.B) {
			g := guard(b, c.keys)
			b.ReportAllocs()
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				if faults, err := g.Check(context.Background(), req, choice); err != nil || faults != nil {
					b.Fatal(faults, err)
				}
			}
		})
	}
}

// BenchmarkCompile measures a schema that was not seen before.
func BenchmarkCompile(b *testing.B) {
	p := said(b, `schema: '`+person+`'`)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := format.New(p); err != nil {
			b.Fatal(err)
		}
	}
}
