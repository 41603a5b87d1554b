package strict_test

import (
	"strings"
	"testing"

	"github.com/headgate/headgate/policy/strict"
)

// TestFaults holds what is said of what is wrong, and where.
func TestFaults(t *testing.T) {
	for _, c := range []struct{ name, document, want string }{
		{"everything at once", "version: 3\ntwn: x\ncakes: []\noven: {tray: 1, preheat: 2h}\nbreads: {Rye: x, corn: {cent: 1}, x: {}}\nsafe: 5",
			`a:2:1: unknown key "twn"; did you mean "town"?
a:3:1 cakes: is not supported yet; leave it out: nothing would act on it
a:4:8 oven: unknown key "tray"; did you mean "trays"?
a:4:26 oven.preheat: must be from 1s to 1h, is "2h"
a:5:10 breads: a bread has lower-case letters, is "Rye"
a:5:25 breads.corn: unknown key "cent"; did you mean "cents"?
a:5:38 breads.x: cents is missing; add cents: 420
a:6:7 safe: money does not belong in the book; say where it is`},
		{"nothing", "", `a:1:1: the document is empty; the shortest one is version: 3`},
		{"another version", "version: 2", `a:1:10 version: must be 3, is "2"`},
		{"forms", "version: 3\ntown: 5\noven: []\nbreads: {a: [], b: ~}", `a:2:7 town: must be text, is a number
a:3:7 oven: must be an object, is a list
a:4:13 breads.a: must be text or an object, is a list
a:4:20 breads.b: must be text or an object, is empty`},
		{"a text of a list", "version: 3\nbreads: {a: {cents: 1, layers: rye}}", `a:2:32 breads.a.layers: must be an object or a list, is text; write {of: flour}`},
		{"names", "version: 3\nbreads: {a: {cents: 1, layers: [{of: wheet}, {of: gold}, {of: oat}]}}", `a:2:38 breads.a.layers[0].of: must be one of rye, wheat, corn, is "wheet"; did you mean "wheat"?
a:2:51 breads.a.layers[1].of: gold is not eaten; take corn
a:2:63 breads.a.layers[2].of: must be one of rye, wheat, corn, is "oat"`},
		{"checks", "version: 3\nbreads: {a: {cents: 1, resale: 2, layers: [{of: rye}, {of: rye}]}}", `a:2:32 breads.a.resale: shops pay no more than others
a:2:55 breads.a.layers[1]: is like the first layer; bake it thicker`},
		{"no check of what has a fault", "version: 3\nbreads: {a: {cents: 0, resale: 0}}", `a:2:21 breads.a.cents: must be from 1 to 10000, is 0
a:2:32 breads.a.resale: must be from 1 to 10000, is 0`},
		{"what stands for another value", "version: 3\nbreads: {a: &x y, b: *x, c: !!str z, <<: {}}", `a:2:13 breads.a: anchors are not supported; write the value out where it is needed
a:2:22 breads.b: aliases are not supported; write the value out
a:2:29 breads.c: tags are not supported; leave the tag out
a:2:38 breads: merge keys are not supported; write the keys out`},
		{"too many", "version: 3\nbreads: {a: {cents: 1, layers: [{}, {}, {}, {}]}}", `a:2:32 breads.a.layers: must have 1 to 3 elements, has 4`},
		{"one place of two", "version: 3\nsafe: {shelf: /a, drawer: /b}", `a:2:7 safe: must have exactly one of the keys shelf, drawer`},
		{"no place", "version: 3\nsafe: {}", `a:2:7 safe: must have exactly one of the keys shelf, drawer`},
		{"a key that there will not be", "version: 3\npies: {trays: 1}", `a:2:1 pies: is another trade; ask the butcher`},
		{"a text that was never allowed", "version: 3\ntown: Atlantis", `a:2:7 town: is under water; move`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, _, got := read(strict.Options{}, c.document); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

// TestSecretsAreNotQuoted holds that no fault shows what may be a secret.
func TestSecretsAreNotQuoted(t *testing.T) {
	for _, document := range []string{"safe: hunter2", "safe: {hunter2: a}", "safe: {hunter2: &x a}", "safe: {hunter2: a, hunter2: b}", "safe: {shelf: hunter2}"} {
		_, _, got := read(strict.Options{}, "version: 3\n"+document)
		if got == "" || strings.Contains(got, "hunter2") {
			t.Errorf("%s: %s", document, got)
		}
	}
}
