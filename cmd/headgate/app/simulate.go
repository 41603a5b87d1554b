package app

import (
	"fmt"
	"maps"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/headgate/headgate/extproc/provider/credential"
	"github.com/headgate/headgate/extproc/sim"
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
		if places := secrets.Lacks(some.Backends[name]); len(places) > 0 {
			missing.Simulated = append(missing.Simulated, policy.Simulated{
				Backend: name, Laid: policy.Laid{Author: "headgate", Reason: "not set: " + strings.Join(places, ", ")},
			})
		}
	}
	live, _ := set.Under(set.Overlay.With(missing)) // nothing is left out: the names are the set's
	return live, nil
}

// SimOptions say how the simulated provider is served.
type SimOptions struct {
	Listen  string // loopback address
	Script  string // file of rules for answers and faults; empty: none
	Keyless bool   // take requests without a credential
}

// StartSim serves the simulated provider until its Shutdown.
func StartSim(o SimOptions) (*sim.Running, error) {
	const name = "simulated provider's"
	if err := CheckLoopback(name, o.Listen); err != nil {
		return nil, err
	}
	options := sim.Options{Keyless: o.Keyless}
	if o.Script != "" {
		data, err := os.ReadFile(o.Script)
		if err != nil {
			return nil, &OptionsError{fmt.Errorf("script of the simulated provider: %w", err)}
		}
		if options.Script, err = sim.ParseScript(o.Script, data); err != nil {
			return nil, err
		}
	}
	server, err := sim.New(options)
	if err != nil {
		return nil, err
	}
	running, err := server.Listen(o.Listen)
	if err != nil {
		return nil, listenError(port{name, o.Listen, "--listen"}, err)
	}
	return running, nil
}

// startSim runs the simulated provider of this gateway.
func (g *Gateway) startSim() (*url.URL, error) {
	running, err := StartSim(SimOptions{Listen: "127.0.0.1:0", Script: g.options.Script, Keyless: true})
	if err != nil {
		return nil, err
	}
	g.lifecycle.started("simulated provider", running.Shutdown)
	return url.Parse(running.URL + "/v1")
}
