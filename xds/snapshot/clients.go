package snapshot

import (
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/headgate/headgate/policy"
)

// clientSocket secures the connections of clients; nil: they are plain. It names files, which
// Envoy reads once: a pair's agent gives their content in their place, as often as it changes.
func clientSocket(t policy.TLS) *corev3.TransportSocket {
	if !t.On() {
		return nil
	}
	c := &tlsv3.DownstreamTlsContext{CommonTlsContext: &tlsv3.CommonTlsContext{
		TlsParams:       &tlsv3.TlsParameters{TlsMinimumProtocolVersion: tlsv3.TlsParameters_TLSv1_2},
		AlpnProtocols:   []string{"h2", "http/1.1"},
		TlsCertificates: []*tlsv3.TlsCertificate{{CertificateChain: file(t.Cert), PrivateKey: file(t.Key)}},
	}}
	if t.ClientCA != "" {
		c.RequireClientCertificate = wrapperspb.Bool(t.ClientCertificate == policy.ClientCertificateRequired)
		c.CommonTlsContext.ValidationContextType = &tlsv3.CommonTlsContext_ValidationContext{
			ValidationContext: &tlsv3.CertificateValidationContext{TrustedCa: file(t.ClientCA)},
		}
		// A session that is resumed would bring back a certificate that has expired since.
		c.SessionTicketKeysType = &tlsv3.DownstreamTlsContext_DisableStatelessSessionResumption{DisableStatelessSessionResumption: true}
		c.DisableStatefulSessionResumption = true
	}
	return &corev3.TransportSocket{
		Name:       "envoy.transport_sockets.tls",
		ConfigType: &corev3.TransportSocket_TypedConfig{TypedConfig: packed(c)},
	}
}

func file(path string) *corev3.DataSource {
	return &corev3.DataSource{Specifier: &corev3.DataSource_Filename{Filename: path}}
}

// peerAttributes are those that say who is at the other end of a connection: by the certificate,
// and by the address if the policy trusts a network.
func peerAttributes(set *policy.Set) (names []string) {
	if set.Listen.TLS.ClientCA != "" {
		names = append(names, policy.PeerURI, policy.PeerDNS, policy.PeerSubject)
	}
	if len(set.Trusted.Networks) > 0 || set.Records.ClientAddress {
		names = append(names, policy.PeerAddress)
	}
	return names
}
