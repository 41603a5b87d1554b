package strict_test

import (
	"regexp"
	"strings"
	"time"

	"github.com/headgate/headgate/policy/strict"
)

// bakery is a document that has nothing to do with policies: an order book.
type bakery struct {
	version int
	Town    string
	Open    bool
	Oven    oven
	Breads  map[string]*bread
	Safe    []safe
}

type oven struct {
	Trays   uint32
	Preheat time.Duration
	Recipes int64 // bytes
}

type bread struct {
	Name   string
	Cents  int
	Resale int // what shops pay: as Cents unless it is said
	Since  time.Time
	Layers []layer
	Flour  string
}

type layer struct {
	Of    string
	Grams int
}

type safe struct{ Shelf, Drawer string }

var bakeryFields = strict.NewObject(
	strict.Bind("version", func(b *bakery) *int { return &b.version }, strict.Version(3)).Required().EveryFile().
		Doc("Version.").Example("version: 3"),
	strict.Bind("town", func(b *bakery) *string { return &b.Town }, strict.Text().Matching(regexp.MustCompile(`^[A-Z]`), "a town begins with a capital").
		Except(regexp.MustCompile(`Atlantis`), func(string) (string, string) { return "is under water", "move" })).
		Doc("Town.").Example("town: Delft"),
	strict.Bind("open", func(b *bakery) *bool { return &b.Open }, strict.Switch()).Default(true).
		Doc("Whether it sells.").Example("open: false"),
	strict.Bind("oven", func(b *bakery) *oven { return &b.Oven }, ovenFields).
		Doc("The oven.").Example("oven: {trays: 2}"),
	strict.Bind("breads", func(b *bakery) *map[string]*bread { return &b.Breads },
		strict.Map(regexp.MustCompile(`^[a-z]+$`), "a bread has lower-case letters", shortBread).Named(func(b *bread) *string { return &b.Name })).
		Doc("Breads, by name.").Example("breads: {rye: {cents: 420}}"),
	strict.Bind("safe", func(b *bakery) *[]safe { return &b.Safe }, strict.OneOrList(safeFields, strict.List(1, 2, safeFields)).InsteadOfText("money does not belong in the book", "say where it is")).
		Doc("Where the money is.").Example("safe: {shelf: /a}"),
).Planned("cakes").Refuse("pies", "is another trade", "ask the butcher")

var ovenFields = strict.NewObject(
	strict.Bind("trays", func(o *oven) *uint32 { return &o.Trays }, strict.Int[uint32](1, 9)).Default(4).
		Doc("Trays.").Example("trays: 2"),
	strict.Bind("preheat", func(o *oven) *time.Duration { return &o.Preheat }, strict.Duration(time.Second, time.Hour)).Default(10*time.Minute).
		Doc("Time to get hot.").Example("preheat: 5m"),
	strict.Bind("recipes", func(o *oven) *int64 { return &o.Recipes }, strict.Size(1, 1<<20)).Default(64<<10).
		Doc("Memory.").Example("recipes: 1KiB"),
)

var layers = strict.OneOrList(layerFields, strict.List(1, 3, layerFields).Check(func(r *strict.Reader, all []strict.Elem[layer]) {
	for _, e := range all[min(1, len(all)):] {
		if e.Value.Of == all[0].Value.Of {
			r.Fault(e.At, "bake it thicker", "is like the first layer")
		}
	}
})).InsteadOfText("", "write {of: flour}")

var layerFields = strict.NewObject(
	strict.Bind("of", func(l *layer) *string { return &l.Of }, strict.Enum("rye", "wheat", "corn").Known(func(text string) (string, string) {
		if text == "gold" {
			return "gold is not eaten", "take corn"
		}
		return "", ""
	})).Required().Doc("Flour.").Example("of: rye"),
	strict.Bind("grams", func(l *layer) *int { return &l.Grams }, strict.Int(1, 5000)).Default(100).Doc("Weight.").Example("grams: 50"),
)

var breadFields = strict.NewObject(
	strict.Bind("cents", func(b *bread) *int { return &b.Cents }, strict.Int(1, 10_000)).Required().
		Doc("Price.").Example("cents: 420"),
	strict.Bind("resale", func(b *bread) *int { return &b.Resale }, strict.Int(1, 10_000)).DefaultFrom(func(b *bread) int { return b.Cents }, "as cents").
		Doc("Price for shops.").Example("resale: 300"),
	strict.Bind("since", func(b *bread) *time.Time { return &b.Since }, strict.Date()).Absent("always").
		Doc("First day.").Example("since: 2026-01-01"),
	strict.Bind("layers", func(b *bread) *[]layer { return &b.Layers }, layers).
		Doc("Layers.").Example("layers: {of: rye}"),
	strict.Bind("flour", func(b *bread) *string { return &b.Flour }, strict.Form(mill, strings.ToLower)).
		Doc("Brand.").Example("flour: MILL"),
).Check(func(r *strict.Reader, g *strict.Given, b *bread) {
	if at, ok := g.At("resale"); ok && b.Resale > b.Cents {
		r.Fault(at, "", "shops pay no more than others")
	}
})

// mill reads a brand, which is kept in capitals, and notes where it is used.
func mill(r *strict.Reader, at strict.Place, text string) (string, bool) {
	r.Note(brand{text, at})
	return strings.ToUpper(text), true
}

type brand struct {
	name string
	at   strict.Place
}

// shortBread is a bread in short: its flour, at a price that everybody knows.
var shortBread = strict.Either(
	strict.As(strict.Text(), func(flour string, b *bread) {
		breadFields.Reset(b)
		b.Cents, b.Resale, b.Flour = 100, 100, strings.ToUpper(flour)
	}, func(*bread) (string, bool) { return "", false }),
	strict.Itself(breadFields),
)

var safeFields = strict.NewObject(
	strict.Bind("shelf", func(s *safe) *string { return &s.Shelf }, place).Doc("Shelf.").Example("shelf: /a"),
	strict.Bind("drawer", func(s *safe) *string { return &s.Drawer }, place).Doc("Drawer.").Example("drawer: /a"),
).OneKey().Secret().InsteadOfText("money does not belong in the book", "say where it is")

var place = strict.Text().Matching(regexp.MustCompile(`^/`), "a place begins with a slash").Secret()

// everything sets every key of an order book.
const everything = `version: 3
town: Delft
open: false
oven: {trays: 2, preheat: 1m30s, recipes: 1KiB}
breads:
  rye: {cents: 420, resale: 300, since: 2026-01-01, layers: [{of: rye, grams: 50}, {of: wheat}], flour: mill}
  corn: {cents: 1, layers: {of: corn}}
  plain: mill
safe: [{shelf: /a}, {drawer: /b}]
`
