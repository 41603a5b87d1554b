package strict_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/jsonschema-go/jsonschema"

	"github.com/headgate/headgate/policy/strict"
)

// read reads an order book of files a, b and so on.
func read(o strict.Options, texts ...string) (*bakery, *strict.Reading, string) {
	var files []strict.File
	for i, text := range texts {
		files = append(files, strict.File{Name: string(rune('a' + i)), Data: []byte(text)})
	}
	var b bakery
	r := strict.Read(bakeryFields, files, o, &b)
	return &b, r, strict.NewFaults(files, r.Faults()).Error()
}

var unexported = cmp.AllowUnexported(bakery{})

func TestRead(t *testing.T) {
	got, _, faults := read(strict.Options{}, everything)
	if faults != "" {
		t.Fatal(faults)
	}
	want := &bakery{
		version: 3, Town: "Delft", Oven: oven{2, 90 * time.Second, 1 << 10}, Safe: []safe{{Shelf: "/a"}, {Drawer: "/b"}},
		Breads: map[string]*bread{
			"rye": {Name: "rye", Cents: 420, Resale: 300, Since: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Flour: "MILL",
				Layers: []layer{{"rye", 50}, {"wheat", 100}}},
			"corn":  {Name: "corn", Cents: 1, Resale: 1, Layers: []layer{{"corn", 100}}},
			"plain": {Name: "plain", Cents: 100, Resale: 100, Flour: "MILL"},
		},
	}
	if diff := cmp.Diff(want, got, unexported); diff != "" {
		t.Errorf("differs (-want +got):\n%s", diff)
	}
}

func TestDefaults(t *testing.T) {
	got, _, faults := read(strict.Options{}, "version: 3")
	want := &bakery{version: 3, Open: true, Oven: oven{4, 10 * time.Minute, 64 << 10}, Breads: map[string]*bread{}}
	if diff := cmp.Diff(want, got, unexported); diff != "" || faults != "" {
		t.Errorf("%s differs (-want +got):\n%s", faults, diff)
	}
}

// TestCanonical holds that the form leaves out what equals its default, one that depends on
// another key included, and is the same for all ways to write a document.
func TestCanonical(t *testing.T) {
	for _, c := range []struct{ document, want string }{
		{"version: 3", `{"version":3}`},
		{"version: 3\noven: {trays: 4, preheat: 600s}\nbreads: {}\nopen: true", `{"version":3}`},
		{"version: 3\nbreads: {x: {cents: 5, resale: 5}, a: mill}", `{"breads":{"a":{"cents":100,"flour":"mill"},"x":{"cents":5}},"version":3}`},
		{"version: 3\nbreads: {x: {cents: 5, layers: [{of: rye, grams: 100}]}}", `{"breads":{"x":{"cents":5,"layers":{"of":"rye"}}},"version":3}`},
		{"version: 3\ntown: \"Z<\\u2028\\\"\\u00e9\"", `{"town":"Z<\u2028\"é","version":3}`},
		{everything, `{"breads":{"corn":{"cents":1,"layers":{"of":"corn"}},"plain":{"cents":100,"flour":"mill"},` +
			`"rye":{"cents":420,"flour":"mill","layers":[{"grams":50,"of":"rye"},{"of":"wheat"}],"resale":300,"since":"2026-01-01"}},` +
			`"open":false,"oven":{"preheat":"1m30s","recipes":"1024B","trays":2},"safe":[{"shelf":"/a"},{"drawer":"/b"}],"town":"Delft","version":3}`},
	} {
		b, _, faults := read(strict.Options{}, c.document)
		if faults != "" {
			t.Fatal(faults)
		}
		form := bakeryFields.Canonical(b)
		if got := strings.TrimSpace(string(form)); got != c.want || !json.Valid(form) {
			t.Errorf("%s\n is %s\nwant %s", c.document, got, c.want)
		}
	}
}

// TestNotes holds that what a value's reader noted is found with its place.
func TestNotes(t *testing.T) {
	_, r, _ := read(strict.Options{}, everything)
	all := strict.Notes[brand](r.Reader)
	if len(all) != 1 || all[0].name != "mill" || all[0].at.Path() != "breads.rye.flour" || all[0].at.Line() != 6 || all[0].at.File() != "a" || all[0].at.Text() != "mill" {
		t.Errorf("noted %+v", all)
	}
	if other := strict.Notes[string](r.Reader); other != nil {
		t.Errorf("noted %v", other)
	}
}

// TestFiles holds that maps are merged over files, that other keys stand in one of them,
// and that the version stands in each.
func TestFiles(t *testing.T) {
	b, r, faults := read(strict.Options{}, "version: 3\nbreads: {rye: x}", "version: 3\ntown: Delft\nbreads: {corn: x}")
	var names []string
	for _, e := range r.Given.Entries("breads") {
		names = append(names, e.Value.File()+" "+e.Value.Path())
	}
	if diff := cmp.Diff([]string{"a breads.rye", "b breads.corn"}, names); diff != "" || faults != "" || len(b.Breads) != 2 || !r.Whole {
		t.Errorf("%s %v (-want +got):\n%s", faults, b, diff)
	}
	_, r, faults = read(strict.Options{}, "version: 3\ntown: Delft\nbreads: {rye: x}", "town: Delft\nbreads: {rye: x}", "{")
	if r.Whole || faults != `b:1:1: version is missing; add version: 3
b:1:1: "town" is given twice, first in a:2
b:2:10 breads: "rye" is given twice, first in a:3
c:1:1: YAML: did not find expected node content` {
		t.Errorf("whole %v:\n%s", r.Whole, faults)
	}
	if _, _, faults := read(strict.Options{MaxBytes: 20}, "version: 3", "version: 3 #"); faults != "b:1:1: the files up to this one are larger than 20 bytes together" {
		t.Error(faults)
	}
}

