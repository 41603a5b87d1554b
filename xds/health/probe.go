package health

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"sync"
	"syscall"
	"time"

	"go.uber.org/zap"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/regular"
)

const (
	connectWithin = 2 * time.Second // TCP and TLS
	modelsWithin  = 3 * time.Second // both, and the answer's beginning
)

// Kind is a kind of failure.
type Kind string

// The values of Kind.
const (
	Refused Kind = "refused"
	Timeout Kind = "timeout"
	DNS     Kind = "dns"
	TLS     Kind = "tls"
	Status  Kind = "status" // 5xx
	Other   Kind = "other"
)

// Failure is why a backend did not pass a check.
type Failure struct {
	Kind Kind
	Err  error
}

// Error says why, without anything secret.
func (f *Failure) Error() string { return f.Err.Error() }

// Unwrap returns the cause.
func (f *Failure) Unwrap() error { return f.Err }

// Network checks backends over the network.
type Network struct {
	// Headers returns the headers that a backend is sent to be asked for its models, or false
	// if its credential is not known here.
	Headers func(*policy.Backend) (http.Header, bool)
	Log     *zap.Logger

	said sync.Map // backends of which Log says that less is checked, and why
}

// Probe checks a backend once. A credential goes nowhere but to a server whose certificate
// is good, or where the policy allows plain http.
func (n *Network) Probe(ctx context.Context, b *policy.Backend, probe policy.Probe) error {
	config, err := tlsOf(b)
	if err != nil { // the file is where Envoys run, not here
		n.say(b, "its ca_file cannot be read here: a check does not verify its certificate", err)
		return connect(ctx, b, &tls.Config{InsecureSkipVerify: true, ServerName: b.URL.Hostname()}) // nothing is sent
	}
	if probe != policy.ProbeModels {
		return connect(ctx, b, config)
	}
	headers, ok := n.Headers(b)
	if !ok {
		n.say(b, "its credential is not set here: a check is a connection, not a list of models", nil)
		return connect(ctx, b, config)
	}
	return models(ctx, b, config, headers)
}

// say logs once of a backend that less is checked than the policy says.
func (n *Network) say(b *policy.Backend, what string, err error) {
	if before, known := n.said.Swap(b.Name, what); !known || before != what {
		n.Log.Warn(what, zap.String("backend", b.Name), zap.Error(err))
	}
}

// maxBundle bounds a file of root certificates, in bytes: those of a system have some 200 KiB.
const maxBundle = 4 << 20

// tlsOf is how a backend's certificate is verified.
func tlsOf(b *policy.Backend) (*tls.Config, error) {
	config := &tls.Config{ServerName: b.URL.Hostname(), MinVersion: tls.VersionTLS12}
	if b.CAFile == "" {
		return config, nil
	}
	bundle, err := regular.Read(b.CAFile, maxBundle)
	if err != nil {
		return nil, err
	}
	config.RootCAs = x509.NewCertPool()
	if !config.RootCAs.AppendCertsFromPEM(bundle) {
		return nil, fmt.Errorf("%s holds no certificate", b.CAFile)
	}
	return config, nil
}

// connect opens a connection to a backend, with TLS if it has that, and closes it.
func connect(ctx context.Context, b *policy.Backend, config *tls.Config) error {
	ctx, cancel := context.WithTimeout(ctx, connectWithin)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", hostPort(b.URL))
	if err != nil {
		return failure(err)
	}
	defer conn.Close() // nothing was written
	if b.URL.Scheme != "https" {
		return nil
	}
	if err := tls.Client(conn, config).HandshakeContext(ctx); err != nil {
		return failure(err)
	}
	return nil
}

func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// models asks a backend for its list of models. Whoever refuses to give it is there.
func models(ctx context.Context, b *policy.Backend, config *tls.Config, headers http.Header) error {
	ctx, cancel := context.WithTimeout(ctx, modelsWithin)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, b.URL.Scheme+"://"+b.URL.Host+b.PathPrefix()+"/models", nil)
	if err != nil {
		return failure(err)
	}
	req.Header = headers
	alone := &http.Transport{TLSClientConfig: config, DisableKeepAlives: true, ForceAttemptHTTP2: true}
	resp, err := alone.RoundTrip(req) // follows nothing: a redirect could lead the credential away
	if err != nil {
		return failure(err)
	}
	defer resp.Body.Close()
	_, _ = io.CopyN(io.Discard, resp.Body, 1) // its status has said it
	if resp.StatusCode >= http.StatusInternalServerError {
		return &Failure{Status, fmt.Errorf("its list of models is answered with status %d", resp.StatusCode)}
	}
	return nil
}

// failure sorts what went wrong.
func failure(err error) error {
	var dns *net.DNSError
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var alert tls.AlertError
	kind := Other
	switch {
	case errors.As(err, &dns):
		kind = DNS
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		kind = Timeout
	case errors.Is(err, syscall.ECONNREFUSED):
		kind = Refused
	case errors.As(err, &certificate), errors.As(err, &record), errors.As(err, &alert):
		kind = TLS
	}
	return &Failure{kind, err}
}
