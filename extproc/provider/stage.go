// Package provider is the backend's end of the gateway: which backends can serve a
// request, what leaves for them, and what their answers say. The wire formats are
// below extproc/dialect.
//
// The promise: what no stage rewrites leaves byte for byte as it came, and no
// credential or internal header of the client's leaves at all. The trap: a
// header that a request does not set must be removed by name, so what leaves is
// an allow list and everything else that came is listed for removal.
package provider

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/provider/circuit"
	"github.com/headgate/headgate/extproc/provider/credential"
	"github.com/headgate/headgate/extproc/tokens"
	"github.com/headgate/headgate/policy"
)

// Options are what the stages of all policies share.
type Options struct {
	LookupEnv func(string) (string, bool)
	Refused   func(backend string, status int) // called if a provider does not take the gateway's credential
	Warn      func(string)                     // called with what operators should know of a policy's backends
	Circuits  *circuit.Store                   // nil: one that nobody watches
	Now       func() time.Time
	// UnknownEnd is called if an answer ended with a word that this version does not know, bounded.
	// nil: nobody wants to know.
	UnknownEnd func(backend, dialect, word string)
	// Bomb is called if an answer unpacks to far more than is taken. nil: nobody wants to know.
	Bomb   func(backend string)
	Reg    prometheus.Registerer // of what is known of credentials; nil: it is not shown
	tokens *tokens.Estimator
}

// Kind makes the stages. What is known of a credential, and of the limits of a backend,
// outlives the policy that names it. It is safe for concurrent use.
type Kind struct {
	options  Options
	inEffect atomic.Pointer[stage] // nil: none yet

	mu   sync.Mutex
	last *stage // of the policy compiled last; nil: none yet
}

// NewKind makes a Kind.
func NewKind(o Options) *Kind {
	if o.Circuits == nil {
		o.Circuits = circuit.NewStore(func(circuit.Change) {}, o.Now)
	}
	o.tokens = tokens.New()
	k := &Kind{options: o}
	if o.Reg != nil {
		o.Reg.MustRegister(credentialStates{k})
	}
	return k
}

// Name returns "provider".
func (k *Kind) Name() string { return "provider" }

// Close releases nothing: credentials are memory.
func (k *Kind) Close(context.Context) error { return nil }

