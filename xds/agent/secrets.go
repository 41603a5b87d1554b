package agent

import (
	"fmt"
	"strings"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	resourcev3 "github.com/envoyproxy/go-control-plane/pkg/resource/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/headgate/headgate/policy/policypb"
	"github.com/headgate/headgate/xds/ads"
	"github.com/headgate/headgate/xds/identity"
)

// The names of the secrets that listeners take.
const (
	certificateSecret = "gateway" // the certificate that clients are shown, with its key
	authoritiesSecret = "clients" // what verifies certificates of clients
)

// takeFiles has a listener take secrets in place of the files that it names, and returns those.
func takeFiles(l *listenerv3.Listener) (files identity.Files, err error) {
	for _, chain := range l.GetFilterChains() {
		socket := chain.GetTransportSocket().GetTypedConfig()
		c := &tlsv3.DownstreamTlsContext{}
		if !socket.MessageIs(c) {
			continue
		}
		if err := socket.UnmarshalTo(c); err != nil {
			return files, fmt.Errorf("its TLS: %w", err)
		}
		files = filesOf(c.GetCommonTlsContext())
		takeSecrets(c.GetCommonTlsContext(), files)
		config, err := pack(c)
		if err != nil {
			return files, err
		}
		chain.TransportSocket.ConfigType = &corev3.TransportSocket_TypedConfig{TypedConfig: config}
	}
	return files, nil
}

func filesOf(c *tlsv3.CommonTlsContext) (files identity.Files) {
	for _, pair := range c.GetTlsCertificates() {
		files.Cert, files.Key = pair.GetCertificateChain().GetFilename(), pair.GetPrivateKey().GetFilename()
	}
	files.CA = c.GetValidationContext().GetTrustedCa().GetFilename()
	return files
}

func takeSecrets(c *tlsv3.CommonTlsContext, files identity.Files) {
	c.TlsCertificates = nil
	c.TlsCertificateSdsSecretConfigs = []*tlsv3.SdsSecretConfig{overADS(certificateSecret)}
	if files.CA != "" {
		c.ValidationContextType = &tlsv3.CommonTlsContext_ValidationContextSdsSecretConfig{ValidationContextSdsSecretConfig: overADS(authoritiesSecret)}
	}
}

func overADS(secret string) *tlsv3.SdsSecretConfig {
	return &tlsv3.SdsSecretConfig{Name: secret, SdsConfig: &corev3.ConfigSource{
		ResourceApiVersion: corev3.ApiVersion_V3, ConfigSourceSpecifier: &corev3.ConfigSource_Ads{Ads: &corev3.AggregatedConfigSource{}},
	}}
}

func pack(m proto.Message) (*anypb.Any, error) {
	a := &anypb.Any{}
	err := anypb.MarshalFrom(a, m, proto.MarshalOptions{Deterministic: true})
	return a, err
}

// secretsOf are the secrets that hold the content of files.
func secretsOf(c identity.Content) (*ads.Resources, error) {
	all := map[string]*tlsv3.Secret{certificateSecret: {Name: certificateSecret, Type: &tlsv3.Secret_TlsCertificate{
		TlsCertificate: &tlsv3.TlsCertificate{CertificateChain: inline(c.Cert), PrivateKey: inline(c.Key)},
	}}}
	if len(c.CA) > 0 {
		all[authoritiesSecret] = &tlsv3.Secret{Name: authoritiesSecret, Type: &tlsv3.Secret_ValidationContext{
			ValidationContext: &tlsv3.CertificateValidationContext{TrustedCa: inline(c.CA)},
		}}
	}
	return ads.Encode(all, "")
}

func inline(pem []byte) *corev3.DataSource {
	return &corev3.DataSource{Specifier: &corev3.DataSource_InlineBytes{InlineBytes: pem}}
}

// forControlPlane is a refusal as a control plane understands it, which knows of no secrets: what
// Envoy refuses of them is the fault of the policy that names the files.
func forControlPlane(r ads.Refusal) ads.Refusal {
	if r.Type != resourcev3.SecretType {
		return r
	}
	return ads.Refusal{Type: policypb.TypeURL, Reason: "listen.tls: Envoy refuses the certificate files: " + strings.TrimSpace(r.Reason)}
}
