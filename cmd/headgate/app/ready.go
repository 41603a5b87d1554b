package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/headgate/headgate/extproc/record"
	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/xds/identity"
)

// waitReady asks through Envoy until Headgate answers: the only proof that the
// whole path works.
func (g *Gateway) waitReady(ctx context.Context) error {
	client := &http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{
		DisableKeepAlives: true, // and no proxy: none knows this machine's address
		// Whatever its certificate says: what answers on the address is this gateway's Envoy.
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
	}}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		last := probe(ctx, client, g.control.source.Latest().Listen)
		if last == nil {
			g.ops.ready.Store(true)
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("the gateway did not become ready: %w (last: %w)", context.Cause(ctx), last)
		}
	}
}

// probe asks for the list of models. A gateway that wants a key says so itself; one that
// wants a certificate ends the handshake, which is all that can be learnt without one.
func probe(ctx context.Context, client *http.Client, at policy.Listen) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at.URL()+"/v1/models", nil)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	var alert *net.OpError
	if errors.As(err, &alert) && alert.Op == "remote error" && at.TLS.ClientCA != "" {
		return nil
	}
	if err != nil {
		return err
	}
	_ = resp.Body.Close()
	answered := resp.StatusCode == http.StatusOK || resp.StatusCode == http.StatusUnauthorized
	if !answered || resp.Header.Get(record.ExchangeHeader) == "" {
		return fmt.Errorf("status %d", resp.StatusCode)
	}
	return nil
}

// CertificateFiles are the files by which a pair's clients connect; the zero value: over plain
// HTTP.
func CertificateFiles(t policy.TLS) identity.Files {
	return identity.Files{Cert: t.Cert, Key: t.Key, CA: t.ClientCA}
}

// checkCertificate refuses a policy whose certificate files this machine cannot use.
func checkCertificate(t policy.TLS) error {
	if !t.On() {
		return nil
	}
	if _, err := identity.Watch(CertificateFiles(t), identity.Options{}); err != nil {
		return fmt.Errorf("listen.tls: %w", err)
	}
	return nil
}
