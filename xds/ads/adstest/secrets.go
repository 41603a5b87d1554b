package adstest

import (
	"maps"

	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	resourcev3 "github.com/envoyproxy/go-control-plane/pkg/resource/v3"
)

// askForSecrets asks for the secrets that listeners take, as Envoy does once it has those, and
// leaves those that none takes any more. The mutex is held.
func (e *Envoy) askForSecrets() {
	taken := map[string]bool{}
	for _, r := range e.state[resourcev3.ListenerType] {
		l := &listenerv3.Listener{}
		if err := r.GetResource().UnmarshalTo(l); err != nil {
			e.t.Errorf("listener %q: %v", r.GetName(), err)
			continue
		}
		for _, name := range secretsOf(e, l) {
			taken[name] = true
		}
	}
	for name := range taken {
		if !e.secrets[name] {
			has := map[string]string{}
			if r := e.state[resourcev3.SecretType][name]; r != nil {
				has[name] = r.GetVersion()
			}
			e.stream.Ask(resourcev3.SecretType, has, name)
		}
	}
	for name := range e.secrets {
		if !taken[name] {
			e.stream.Leave(resourcev3.SecretType, name)
		}
	}
	e.secrets = taken
	e.dropSecrets()
}

// dropSecrets forgets those that no listener takes. The mutex is held.
func (e *Envoy) dropSecrets() {
	maps.DeleteFunc(e.state[resourcev3.SecretType], func(name string, _ *discoveryv3.Resource) bool { return !e.secrets[name] })
}

// secretsOf are the secrets that a listener takes.
func secretsOf(e *Envoy, l *listenerv3.Listener) (names []string) {
	for _, chain := range l.GetFilterChains() {
		socket, c := chain.GetTransportSocket().GetTypedConfig(), &tlsv3.DownstreamTlsContext{}
		if !socket.MessageIs(c) {
			continue
		}
		if err := socket.UnmarshalTo(c); err != nil {
			e.t.Errorf("TLS of listener %q: %v", l.GetName(), err)
		}
		for _, s := range c.GetCommonTlsContext().GetTlsCertificateSdsSecretConfigs() {
			names = append(names, s.GetName())
		}
		if s := c.GetCommonTlsContext().GetValidationContextSdsSecretConfig(); s != nil {
			names = append(names, s.GetName())
		}
	}
	return names
}
