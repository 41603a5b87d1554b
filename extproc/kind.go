package extproc

import (
	"context"
	"errors"
	"fmt"

	"github.com/headgate/headgate/extproc/cache/store"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/policy"
)

// A Kind makes one stage per policy and lives as long as the process: it owns stores,
// metrics and goroutines. It is safe for concurrent use.
type Kind interface {
	Name() string
	// Compile makes the stage of a policy and changes nothing that other policies
	// see. An error refuses the policy, in words for operators: it is for faults
	// that only this machine's environment shows, as headgate check finds the rest.
	Compile(*policy.Set) (exchange.Stage, error)
	// Close releases what the Kind owns, once no stage of it is in use.
	Close(context.Context) error
}

// A learner is a Kind that finds out things of backends by asking them, and can forget them. It
// returns how many there were.
type learner interface{ Forget(backend string) int }

// Forget has kinds forget what they found out of a backend, and returns how many things there were.
func Forget(kinds []Kind, backend string) (things int) {
	for _, k := range kinds {
		if l, ok := k.(learner); ok {
			things += l.Forget(backend)
		}
	}
	return things
}

// A purger is a Kind that keeps answers which are given again. It returns how many it forgot.
type purger interface {
	Purge(store.Purge) (entries int)
}

// Purge has kinds forget entries of the cache, and returns how many there were in memory.
func Purge(kinds []Kind, p store.Purge) (entries int) {
	for _, k := range kinds {
		if c, ok := k.(purger); ok {
			entries += c.Purge(p)
		}
	}
	return entries
}

// A closer is a stage that owns more than memory. Close is called once, after the last
// exchange of its policy has ended.
type closer interface{ Close() error }

// An adopter is a stage that changes what its Kind does beside exchanges. Adopt is called once, as the
// stage's policy takes effect, by one goroutine at a time and in the order of policies. It must not
// block.
type adopter interface{ Adopt() }

// CloseKinds closes kinds, the last first.
func CloseKinds(ctx context.Context, kinds []Kind) error {
	var errs []error
	for i := len(kinds) - 1; i >= 0; i-- {
		if err := kinds[i].Close(ctx); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", kinds[i].Name(), err))
		}
	}
	return errors.Join(errs...)
}
