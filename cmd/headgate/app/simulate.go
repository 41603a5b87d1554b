package app

import (
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/headgate/headgate/extproc/provider/credential"
	"github.com/headgate/headgate/policy"
)

// simulated returns the set with the simulated provider in the place of the backends
// that may be simulated and whose credential is not set in this process's environment.
func simulated(set *policy.Set) (*policy.Set, error) {
	some := &policy.Set{Backends: map[string]*policy.Backend{}}
	for name, b := range set.Backends {
		if b.WithoutCredential == policy.WithoutSimulate {
			some.Backends[name] = b
		}
	}
	secrets, err := credential.New(some, os.LookupEnv, time.Now)
	if err != nil {
		return nil, err
	}
	var missing policy.Overlay
	for _, name := range slices.Sorted(maps.Keys(some.Backends)) {
		if b := some.Backends[name]; secrets.Missing(b) {
			missing.Simulated = append(missing.Simulated, policy.Simulated{
				Backend: name, Laid: policy.Laid{Author: "headgate", Reason: "not set: " + credentialsOf(b)},
			})
		}
	}
	live, _ := set.Under(set.Overlay.With(missing)) // nothing is left out: the names are the set's
	return live, nil
}

// credentialsOf says where the credentials of a backend are looked for.
func credentialsOf(b *policy.Backend) string {
	var all []string
	for _, c := range b.Credentials {
		all = append(all, c.Env+c.File) // one of them is empty
	}
	return strings.Join(all, ", ")
}
