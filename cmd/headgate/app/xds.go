package app

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/url"
	"path/filepath"

	"go.uber.org/zap"
	"google.golang.org/grpc/credentials"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/loopback"
	"github.com/headgate/headgate/xds/identity"
	"github.com/headgate/headgate/xds/snapshot"
	"github.com/headgate/headgate/xds/token"
)

// XDSOptions say what a control plane publishes, and where it listens.
type XDSOptions struct {
	Options
	Listen           string // address that pairs ask, or unix: and the path of a socket; beyond loopback it takes TLS
	Admin            string // loopback address of the admin API
	State            string // folder of the policy's history; empty: it lives in memory
	TLS              identity.Files
	Token            string   // file of the token that pairs show at a port without TLS, made if it is missing; empty: token.FileName in State
	WithoutToken     bool     // pairs that show none are let in
	BindNodes        bool     // a pair's certificate must name its node id
	GoBack           float64  // share of a region's pairs whose refusal takes a policy back from all; zero: 1, all of them
	AccessLog, Roots string   // files where the Envoys run
	Simulated        *url.URL // of the simulated provider, as Envoys reach it; nil: there is none
}

// XDS is a running control plane.
type XDS struct {
	process
	control *controlPlane
}

// StartXDS returns once the policy is published and both ports are served.
func StartXDS(o XDSOptions) (*XDS, error) {
	p := &XDS{process: newProcess(o.Options)}
	if err := p.start(&o); err != nil {
		return nil, p.rollBack(err)
	}
	p.ops.ready.Store(true)
	p.log.Info("serving xDS", zap.Stringer("address", p.Addr()), zap.Stringer("admin", p.Admin()), zap.String("revision", p.control.source.Latest().Revision))
	return p, nil
}

func (p *XDS) start(o *XDSOptions) error {
	creds, err := o.credentials(p.log)
	if err != nil {
		return &OptionsError{err}
	}
	tokenFile, err := o.tokenFile(p.log)
	if err != nil {
		return &OptionsError{err}
	}
	if p.ops, err = serveOperations(&p.lifecycle, o.Operations, p.reg); err != nil {
		return err
	}
	p.control, err = startControlPlane(&p.lifecycle, controlOptions{
		path: o.Policy, grants: o.Grants, listen: o.Listen, credentials: creds, admin: o.Admin, state: o.State,
		token: tokenFile, tokenless: o.WithoutToken, bindNodes: o.BindNodes, goBack: o.GoBack, resources: o.resources(), ops: p.ops, reg: p.reg, log: p.log,
	})
	return err
}

// Addr is the address that pairs ask.
func (p *XDS) Addr() net.Addr { return p.control.addr }

// Admin is the address of the admin API.
func (p *XDS) Admin() net.Addr { return p.control.admin }

// Reload reads the policy again. It may be called until Stop is.
func (p *XDS) Reload() { p.control.changes.reload() }

// credentials are TLS if a certificate is given. Plain is for loopback only, and
// beyond it pairs must show who they are.
func (o *XDSOptions) credentials(log *zap.Logger) (credentials.TransportCredentials, error) {
	if _, ok := socketPath(o.Listen); ok {
		if o.TLS != (identity.Files{}) {
			return nil, fmt.Errorf("xDS address %q: a Unix socket takes no TLS", o.Listen)
		}
		return nil, nil
	}
	local, err := loopback.HostPort(o.Listen)
	switch {
	case err != nil:
		return nil, fmt.Errorf("xDS address %q: %w", o.Listen, err)
	case !local && (o.TLS.Cert == "" || o.TLS.CA == ""):
		return nil, fmt.Errorf("xDS address %q: beyond loopback it takes --tls-cert, --tls-key and --tls-client-ca", o.Listen)
	case o.BindNodes && o.TLS.CA == "":
		return nil, errors.New("--bind-nodes takes --tls-client-ca: without it pairs show no certificate")
	case o.TLS == (identity.Files{}):
		return nil, nil
	}
	c, err := identity.Server(o.TLS, identity.Options{Report: reportTLS(log)})
	if err != nil {
		return nil, err
	}
	return credentials.NewTLS(c), nil
}

// tokenFile is the absolute path of the token that pairs must have; empty: who they are is known
// otherwise, or need not be. Every user of the machine reaches a port of loopback.
func (o *XDSOptions) tokenFile(log *zap.Logger) (string, error) {
	_, socket := socketPath(o.Listen)
	switch {
	case (socket || o.TLS != (identity.Files{})) && o.Token != "":
		return "", errors.New("--xds-token-file is for a port without TLS")
	case socket, o.TLS != (identity.Files{}), o.Token == "" && o.State == "" && o.WithoutToken:
		return "", nil
	case o.Token == "" && o.State == "":
		return "", fmt.Errorf("xDS address %q: without TLS every user of this machine could ask: without a state folder it takes --xds-token-file, or --allow-pairs-without-token", o.Listen)
	}
	path, err := filepath.Abs(cmp.Or(o.Token, filepath.Join(o.State, token.FileName)))
	if err != nil {
		return "", err
	}
	if err := token.Make(path); err != nil {
		return "", err
	}
	if token.Exposed(path) {
		log.Error("every user of this machine can read the token of pairs: chmod o-rwx", zap.String("file", path))
	}
	return path, nil
}

func (o *XDSOptions) resources() func(*policy.Set) (resources, error) {
	here := snapshot.Options{AccessLog: o.AccessLog, Roots: o.Roots, Simulated: o.Simulated}
	if o.Simulated == nil {
		return func(set *policy.Set) (resources, error) { return resources{set, here}, nil }
	}
	return func(set *policy.Set) (resources, error) {
		live, err := simulated(set)
		return resources{live, here}, err
	}
}
