// Package caller is the stage that finds out who asks. Keys are of the policy, or made by the
// control plane.
//
// The promise: an unknown key and a wrong one take the same way and the same time, and say the
// same. The trap: what a request says of itself never makes it somebody: names of users and teams
// attribute below the key.
package caller

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/policy"
)

// Options are what keys are found by.
type Options struct {
	LookupEnv func(string) (string, bool)
	Managed   Managed // keys of the control plane; nil: there are none
	Now       func() time.Time
}

// Managed are the keys that the control plane has made. It is safe for concurrent use.
type Managed interface {
	// Find returns whose key a secret is; nil: nobody's, or it was revoked or has expired.
	Find(secret []byte, now time.Time) *exchange.Caller
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
	keys, err := newKeys(set, k.options.LookupEnv, k.options.Now())
	if err != nil {
		return nil, err
	}
	s := &stage{keys: keys, now: k.options.Now, needed: set.HasCallers() && !set.Anonymous}
	s.anonymous.Tier = set.AnonymousTier
	if set.ManagedKeys {
		s.managed = k.options.Managed
	}
	return s, nil
}

// stage is safe for concurrent use.
type stage struct {
	keys      *keys
	managed   Managed // nil: such keys are not taken
	now       func() time.Time
	needed    bool // a key is
	anonymous exchange.Caller
}

// Name returns "caller".
func (s *stage) Name() string { return "caller" }

// Phases names the phase before the body comes, and the one in which the model is known.
func (s *stage) Phases() exchange.Phases { return exchange.OnHeaders | exchange.OnRequest }

// Join begins a visit.
func (s *stage) Join(ex *exchange.Exchange) exchange.Visit { return &visit{stage: s, ex: ex} }

type visit struct {
	exchange.Idle
	stage *stage
	ex    *exchange.Exchange
}

// Headers implements exchange.Visit.
func (v *visit) Headers(_ context.Context, req *exchange.Request) (exchange.Verdict, error) {
	secret := presented(req.Headers)
	if len(secret) == 0 {
		if v.stage.needed {
			return denied("This gateway needs a key: send it as Authorization: Bearer KEY, or as x-api-key."), nil
		}
		v.ex.Caller = v.stage.anonymous
		return exchange.Verdict{}, nil
	}
	who := v.stage.find(secret)
	switch {
	case who != nil:
		v.ex.Caller = *who
	case v.stage.needed:
		return denied("This gateway does not know the key."), nil
	default: // an SDK must send some key
		v.ex.Caller = v.stage.anonymous
	}
	return exchange.Verdict{}, nil
}

// find asks both kinds of keys, whichever one knows it.
func (s *stage) find(secret []byte) *exchange.Caller {
	now := s.now()
	who := s.keys.find(secret, now)
	if s.managed == nil {
		return who
	}
	if managed := s.managed.Find(secret, now); who == nil {
		return managed
	}
	return who
}

func denied(message string) exchange.Verdict {
	return exchange.Denied(401, exchange.ReasonKey, message)
}

// Request implements exchange.Visit: the model is known by then.
func (v *visit) Request(_ context.Context, req *exchange.Request) (exchange.Verdict, error) {
	if may := v.ex.Caller.Models; may == nil || v.ex.Model == "" {
		return exchange.Verdict{}, nil
	} else if _, ok := slices.BinarySearch(may, v.ex.Model); ok {
		return exchange.Verdict{}, nil
	}
	d := exchange.Denied(403, exchange.ReasonForbidden, "The key may not ask for the model "+v.ex.Model+".")
	d.Param = "model"
	return d, nil
}

// headers are those in which clients send keys, the gateway's own first: beside it another may
// be the provider's.
var headers = []string{"x-headgate-key", "authorization", "x-api-key", "api-key"}

// presented is the key of a request.
func presented(h exchange.Headers) []byte {
	for _, name := range headers {
		value := h.Get(name)
		if name == "authorization" {
			value = bearer(value)
		}
		if len(value) > 0 {
			return value
		}
	}
	return nil
}

func bearer(value []byte) []byte {
	const scheme = "bearer "
	if len(value) > len(scheme) && strings.EqualFold(string(value[:len(scheme)]), scheme) {
		return value[len(scheme):]
	}
	return nil
}
