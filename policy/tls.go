package policy

import "github.com/headgate/headgate/policy/strict"

// TLS says where the files are, on the machine of each pair, by which its clients' connections
// are secured. They are PEM files, read again when they change.
type TLS struct {
	Cert              string // the certificate and its chain, leaf first; empty: there is no TLS
	Key               string // of the certificate
	ClientCA          string // verifies certificates of clients; empty: they are not asked for
	ClientCertificate ClientCertificate
}

// On reports whether connections are secured.
func (t TLS) On() bool { return t.Cert != "" }

// ClientCertificate says whether clients must show a certificate.
type ClientCertificate string

// The values of ClientCertificate.
const (
	ClientCertificateRequired ClientCertificate = "required" // a client without one is not connected
	ClientCertificateOptional ClientCertificate = "optional" // it needs a key
)

var listenTLS = strict.NewObject(
	strict.Bind("cert", func(t *TLS) *string { return &t.Cert }, pemFile).Required().
		Doc("Absolute path of the certificate and its chain, leaf first, where each pair's ext_proc server runs, which gives its content to Envoy. It is read again when it changes, together with its key: connections that are open live on.").
		Example(`cert: /run/tls/tls.crt`),
	strict.Bind("key", func(t *TLS) *string { return &t.Key }, pemFile).Required().
		Doc("Absolute path of the certificate's private key, without a password.").
		Example(`key: /run/tls/tls.key`),
	strict.Bind("client_ca", func(t *TLS) *string { return &t.ClientCA }, pemFile).Absent("clients are asked for none").
		Doc("Absolute path of the authorities whose certificates clients may show. The name in a certificate says which caller it is, as long as the connection lives.").
		Example(`client_ca: /run/tls/clients.crt`),
	strict.Bind("client_certificate", func(t *TLS) *ClientCertificate { return &t.ClientCertificate }, strict.Enum(ClientCertificateRequired, ClientCertificateOptional)).Default(ClientCertificateRequired).
		Doc("With client_ca, whether a client must show a certificate: required refuses to connect without one, optional takes a key instead. One that client_ca does not verify is never connected.").
		Example(`client_certificate: optional`),
).Check(func(r *strict.Reader, g *strict.Given, t *TLS) {
	r.Note(PlacedTLS{*t, g.Place()})
	if at, ok := g.At("client_certificate"); ok && !g.Has("client_ca") {
		r.Fault(at, "name client_ca, too, or leave it out", "clients are asked for no certificate without client_ca")
	}
})

var pemFile = strict.Text().Matching(absolutePath, pathRule).Secret()

// PlacedTLS is the TLS of a policy, and where it stands.
type PlacedTLS struct {
	TLS
	at strict.Place
}

// Fault returns a fault of the files that it names.
func (p PlacedTLS) Fault(message, hint string) Fault { return p.at.Fault(message, hint) }

// ListenTLS returns the TLS of a policy's listen; nil: it has none. It reads the policy as
// Credentials does.
func ListenTLS(files []File) (*PlacedTLS, error) {
	c, faults := compile(files, reading{maxBytes: MaxDocument})
	if len(faults) > 0 {
		return nil, strict.NewFaults(files, faults)
	}
	for _, placed := range strict.Notes[PlacedTLS](c.Reader) {
		return &placed, nil
	}
	return nil, nil
}
