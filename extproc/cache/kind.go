// Package cache is the stage that gives answers again: to equal requests, to questions that mean
// the same, and to requests that are equal to one that is under way.
//
// The promise: nobody gets an answer that was given to somebody with whom the policy does not let
// them share, and none that a guard has not passed; a store that is lost or slow costs a hit, never
// an answer. The trap: what an embedder takes for the same question need not be, so rules verify
// it, and a share of the hits is asked anew to know how often they are wrong.
package cache

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/headgate/headgate/extproc/cache/index"
	"github.com/headgate/headgate/extproc/cache/store"
	"github.com/headgate/headgate/extproc/embed"
	"github.com/headgate/headgate/extproc/embed/remote"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/self"
	"github.com/headgate/headgate/policy"
)

// Options are what the cache needs beside policies.
type Options struct {
	Table     embed.Embedder // in the process
	Own       *self.Client   // asks models for vectors; nil: none can be asked
	LookupEnv func(string) (string, bool)
	Now       func() time.Time
	Log       *zap.Logger
	Reg       prometheus.Registerer
}

// Kind makes the stages of all policies. It owns the stores, the index, and the answers that are
// waited for. It is safe for concurrent use.
type Kind struct {
	options Options
	metrics *metrics
	index   *index.Index
	stores  *store.Stores
	learner *learner
	flights flights
}

// minBytes is the index's memory until a policy says how large it may be.
const minBytes = 1 << 20

// NewKind makes a Kind.
func NewKind(o Options) *Kind {
	k := &Kind{options: o, flights: flights{all: map[store.Key]*flight{}}}
	k.metrics = newMetrics(o.Reg, &k.flights)
	k.index = index.New(minBytes, o.Now, o.Reg)
	k.learner = newLearner(k.index, k.metrics)
	k.stores = store.New(store.Options{LookupEnv: o.LookupEnv, Now: o.Now, Log: o.Log, Index: k.learner}, o.Reg)
	return k
}

// Name returns "cache".
func (k *Kind) Name() string { return "cache" }

// Close ends what runs beside exchanges, and closes the stores.
func (k *Kind) Close(ctx context.Context) error {
	k.learner.close()
	return k.stores.Close(ctx)
}

// Purge forgets entries, and returns how many there were here.
func (k *Kind) Purge(p store.Purge) (entries int) { return k.stores.Purge(p) }

// Compile prepares the rules of a policy's models.
func (k *Kind) Compile(set *policy.Set) (exchange.Stage, error) {
	s := &stage{kind: k, set: set, models: map[string]*model{}, revisions: revisionsOf(set)}
	semantic := false
	for name, m := range set.Models {
		if rules := set.CacheOf(name); rules != nil {
			s.models[name] = s.newModel(m, rules)
			semantic = semantic || rules.HasSemantic()
		}
	}
	if len(s.models) == 0 {
		return s, nil
	}
	var err error
	if semantic {
		if s.embedder, err = k.embedder(set); err != nil {
			return nil, err
		}
	}
	if s.handle, err = k.stores.For(set); err != nil {
		return nil, fmt.Errorf("cache: %w", err)
	}
	return s, nil
}

// embedder returns what makes the vectors of a policy.
func (k *Kind) embedder(set *policy.Set) (embed.Embedder, error) {
	e := set.Cache.Embedder
	if e == nil {
		return k.options.Table, nil
	}
	return remote.New(remote.Options{Own: k.options.Own, Model: e.Model, Dims: e.Dimensions, Timeout: e.Timeout})
}

// model is what one model's exchanges have in common.
type model struct {
	prefix partition // of every exchange's partition
	rules  *policy.CacheRules
	theirs bool // a backend is asked with the client's own credential
	first  []policy.Use
	asking []string // headers of clients that may change an answer
}

func (s *stage) newModel(m *policy.Model, rules *policy.CacheRules) *model {
	return &model{
		prefix: s.prefixOf(m), rules: rules, first: m.Chain[0].Uses, asking: askingOf(m),
		theirs: slices.ContainsFunc(m.Uses(), func(u policy.Use) bool { return u.Backend.FromCaller }),
	}
}

// isFirst reports whether what answered an exchange is in the first link.
func (m *model) isFirst(ex *exchange.Exchange) bool {
	return slices.ContainsFunc(m.first, func(u policy.Use) bool {
		return u.Backend.Name == ex.Route.Backend && ex.Asks(u.Model) == ex.Route.Serves
	})
}

// stage gives answers by one policy. It is safe for concurrent use.
type stage struct {
	kind      *Kind
	set       *policy.Set
	models    map[string]*model // that have a cache
	revisions revisions
	embedder  embed.Embedder // nil: no question is compared
	handle    *store.Handle
}

// Name returns "cache".
func (s *stage) Name() string { return "cache" }

// Phases names all that show a request and its answer; none if no model has a cache.
func (s *stage) Phases() exchange.Phases {
	if len(s.models) == 0 {
		return 0
	}
	return exchange.OnRequest | exchange.OnResponse | exchange.OnEvents | exchange.OnEnd
}

// Join begins a visit. Own calls have no cache.
func (s *stage) Join(ex *exchange.Exchange) exchange.Visit {
	if len(s.models) == 0 || ex.Own != nil {
		return exchange.Idle{}
	}
	return &visit{stage: s, ex: ex}
}

// Adopt has vectors made by the policy's embedder from now on, if it compares questions.
func (s *stage) Adopt() {
	if s.embedder != nil {
		s.kind.learner.use(s.embedder, s.handle)
	}
}

// Close ends the use of the policy's store.
func (s *stage) Close() error {
	if s.handle == nil {
		return nil
	}
	return s.handle.Close()
}
