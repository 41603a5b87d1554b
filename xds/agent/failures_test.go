package agent

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
	"google.golang.org/grpc/credentials"

	"github.com/headgate/headgate/policy/policypb"
)

// TestTheSameFailureIsLoggedOnce holds that a connection which breaks again, from another
// port, is not logged again, and that a pair whose handshake may have been refused says
// where to look.
func TestTheSameFailureIsLoggedOnce(t *testing.T) {
	for _, c := range []struct {
		name, failure string
		tls, hint     bool
	}{
		{"a broken pipe over TLS", "write tcp 127.0.0.1:%d->127.0.0.1:18000: write: broken pipe", true, true},
		{"a reset over TLS", "read tcp [::1]:%d->[::1]:18000: read: connection reset by peer", true, true},
		{"its end over TLS", "EOF", true, true},
		{"nobody there", "dial tcp 127.0.0.1:18000: connect: connection refused", true, false},
		{"a broken pipe", "write tcp 127.0.0.1:%d->127.0.0.1:18000: write: broken pipe", false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				core, logs := observer.New(zap.WarnLevel)
				port := 40000
				o := Options{Node: "pair", Addresses: []string{"127.0.0.1:18000"}, Log: zap.New(core), Apply: func(*policypb.Policy) error { return nil }}
				o.Dial = func(context.Context, string) (net.Conn, error) {
					port++
					return nil, errors.New(strings.Replace(c.failure, "%d", fmt.Sprint(port), 1))
				}
				if c.tls {
					o.Credentials = credentials.NewTLS(&tls.Config{})
				}
				follow(t, o, 20*time.Second)
				if logs.Len() != 1 || port < 40005 {
					t.Fatalf("%d attempts, told %v", port-40000, logs.All())
				}
				if text := fmt.Sprint(logs.All()[0].ContextMap()["error"]); strings.Contains(text, "its log says why") != c.hint {
					t.Errorf("told %q", text)
				}
			})
		})
	}
}

// follow runs an agent for a while.
func follow(t *testing.T, o Options, d time.Duration) {
	t.Helper()
	r, err := New(o, prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	r.Run(ctx)
	r.Stop()
}
