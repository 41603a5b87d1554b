package xds

import (
	"fmt"
	"time"

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
	r := &release{number: number, revision: published.Revision, published: published, policy: s.under(published), options: o, salt: salt}
	alone := &policypb.Alone{After: durationpb.New(aloneAfter)}
	if r.policy == published {
		alone = nil
	} else {
		without, _, err := s.build(published, o, salt, nil)
		if err != nil {
			return nil, err
		}
		alone.Revision = without.Bundle()
	}
	var err error
	r.pair, r.envoy, err = s.build(r.policy, o, salt, alone)
	return r, err
}

// aloneAfter is how long a pair must have been without a control plane to give up what was
// laid by Lay: nobody sees to it any more. A control plane that is started again takes less.
const aloneAfter = time.Minute

// build builds what pairs are given of a policy, and what an Envoy without a pair is.
func (s *Server) build(set *policy.Set, o snapshot.Options, salt string, alone *policypb.Alone) (pair, envoy ads.Set, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("building resources: %w", err)
		}
	}()
	r, err := s.builder.Build(set, o)
	if err != nil {
		return nil, nil, err
	}
	if envoy, err = r.Set(salt); err != nil {
		return nil, nil, err
	}
	p := set.Wire()
	p.Versions, p.Linger, p.Alone = make(map[string]string, len(envoy)), durationpb.New(snapshot.Linger(set)), alone
	for typ, r := range envoy {
		p.Versions[typ] = r.Version
	}
	own, err := ads.Encode(map[string]*policypb.Policy{policyName: p}, salt)
	if err != nil {
		return nil, nil, err
	}
	return envoy.With(policypb.TypeURL, own), envoy, nil
}

// policyName is the name of the only resource of Headgate's own type.
const policyName = "policy"
