// Package guard is the stage that lets guards look at the content of exchanges: at requests before
// any backend is asked, and at answers before the client gets them, whole or streamed.
//
// The promise: guards see the same texts in every dialect, in the order of the policy; what is
// masked in a request comes back in its answer; nothing that a guard refuses or masks in a stream
// leaves before, in whatever pieces it comes; and a guard that only watches changes no byte.
//
// The trap: a guard that cannot decide is no verdict. What then happens is the policy's to say,
// guard by guard, and is counted either way.
package guard

import (
	"context"
	"crypto/rand"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/guard/detector"
	"github.com/headgate/headgate/extproc/self"
	"github.com/headgate/headgate/policy"
)

// Options are what guards need beside the policy.
type Options struct {
	Reg       prometheus.Registerer
	LookupEnv func(string) (string, bool)
	Own       *self.Client     // for calls of models; nil: none can be made
	Detectors *detector.Shared // of services that are asked; NewKind makes it
}

// Kind makes stages that let the guards of a policy look. It is safe for concurrent use.
type Kind struct {
	options Options
	metrics *metrics
	key     []byte // of the hashes of what was found
}

// NewKind makes a Kind.
func NewKind(o Options) *Kind {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	o.Detectors = detector.NewShared(o.Reg, detector.Memory)
	return &Kind{options: o, metrics: newMetrics(o.Reg), key: key}
}

// Name returns "guard".
func (k *Kind) Name() string { return "guard" }

// Close ends the calls of services that are under way.
func (k *Kind) Close(context.Context) error {
	k.options.Detectors.Close()
	return nil
}

// Compile makes the guards of a policy. An error says which of them this machine cannot run.
func (k *Kind) Compile(set *policy.Set) (exchange.Stage, error) {
	s := &stage{kind: k, maxHeld: int(set.BodyLimit), plans: map[scope]*plan{}}
	g := &guards{}
	var err error
	if g.all, err = k.lists(&set.Guards); err != nil {
		return nil, err
	}
	if g.models, err = index(set.Models, func(m *policy.Model) *policy.Guards { return &m.Guards }, k.lists); err != nil {
		return nil, err
	}
	if g.tiers, err = index(set.Tiers, func(t *policy.Tier) *policy.Guards { return &t.Guards }, k.lists); err != nil {
		return nil, err
	}
	if g.caller, err = index(set.Callers, func(c *policy.Caller) *policy.Guards { return &c.Guards }, k.lists); err != nil {
		return nil, err
	}
	if len(g.all.input)+len(g.all.output)+len(g.models)+len(g.tiers)+len(g.caller) > 0 {
		s.guards = g
	}
	return s, nil
}

// lists makes the guards of one place in a policy.
func (k *Kind) lists(g *policy.Guards) (l lists, err error) {
	if l.input, err = k.list(g.Input); err != nil {
		return l, err
	}
	l.output, err = k.list(g.Output)
	return l, err
}

func (k *Kind) list(all []policy.Guard) ([]*Guard, error) {
	out := make([]*Guard, 0, len(all))
	for i := range all {
		g, err := New(&all[i], &k.options)
		if err != nil {
			return nil, fmt.Errorf("guard %s: %w", g.Name, err)
		}
		out = append(out, g)
	}
	return out, nil
}
