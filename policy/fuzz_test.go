package policy

import (
	"bytes"
	"errors"
	"testing"
)

// FuzzParse holds that Parse never panics, that every fault has a place in the
// document, and that the canonical form of a valid document is valid and stable.
func FuzzParse(f *testing.F) {
	for _, folder := range []string{"good", "bad"} {
		for _, data := range files(f, folder) {
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		set, err := Parse("fuzz.yaml", data)
		if err != nil {
			var faults *Faults
			if !errors.As(err, &faults) || set != nil {
				t.Fatalf("error %T with set %v", err, set)
			}
			checkPlaces(t, data, faults)
			return
		}
		canonical := set.Canonical()
		again, err := Parse("canonical.yaml", canonical)
		if err != nil {
			t.Fatalf("the canonical form is no valid document: %v\n%s", err, canonical)
		}
		if again.Revision != set.Revision || !bytes.Equal(canonical, again.Canonical()) {
			t.Fatalf("the canonical form changes:\n%s\n%s", canonical, again.Canonical())
		}
	})
}
