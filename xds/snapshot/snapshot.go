// Package snapshot turns a policy into one consistent set of Envoy resources.
//
// It is pure: the same policy and options give the same resources and versions,
// whatever the time and the machine. The promise: what Build returns was
// validated resource by resource and is complete, so Envoy never waits for a
// resource that is not served. The trap: the route that matches first decides the filter
// chain and the buffer limit. That is why the fall-through forwards to a cluster without
// hosts instead of answering directly.
package snapshot

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/xds/ads"
)

// Options are what the resources depend on beside the policy.
type Options struct {
	AccessLog string   // file of Envoy's own access log; empty: none
	Simulated *url.URL // of the simulated provider, for its backends without a URL; nil: none runs
	Roots     string   // file with the system's root certificates on Envoy's machine; empty: DefaultRoots
	Own       string   // Unix socket on which Envoy takes Headgate's own calls, of Static alone; empty: none
	Probed    bool     // somebody checks the backends for all Envoys, so that none does

	// Written by Build, from the policy: how long Envoy waits for ext_proc, and about a
	// large body.
	stall, largeStall time.Duration
}

// DefaultRoots is where Debian, Ubuntu, Alpine and images made from them keep the
// system's root certificates.
const DefaultRoots = "/etc/ssl/certs/ca-certificates.crt"

// ExtProcCluster is the cluster of the ext_proc server. It is part of the
// bootstrap, because its socket belongs to the pair and not to the policy.
const ExtProcCluster = "headgate_extproc"

// Names of the resources that every snapshot has.
const (
	listenerName = policy.ClientListener
	routesName   = "gateway"
	nowhere      = "nowhere" // the cluster without hosts: what ext_proc did not process ends here
)

// Resources are Envoy's resources for one policy.
type Resources struct {
	Listener *listenerv3.Listener // takes its routes from ADS
	Routes   *routev3.RouteConfiguration
	Clusters []*clusterv3.Cluster // sorted by name
	encoded  map[string]ads.Resource
}

// validator is what protoc-gen-validate gives every message.
type validator interface{ ValidateAll() error }

func contentHash(m proto.Message) (string, error) {
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		return "", fmt.Errorf("hashing a resource: %w", err)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:8]), nil
}

// packed wraps an extension's configuration. It is validated here, because
// ValidateAll of the message around it does not look inside.
func packed(m proto.Message) *anypb.Any {
	if v, ok := m.(validator); ok {
		if err := v.ValidateAll(); err != nil {
			panic(fmt.Sprintf("snapshot: %T: %v", m, err)) // a constant of this package is wrong
		}
	}
	a := &anypb.Any{}
	if err := anypb.MarshalFrom(a, m, proto.MarshalOptions{Deterministic: true}); err != nil {
		panic(fmt.Sprintf("snapshot: %T: %v", m, err)) // cannot happen: m is a valid message
	}
	return a
}
