package snapshot_test

import (
	"testing"

	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/headgate/headgate/xds/snapshot"
)

// managerOf is the connection manager of a listener.
func managerOf(t *testing.T, l *listenerv3.Listener) *hcmv3.HttpConnectionManager {
	t.Helper()
	m := &hcmv3.HttpConnectionManager{}
	if err := l.FilterChains[0].Filters[0].GetTypedConfig().UnmarshalTo(m); err != nil {
		t.Fatal(err)
	}
	return m
}

// TestTheListenerOfOwnCalls holds that it is the clients', but for its address, its name, that of
// its numbers, and TLS, and that the clients' stays as it is.
func TestTheListenerOfOwnCalls(t *testing.T) {
	r, err := snapshot.Build(parse(t, `version: 1
listen: {address: "127.0.0.1:8443", tls: {cert: /tls.crt, key: /tls.key}}
unpriced: flag
backends: {a: {provider: openai-compatible, url: "http://127.0.0.1:1/v1"}}
models: {m: a/x}
`), snapshot.Options{})
	if err != nil {
		t.Fatal(err)
	}
	before := proto.CloneOf(r.Listener)
	own, err := snapshot.Own(r.Listener, "/run/own.sock")
	if err == nil {
		err = own.ValidateAll()
	}
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, r.Listener, protocmp.Transform()); diff != "" {
		t.Errorf("the clients' listener is changed: %s", diff)
	}
	if at := own.GetAddress().GetPipe(); at.GetPath() != "/run/own.sock" || own.Name != "own" || own.FilterChains[0].TransportSocket != nil {
		t.Errorf("listener %q on %v, TLS %v", own.Name, own.Address, own.FilterChains[0].TransportSocket)
	}
	want, got := managerOf(t, before), managerOf(t, own)
	if got.StatPrefix != "own" {
		t.Errorf("its numbers are called %q", got.StatPrefix)
	}
	want.StatPrefix = got.StatPrefix
	if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
		t.Errorf("connections are managed otherwise (-clients' +own): %s", diff)
	}
}
