// Package caller is the stage that finds out who asks. Keys are of the policy, or made by the
// control plane.
//
// The promise: an unknown key and a wrong one take the same way and the same time, and get the
// same answer. The trap: what a request says of itself never makes it somebody: names of users
// and teams attribute below the key. Only a hop that the policy trusts may say who asks. Of the
// gateway's own calls, the stream loop has found out that they are.
package caller

import (
	"context"
	"time"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/policy"
)

// Options are what keys are found by.
type Options struct {
	LookupEnv func(string) (string, bool)
	Managed   Managed      // keys of the control plane; nil: none will come
	Warn      func(string) // called with what operators should know of the places of keys
	Now       func() time.Time
}

// Managed are the keys that the control plane has made. It is safe for concurrent use.
type Managed interface {
	// Find returns whose key a secret is; nil: nobody's, or it was revoked or has expired.
	Find(secret []byte, now time.Time) *exchange.Caller
	// Known reports whether the control plane has ever said which keys there are. Until then
	// one that is not found may yet be good.
	Known() bool
}

// Kind makes stages that know the callers of a policy.
type Kind struct{ options Options }

// NewKind makes a Kind.
func NewKind(o Options) *Kind { return &Kind{o} }

// Name returns "caller".
func (k *Kind) Name() string { return "caller" }

// Close releases nothing.
func (k *Kind) Close(context.Context) error { return nil }

// Compile finds the keys of a policy's callers. The error names every one that is not set.
func (k *Kind) Compile(set *policy.Set) (exchange.Stage, error) {
	keys, err := newKeys(set, &k.options)
	if err != nil {
		return nil, err
	}
	s := &stage{keys: keys, certificates: newCertificates(set), hop: hop{set.Trusted}, now: k.options.Now, asks: set.HasCallers(), needed: set.HasCallers() && !set.Anonymous}
	s.anonymous.Tier = set.AnonymousTier
	if set.Private() {
		s.private = visitor{set: set}
	}
	if set.ManagedKeys {
		s.managed = k.options.Managed
	}
	return s, nil
}

// stage is safe for concurrent use.
type stage struct {
	keys         *keys
	certificates certificates
	hop          hop
	managed      Managed // nil: such keys are not taken
	now          func() time.Time
	asks         bool // the policy has callers
	needed       bool // a request without a key is refused
	anonymous    exchange.Caller
	private      exchange.Visit // of a gateway that web pages of this machine reach, too; nil: it is none
}

// Name returns "caller".
func (s *stage) Name() string { return "caller" }

// Phases names the phase before the body comes, and the one in which the model is known. Without
// callers there is nothing to be done in the second, and in the first only if it is a private gateway.
func (s *stage) Phases() exchange.Phases {
	switch {
	case s.asks:
		return exchange.OnHeaders | exchange.OnRequest
	case s.private != nil:
		return exchange.OnHeaders
	}
	return 0
}

// Join begins a visit.
func (s *stage) Join(ex *exchange.Exchange) exchange.Visit {
	if ex.Own != nil {
		ex.Caller = exchange.Caller{Name: exchange.OwnCaller}
		return exchange.Idle{}
	}
	if !s.asks {
		ex.Caller = s.anonymous
		if s.private != nil {
			return s.private
		}
		return exchange.Idle{}
	}
	return &visit{stage: s, ex: ex}
}

type visit struct {
	exchange.Idle
	stage *stage
	ex    *exchange.Exchange
}

// Headers implements exchange.Visit.
func (v *visit) Headers(_ context.Context, req *exchange.Request) (exchange.Verdict, error) {
	who, header, verdict := v.stage.identify(req.Headers, v.ex)
	if verdict.Action == exchange.Pass {
		v.ex.Caller, v.ex.KeyHeader = *who, header
	}
	return verdict, nil
}

// Request implements exchange.Visit: the model is known by then. What is asked of something kept
// names none: whose it is says who may ask.
func (v *visit) Request(_ context.Context, req *exchange.Request) (exchange.Verdict, error) {
	if who := &v.ex.Caller; req.Operation == exchange.Models || req.Operation.OfKept() || who.May(v.ex.Model, v.ex.Name) {
		return exchange.Verdict{}, nil
	}
	d := exchange.Denied(403, exchange.ReasonForbidden, "The key may not ask for the model "+v.ex.Name+".")
	d.Param = "model"
	return d, nil
}
