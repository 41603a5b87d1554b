package strict_test

import (
	"testing"

	"github.com/headgate/headgate/policy/strict"
)

// TestQuotes holds that a number or a switch in quotes is refused as the text that it is,
// in YAML and in JSON, and that what is a text by nature may have them.
func TestQuotes(t *testing.T) {
	for _, c := range []struct{ document, want string }{
		{`{"version":3,"oven":{"trays":"2"}}`, `a:1:30 oven.trays: must be a whole number, is text; write it without quotes: 2`},
		{"version: 3\noven: {trays: '2'}", `a:2:15 oven.trays: must be a whole number, is text; write it without quotes: 2`},
		{"version: 3\noven: {trays: \"two\"}", `a:2:15 oven.trays: must be a whole number from 1 to 9, is "two"`},
		{"version: 3\nopen: 'true'", `a:2:7 open: must be true or false, is text; write it without quotes: true`},
		{"version: 3\nopen: True", `a:2:7 open: must be true or false, is "True"`},
		{"version: 3\nopen: yes", `a:2:7 open: must be true or false, is text`},
		{"version: \"3\"\noven: {preheat: \"5m\", recipes: '1KiB'}\nbreads: {a: {cents: 1, since: \"2026-01-01\"}}", ""},
	} {
		if _, _, got := read(strict.Options{}, c.document); got != c.want {
			t.Errorf("%s\n says %s\nwant %s", c.document, got, c.want)
		}
	}
}

// TestAccepted holds that a document which was accepted before may hold what came to be
// refused since.
func TestAccepted(t *testing.T) {
	b, _, faults := read(strict.Options{Accepted: true}, "version: 3\ntown: Atlantis\noven: {trays: '2'}")
	if faults != "" || b.Town != "Atlantis" || b.Oven.Trays != 2 {
		t.Errorf("%+v, %s", b, faults)
	}
	if _, _, faults := read(strict.Options{Accepted: true}, "version: 3\nopen: 'true'"); faults == "" {
		t.Error("a switch in quotes was never accepted")
	}
}
