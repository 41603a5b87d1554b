package policy

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/headgate/headgate/policy/strict"
)

// TestPlannedKeysAreRefused holds that a key without code behind it is neither
// ignored nor taken for a misspelled one, whatever its value.
func TestPlannedKeysAreRefused(t *testing.T) {
	if len(Document().Planned) == 0 {
		t.Fatal("no key is planned: the test holds nothing")
	}
	for _, key := range Document().Planned {
		if slices.ContainsFunc(Document().Fields, func(k strict.Key) bool { return k.Key == key }) {
			t.Errorf("%s is both supported and planned", key)
		}
		for _, value := range []string{"{}", "[]", "", "{a: {b: 1}}"} {
			_, err := Parse("policy.yaml", []byte("version: 1\n"+key+": "+value))
			var faults *Faults
			if !errors.As(err, &faults) {
				t.Fatalf("%s: %s gives %v, want a fault", key, value, err)
			}
			want := []Fault{{File: "policy.yaml", Line: 2, Col: 1, Path: key, Message: "is not supported yet", Hint: "leave it out: nothing would act on it"}}
			if diff := cmp.Diff(want, faults.Faults); diff != "" {
				t.Errorf("%s: %s (-want +got):\n%s", key, value, diff)
			}
		}
	}
}

// TestPlannedKeyStandsForNoOther holds that a key without code behind it does not
// pass for the key that is missing.
func TestPlannedKeyStandsForNoOther(t *testing.T) {
	_, err := Parse("policy.yaml", []byte("queue: {}"))
	const want = "policy.yaml:1:1: version is missing; add version: 1\npolicy.yaml:1:1 queue: is not supported yet; leave it out: nothing would act on it"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