// TestSchema holds the schema against a validator that is not ours.
func TestSchema(t *testing.T) {
	data, err := strict.Schema(bakeryFields.Type(), "Bakery")
	if err != nil {
		t.Fatal(err)
	}
	var s jsonschema.Schema
	if err := json.Unmarshal(data, &s); err != nil {
		t.Fatal(err)
	}
	schema, err := s.Resolve(&jsonschema.ResolveOptions{ValidateDefaults: true})
	if err != nil {
		t.Fatal(err)
	}
	for document, want := range map[string]bool{
		`{"version":3}`:   true,
		`{"version":"3"}`: true,
		`{"version":3,"town":"Delft","open":false,"oven":{"trays":2,"preheat":"5m","recipes":"1KiB"},"safe":{"drawer":"/a"},"breads":{"a":"mill","b":{"cents":5,"since":"2026-01-01","layers":[{"of":"rye"}]}}}`: true,
		`{}`:                                                          false,
		`{"version":4}`:                                               false,
		`{"version":3,"cakes":{}}`:                                    false,
		`{"version":3,"town":"Atlantis"}`:                             false,
		`{"version":3,"open":"true"}`:                                 false,
		`{"version":3,"oven":{"trays":"2"}}`:                          false,
		`{"version":3,"oven":{"trays":10}}`:                           false,
		`{"version":3,"safe":{"drawer":"/a","shelf":"/b"}}`:           false,
		`{"version":3,"breads":{"B":"mill"}}`:                         false,
		`{"version":3,"breads":{"b":{}}}`:                             false,
		`{"version":3,"breads":{"b":{"cents":5,"layers":[]}}}`:        false,
		`{"version":3,"breads":{"b":{"cents":5,"layers":[{}]}}}`:      false,
		`{"version":3,"breads":{"b":{"cents":5,"since":"tomorrow"}}}`: false,
	} {
		var v any
		if err := json.Unmarshal([]byte(document), &v); err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(v); (err == nil) != want {
			t.Errorf("%s: %v; want valid %v", document, err, want)
		}
	}
}

func TestPage(t *testing.T) {
	const want = "\n## The document\n\n| Key | Type | Default | Meaning | Example |\n|---|---|---|---|---|\n" +
		"| `version` | `3` | required | Version. | `version: 3` |\n" +
		"| `town` | text | none | Town. | `town: Delft` |\n" +
		"| `open` | true or false | `true` | Whether it sells. | `open: false` |\n" +
		"| `oven` | object | its defaults | The oven. | `oven: {trays: 2}` |\n" +
		"| `breads` | map of names to text, or object | none | Breads, by name. | `breads: {rye: {cents: 420}}` |\n" +
		"| `safe` | object, or list of 1 to 2: object | none | Where the money is. | `safe: {shelf: /a}` |\n" +
		"\nNot supported yet, and refused because nothing would act on them: `cakes`.\n" +
		"\n`pies` is another trade: ask the butcher.\n"
	page := string(strict.Page(bakeryFields.Type()))
	if !strings.HasPrefix(page, want) {
		t.Errorf("begins otherwise:\n%s", page)
	}
	for _, line := range []string{
		"## `oven`", "| `trays` | whole number from 1 to 9 | `4` | Trays. | `trays: 2` |", "| `preheat` | duration from 1s to 1h | `10m` |",
		"| `recipes` | size from 1B to 1MiB | `64KiB` |", "## `breads.NAME`", "| `resale` | whole number from 1 to 10000 | as cents |",
		"## `breads.NAME.layers`", "| `of` | `rye`, `wheat`, `corn` | required |", "## `safe`", "Exactly one of the keys is given.",
	} {
		if !strings.Contains(page, line) {
			t.Errorf("lacks %s:\n%s", line, page)
		}
	}
}

// TestOnePlaceForEachKey holds that no two keys can be bound to one place, nor one key to
// two: the mistake of a copied line.
func TestOnePlaceForEachKey(t *testing.T) {
	trays := func(o *oven) *uint32 { return &o.Trays }
	preheat := func(o *oven) *time.Duration { return &o.Preheat }
	number, span := strict.Int[uint32](1, 9), strict.Duration(0, time.Hour)
	for _, fields := range [][]strict.Member[oven]{
		{strict.Bind("a", trays, number), strict.Bind("b", preheat, span), strict.Bind("c", trays, number)},
		{strict.Bind("a", trays, number), strict.Bind("a", preheat, span)},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%d fields are an object", len(fields))
				}
			}()
			strict.NewObject(fields...)
		}()
	}
}
