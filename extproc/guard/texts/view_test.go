package texts

import (
	"encoding/json"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// TestViews holds what guards see of a text, and where that stands in it.
func TestViews(t *testing.T) {
	for _, c := range []struct {
		name, raw  string
		json, more bool
		want       string
		at, end    int    // of the view
		span       string // of the raw text
	}{
		{name: "plain", raw: "abc", want: "abc", at: 1, end: 2, span: "b"},
		{name: "other scripts stay", raw: "äß語", want: "äß語", at: 2, end: 4, span: "ß"},
		{name: "full-width forms", raw: "４１x", want: "41x", at: 0, end: 2, span: "４１"},
		{name: "invisible characters go", raw: "4\u200b1\u00ad x", want: "41 x", at: 0, end: 2, span: "4\u200b1\u00ad"},
		{name: "blanks and dashes", raw: "1\u00a02\u20113\u3000", want: "1 2-3 ", at: 1, end: 4, span: "\u00a02\u2011"},
		{name: "mathematical letters and digits", raw: "𝐚𝟙𝟘Z", want: "a10Z", at: 1, end: 3, span: "𝟙𝟘"},
		{name: "escapes stay where they are none", raw: `a\u0040b`, want: `a\u0040b`, at: 1, end: 7, span: `\u0040`},
		{name: "escapes of JSON", raw: `x\n\u0040b\"`, json: true, want: "x\n@b\"", at: 2, end: 4, span: `\u0040b`},
		{name: "a pair of surrogates", raw: `\ud83d\ude00!`, json: true, want: "😀!", at: 0, end: 4, span: `\ud83d\ude00`},
		{name: "half an escape waits", raw: `ab\u00`, json: true, more: true, want: "ab", at: 1, end: 2, span: "b"},
		{name: "half a pair waits", raw: `ab\ud83d`, json: true, more: true, want: "ab", at: 1, end: 2, span: "b"},
		{name: "half an escape at the end", raw: `ab\u00`, json: true, want: `ab\u00`, at: 2, end: 3, span: `\`},
		{name: "half a character waits", raw: "ab\xe8\xaa", more: true, want: "ab", at: 0, end: 2, span: "ab"},
		{name: "half a character at the end", raw: "ab\xe8", want: "ab\uFFFD", at: 2, end: 5, span: "\xe8"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var v View
			v.Reset([]byte(c.raw), c.json, c.more)
			if got := string(v.Plain); got != c.want {
				t.Fatalf("%q, want %q", got, c.want)
			}
			start, end := v.Raw(c.at), v.Raw(c.end)
			if got := c.raw[start:end]; got != c.span {
				t.Errorf("%q, want %q", got, c.span)
			}
			if at := v.At(start); at != c.at {
				t.Errorf("the span begins at %d of the view, want %d", at, c.at)
			}
		})
	}
}

// TestChangesInJSON holds that a JSON document stays one, whatever is put into it.
func TestChangesInJSON(t *testing.T) {
	const raw = `{"a":"x\ty","n":4111,"k\"":"z"}`
	for _, c := range []struct {
		name, find, with, want string
	}{
		{"in a string", "x\ty", `"q"\`, `{"a":"\"q\"\\","n":4111,"k\"":"z"}`},
		{"a number becomes a string", "4111", "[N]", `{"a":"x\ty","n":"[N]","k\"":"z"}`},
		{"over the end of a string", `y","n`, "[W]", `{"a":"x\t[W]","":4111,"k\"":"z"}`},
		{"in a key with a quote", `k"`, "[K]", `{"a":"x\ty","n":4111,"[K]":"z"}`},
	} {
		it := Item{form: formJSON, raw: []byte(raw)}
		it.look()
		start := indexOf(string(it.Plain), c.find)
		it.Apply([]Change{{start, start + len(c.find), c.with}})
		if got := string(it.raw); got != c.want || !json.Valid(it.raw) {
			t.Errorf("%s: %s", c.name, cmp.Diff(c.want, got))
		}
	}
}

func indexOf(s, part string) int {
	for i := range s {
		if len(s)-i >= len(part) && s[i:i+len(part)] == part {
			return i
		}
	}
	return -1
}

// FuzzView holds of any text that its view is valid UTF-8, that places go both ways, and that a
// change of any span changes nothing else.
func FuzzView(f *testing.F) {
	for _, seed := range []string{"abc", "４１\u200b1", `a\u0040\ud83d\ude00\`, "\xff\xe8\xaa"} {
		f.Add([]byte(seed), true, uint16(0), uint16(3))
		f.Add([]byte(seed), false, uint16(1), uint16(2))
	}
	f.Fuzz(func(t *testing.T, raw []byte, json bool, from, to uint16) {
		var v View
		v.Reset(raw, json, false)
		if !utf8.Valid(v.Plain) && utf8.Valid(raw) {
			t.Fatalf("%q is no UTF-8", v.Plain)
		}
		last := 0
		for i := range len(v.Plain) + 1 {
			at := v.Raw(i)
			if at < last || at > len(raw) {
				t.Fatalf("place %d of the view is %d of the text, after %d", i, at, last)
			}
			last = at
		}
		start, end := min(int(from), len(v.Plain)), min(int(to), len(v.Plain))
		if start > end {
			start, end = end, start
		}
		it := Item{raw: raw}
		it.look()
		a, b := it.view.Raw(min(start, len(it.Plain))), it.view.Raw(min(end, len(it.Plain)))
		it.Apply([]Change{{min(start, len(it.Plain)), min(end, len(it.Plain)), "X"}})
		if want := string(raw[:a]) + "X" + string(raw[max(a, b):]); string(it.raw) != want {
			t.Fatalf("%q, want %q", it.raw, want)
		}
	})
}
