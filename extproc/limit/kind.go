// Package limit is the stage that admits requests by what their callers may consume.
//
// The promise: a request is held to an estimate before any provider is asked, on all of its
// limits in one step, and to what it really took afterwards. So callers who ask at the same time
// exceed a limit together by no more than their estimates are wrong. What never left for a
// provider gives its tokens and its money back; the place of a request that was admitted stays
// taken.
//
// The trap: the stage stands before the route, so which backend will answer is not known. The
// estimate goes by the dearest use of the model's chain. And a process may die between claim and
// settlement: a claim is given back by itself after a while.
package limit

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/ledger"
	"github.com/headgate/headgate/policy"
)

// Stores finds where the balances of a policy are kept.
type Stores interface {
	// For returns the store of a policy. If it has a Close, that is called when the policy is not
	// used any more. An error refuses the policy.
	For(*policy.Set) (ledger.Store, error)
	// Close ends all stores, once no claim is open any more.
	Close(context.Context) error
}

// Options are what limits are held by.
type Options struct {
	Stores Stores
	Reg    prometheus.Registerer
	Now    func() time.Time
}

// Kind makes stages that hold requests to the quotas of a policy. It is safe for concurrent use.
type Kind struct {
	stores  Stores
	now     func() time.Time
	metrics *metrics
	learned learned
}

// NewKind makes a Kind, which closes the stores.
func NewKind(o Options) *Kind {
	return &Kind{stores: o.Stores, now: o.Now, metrics: newMetrics(o.Reg)}
}

// Name returns "limit".
func (k *Kind) Name() string { return "limit" }

// Close closes the stores.
func (k *Kind) Close(ctx context.Context) error { return k.stores.Close(ctx) }

// Compile prepares the quotas of a policy.
func (k *Kind) Compile(set *policy.Set) (exchange.Stage, error) {
	s := &stage{kind: k, set: set}
	if s.idle = !hasQuotas(set); s.idle {
		return s, nil
	}
	var err error
	if s.zone, err = time.LoadLocation(set.Timezone); err != nil {
		return nil, err
	}
	if s.store, err = k.stores.For(set); err != nil {
		return nil, err
	}
	s.models = make(map[string]*model, len(set.Models))
	for name, m := range set.Models {
		s.models[name] = newModel(m, set, k.learned.of(name))
	}
	s.books.Store(s.open(k.now()))
	return s, nil
}

// hasQuotas reports whether a policy bounds anybody. A key of the control plane may have bounds
// of its own.
func hasQuotas(set *policy.Set) bool {
	if set.ManagedKeys || len(set.Tiers)+len(set.Teams)+len(set.Features) > 0 {
		return true
	}
	for _, c := range set.Callers {
		if c.Quota.Bounds() {
			return true
		}
	}
	for _, m := range set.Models {
		if m.Quota.Bounds() {
			return true
		}
	}
	return false
}
