package xds

import (
	"fmt"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/policypb"
	"github.com/headgate/headgate/xds/ads"
	"github.com/headgate/headgate/xds/snapshot"
)

// release is one publication of a policy: what pairs are given, and what an Envoy
// without a pair is given, which has no use for the policy itself.
type release struct {
	number    int    // counted by this process, from 1; 0: an assumed one
	revision  string // of what was published
	published *policy.Set
	policy    *policy.Set // as pairs are to serve it: under what Lay has laid
	options   snapshot.Options
	salt      string
	pair      ads.Set
	envoy     ads.Set
}

// newRelease builds all resources of a policy under what Lay has laid. The salt is part of
// each version: with another one, clients are offered again what they have refused. The
// caller holds the mutex of publishing.
func (s *Server) newRelease(number int, published *policy.Set, o snapshot.Options, salt string) (*release, error) {
	set := s.under(published)
	r, err := s.builder.Build(set, o)
	if err != nil {
		return nil, fmt.Errorf("building resources: %w", err)
	}
	envoy, err := r.Set(salt)
	if err != nil {
		return nil, fmt.Errorf("building resources: %w", err)
	}
	p := set.Wire()
	p.Versions, p.Linger = make(map[string]string, len(envoy)), durationpb.New(snapshot.Linger(set))
	for typ, r := range envoy {
		p.Versions[typ] = r.Version
	}
	resources, err := ads.Encode(map[string]*policypb.Policy{policyName: p}, salt)
	if err != nil {
		return nil, fmt.Errorf("building resources: %w", err)
	}
	return &release{number, published.Revision, published, set, o, salt, envoy.With(policypb.TypeURL, resources), envoy}, nil
}

// policyName is the name of the only resource of Headgate's own type.
const policyName = "policy"
