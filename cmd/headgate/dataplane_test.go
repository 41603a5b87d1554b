package main

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/headgate/headgate/policy"
)

// TestListenNeedsThePolicysLeave holds that a pair's own address goes beyond loopback
// only where the policy may.
func TestListenNeedsThePolicysLeave(t *testing.T) {
	var l lifecycle
	d, err := newDataPlane(&l, t.TempDir()+"/access.jsonl", "", prometheus.NewRegistry(), zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.stop(t.Context()) }()
	for _, c := range []struct {
		listen, anonymous string
		allowed           bool
	}{{"127.0.0.1:8085", "false", true}, {"0.0.0.0:8085", "false", false}, {"0.0.0.0:8085", "true", true}} {
		set, err := policy.Parse("policy.yaml", []byte("version: 1\nanonymous: "+c.anonymous+"\n"))
		if err != nil {
			t.Fatal(err)
		}
		d.listen = netip.MustParseAddrPort(c.listen)
		if err := d.take(set); (err == nil) != c.allowed || err != nil && !strings.Contains(err.Error(), "anonymous: true") {
			t.Errorf("%s, anonymous %s: error %v", c.listen, c.anonymous, err)
		}
	}
}
