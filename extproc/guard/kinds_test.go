package guard

import (
	"slices"
	"testing"

	"github.com/headgate/headgate/extproc/guard/pii"
	"github.com/headgate/headgate/extproc/guard/secrets"
	"github.com/headgate/headgate/policy"
)

// TestPoliciesKnowTheTypes holds that a policy can name each type that guards find by rules, and
// no other.
func TestPoliciesKnowTheTypes(t *testing.T) {
	var personal, keys []string
	for _, found := range pii.Types() {
		personal = append(personal, found.Name)
	}
	for _, found := range secrets.Types() {
		keys = append(keys, found.Name)
	}
	if !slices.Equal(personal, policy.PIITypes) || !slices.Equal(keys, policy.SecretTypes) {
		t.Errorf("guards find %q and %q", personal, keys)
	}
}
