package app

import (
	"context"
	"net/http"
	"os"
	"time"

	"github.com/headgate/headgate/extproc/dialect/anthropic"
	"github.com/headgate/headgate/extproc/provider/credential"
	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/xds/health"
)

// startProbing checks the backends of whatever policy is published, until the lifecycle
// stops it, and drains those that do not answer.
func (c *controlPlane) startProbing(l *lifecycle, o controlOptions) {
	log := o.log.Named("health")
	network := &health.Network{Headers: probeHeaders, Log: log}
	c.health = health.New(health.Options{Probe: network.Probe, Lay: c.server.Lay}, o.reg, log)
	l.started("health", func(context.Context) error {
		c.health.Stop()
		return nil
	})
}

// probeHeaders are what a backend is sent with a request for its models, or false if
// something of it is not set in this process's environment.
func probeHeaders(b *policy.Backend) (http.Header, bool) {
	store, err := credential.New(&policy.Set{Backends: map[string]*policy.Backend{b.Name: b}}, os.LookupEnv, time.Now)
	if err != nil || store.Missing(b) {
		return nil, false
	}
	h := http.Header{"User-Agent": {"headgate"}, "Accept": {"application/json"}}
	if b.Dialect == "anthropic" {
		h.Set("anthropic-version", anthropic.Version)
	}
	secret, _ := store.Pick(b.Name)
	if key := secret.Reveal(); key != "" {
		if b.AuthScheme != policy.AuthNone {
			key = b.AuthScheme + " " + key
		}
		h.Set(b.AuthHeader, key)
	}
	for _, further := range store.Headers(b.Name) {
		h.Set(further.Name, further.Reveal())
	}
	return h, true
}
