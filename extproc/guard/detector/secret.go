package detector

import (
	"fmt"
	"time"

	"github.com/headgate/headgate/extproc/secret"
	"github.com/headgate/headgate/policy"
)

// Secret finds the secret of a service; nil: the policy names none. The error names the key and
// the place.
func Secret(key string, at policy.Credential, form secret.Form, lookupEnv func(string) (string, bool)) (*secret.Source, error) {
	if at == (policy.Credential{}) {
		return nil, nil
	}
	s, err := secret.Find(at, form, lookupEnv, time.Now())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", key, err)
	}
	return s, nil
}
