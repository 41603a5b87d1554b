package wild

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestTheGrammarsAreWhole holds that each rule which is named is there, and that what no
// choices write ends.
func TestTheGrammarsAreWhole(t *testing.T) {
	for dialect, g := range grammars {
		for _, name := range slices.Sorted(maps.Keys(g)) {
			for _, text := range g[name] {
				for _, m := range regexp.MustCompile(`\$([_a-z]+)`).FindAllStringSubmatch(text, -1) {
					if len(g[m[1]]) == 0 {
						t.Errorf("%s: %s names %s, which there is not", dialect, name, m[1])
					}
				}
			}
			if plain := write(dialect, name, nil); len(plain) > 1000 || name[0] != '_' && !json.Valid(plain) {
				t.Errorf("%s: %s is by itself %.200s", dialect, name, plain)
			}
		}
	}
}

// TestChoicesDecide holds that the same choices write the same, and others something else.
func TestChoicesDecide(t *testing.T) {
	choices := []byte{1, 3, 5, 7, 9, 11, 13}
	one := Request("openai", "m", choices)
	if again := Request("openai", "m", choices); string(again) != string(one) {
		t.Errorf("first %s, then %s", one, again)
	}
	if other := Request("openai", "m", nil); string(other) == string(one) || !strings.Contains(string(other), `"model":"m"`) {
		t.Errorf("%s", other)
	}
}
