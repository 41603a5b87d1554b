package contenttest

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/guard/content/onepass"
)

// Make is what makes a scanner of a guard's types by their names.
type Make func(names []string) (*onepass.Scanner, error)

// Scanner makes a scanner; of no names: that of the types that are on by default.
func (m Make) Scanner(t testing.TB, names ...string) *onepass.Scanner {
	t.Helper()
	sc, err := m(names)
	if err != nil {
		t.Fatal(err)
	}
	return sc
}

// Choice is how a text is masked by a scanner of some types.
type Choice struct {
	Name  string
	Types []string
	Want  string
}

// Chosen fails the test unless only the types that were asked for are found in a text.
func (m Make) Chosen(t *testing.T, text string, choices ...Choice) {
	for _, c := range choices {
		t.Run(c.Name, func(t *testing.T) {
			sc, err := m(c.Types)
			if err != nil {
				t.Fatal(err)
			}
			if got := Mask(sc, text); got != c.Want {
				t.Errorf("%s, want %s", got, c.Want)
			}
		})
	}
}

// Refused fails the test unless names are refused with an error of these words.
func (m Make) Refused(t *testing.T, want string, names ...string) {
	t.Helper()
	if _, err := m(names); err == nil || err.Error() != want {
		t.Errorf("a type that there is not: %v, want %s", err, want)
	}
}

// Covered fails the test if one of a guard's types says nothing of itself, or is in no text of the
// corpus; some may be held by tests of their own.
func Covered(t *testing.T, types []onepass.Type, elsewhere ...string) {
	t.Helper()
	seen := map[string]bool{}
	for _, name := range elsewhere {
		seen[name] = true
	}
	for _, l := range Read(t, positives) {
		for _, s := range l.Spans {
			seen[s.Type] = true
		}
	}
	for _, typ := range types {
		if !seen[typ.Name] || typ.About == "" {
			t.Errorf("%+v is in no text", typ)
		}
	}
}

// Documented fails the test if README.md of the package under test lacks one of its types.
func Documented(t *testing.T, types []onepass.Type) {
	t.Helper()
	page, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, typ := range types {
		byDefault := map[bool]string{true: "yes", false: "no"}[typ.Default]
		if line := fmt.Sprintf("| %s | %s | %s |\n", typ.Name, typ.About, byDefault); !strings.Contains(string(page), line) {
			t.Errorf("README.md lacks the line\n%s", line)
		}
	}
}

// WorkGrows fails the test if a scanner reads more than twice as much in a pattern that is repeated
// twice as often, or much more than there is. The slack is in bytes.
func WorkGrows(t *testing.T, sc *onepass.Scanner, patterns []string, times, slack int) {
	t.Helper()
	for _, pattern := range patterns {
		once, twice := sc.Work(bytes.Repeat([]byte(pattern), times)), sc.Work(bytes.Repeat([]byte(pattern), 2*times))
		if twice > once*2+slack || twice > 300*2*times*len(pattern) {
			t.Errorf("%q: %d bytes read for %d, %d for twice as many", pattern, once, times*len(pattern), twice)
		}
	}
}