// Compile prepares the backends of a policy. It refuses one with a credential that is
// not set here, naming each: its backend could not answer.
func (k *Kind) Compile(set *policy.Set) (exchange.Stage, error) {
	secrets, err := credential.New(set, k.options.LookupEnv, k.options.Now)
	kept, fault := newKeeping(set, secrets, &k.options)
	faults := []error{err, fault}
	for _, name := range slices.Sorted(maps.Keys(set.Backends)) {
		if b := set.Backends[name]; b.WithoutCredential == policy.WithoutSimulate && secrets.Missing(b) {
			faults = append(faults, fmt.Errorf("backend %q: its credential is not set here, and no simulated provider stands in for it", name))
		}
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	for _, w := range secrets.Warnings() {
		k.options.Warn(w)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.last != nil {
		secrets.Inherit(k.last.secrets)
	}
	k.last = newStage(set, secrets, kept, &k.options)
	k.last.adopted = &k.inEffect
	return k.last, nil
}

// Forget forgets what was found out of a backend by asking it: limits, refused credentials, and
// that it refuses to stream. It returns how many things there were.
func (k *Kind) Forget(backend string) (things int) {
	things = k.options.Circuits.Forget(backend)
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.last == nil {
		return things
	}
	things += k.last.secrets.Forget(backend)
	again := func(model *pools) {
		for _, p := range model.all {
			things += p.streamAgain(backend)
		}
	}
	for _, model := range k.last.models {
		again(model)
	}
	k.last.wild.each(again)
	return things
}

// stage prepares exchanges for the backends of one policy. It is safe for
// concurrent use.
type stage struct {
	models    map[string]*pools        // but for wildcards
	wildcards map[string]*policy.Model // of the policy
	wild      *wild
	set       *policy.Set
	adopted   *atomic.Pointer[stage] // the Kind's stage in effect
	secrets   *credential.Store
	kept      *keeping
	tokens    *tokens.Estimator
	callers   bool // the policy names callers
	refused   func(backend string, status int)
	warn      func(string)
	unknown   func(backend, dialect, word string) // of ends; may be nil
	bomb      func(backend string)                // may be nil
	now       func() time.Time
}

func newStage(set *policy.Set, secrets *credential.Store, kept *keeping, o *Options) *stage {
	s := &stage{
		models: make(map[string]*pools, len(set.Models)), wildcards: make(map[string]*policy.Model),
		set: set, secrets: secrets, kept: kept, tokens: o.tokens, callers: set.HasCallers(), refused: o.Refused, warn: o.Warn, unknown: o.UnknownEnd, bomb: o.Bomb, now: o.Now,
	}
	for name, m := range set.Models {
		if m.Wildcard {
			s.wildcards[name] = m
		} else {
			s.models[name] = newPools(m, m, set, o.Circuits)
		}
	}
	s.wild = newWild(func(model, name string) *pools {
		m := s.wildcards[model]
		return newPools(m.For(name), m, set, o.Circuits)
	})
	return s
}

// Adopt has the credentials of the stage's policy be those that are shown.
func (s *stage) Adopt() { s.adopted.Store(s) }

// reject prefers another credential of the backend from now on and reports the rejected
// one to the operators: the gateway is at fault.
func (s *stage) reject(backend string, secret, status int) {
	s.secrets.Reject(backend, secret)
	s.refused(backend, status)
}

// bombed reports an answer that unpacks to far more than is taken.
func (s *stage) bombed(backend string) {
	if s.bomb != nil {
		s.bomb(backend)
	}
}

// askWhole asks a backend for no streams any more that its clients do not want: it has
// refused one.
func (s *stage) askWhole(t *target) {
	if t.wholeOnly.CompareAndSwap(false, true) {
		s.warn(fmt.Sprintf("backend %q refuses to stream model %q: it is asked for whole answers where clients want such", t.backend.Name, t.model))
	}
}

// Name returns "provider".
func (s *stage) Name() string { return "provider" }

// Phases names all but Events: the provider's end of a stream is its StreamReader.
func (s *stage) Phases() exchange.Phases {
	return exchange.OnRequest | exchange.OnAttempt | exchange.OnAnswered | exchange.OnResponse | exchange.OnEnd
}

// Join begins a visit.
func (s *stage) Join(ex *exchange.Exchange) exchange.Visit {
	v := &visit{}
	v.plan = plan{stage: s, ex: ex}
	v.answer = answer{plan: &v.plan}
	return v
}

// visit is the stage's share of one exchange: what leaves, and what comes back.
type visit struct {
	plan
	answer answer
}

// Response implements exchange.Visit.
func (v *visit) Response(_ context.Context, resp *exchange.Response) (exchange.Verdict, error) {
	if v.pool == nil {
		return exchange.Verdict{}, nil
	}
	verdict := v.answer.response(resp)
	if v.counts() {
		verdict = v.answer.orEstimate(resp, verdict)
	}
	return verdict, nil
}

// End implements exchange.Visit.
func (v *visit) End(exchange.Outcome) {
	v.leaveProbes()
	if r := v.ex.Response.Reader; r != nil {
		r.Close()
	}
	v.reportEnd()
	if t := v.answer.target; v.ex.Response.Bomb && t != nil {
		v.stage.bombed(t.backend.Name)
	}
	v.answer.noteSaid()
}

// reportEnd reports an answer that ended with a word which this version does not know.
func (v *visit) reportEnd() {
	end, t := v.ex.Response.End, v.answer.target
	if end.Finish == canon.FinishOther && t != nil && v.stage.unknown != nil {
		v.stage.unknown(t.backend.Name, t.dialect.Name(), end.Word)
	}
}
