package app

import (
	"context"
	"net"
	"path/filepath"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/source"
	"github.com/headgate/headgate/xds"
	"github.com/headgate/headgate/xds/balance"
	"github.com/headgate/headgate/xds/health"
	"github.com/headgate/headgate/xds/journal"
	"github.com/headgate/headgate/xds/key"
	"github.com/headgate/headgate/xds/pair"
	"github.com/headgate/headgate/xds/purge"
	"github.com/headgate/headgate/xds/snapshot"
	"github.com/headgate/headgate/xds/store"
)

// controlOptions say where a control plane listens and what it publishes.
type controlOptions struct {
	path        string        // policy file or folder
	grants      policy.Grants // beside what the policy at the path has read
	listen      string        // of xDS
	credentials credentials.TransportCredentials
	token       string  // absolute path of the token of pairs; empty: none is asked for
	tokenless   bool    // pairs that show none are let in
	bindNodes   bool    // a pair's certificate must name its node id
	pairsLog    bool    // the pairs are in this process, and log what they refuse
	goBack      float64 // share of a node group's refusals that takes a policy back from all; zero: 1
	admin       string  // address of the admin API
	state       string  // folder of the policy's history; empty: it lives in memory
	// resources says what of Envoy's resources the policy does not: it is called for
	// each policy before it is published.
	resources func(*policy.Set) (resources, error)
	ops       *operations
	reg       prometheus.Registerer
	log       *zap.Logger
}

// resources are what depends on where the processes run.
type resources struct {
	set *policy.Set // as it is in effect here, with its simulated backends
	snapshot.Options
}

// controlPlane is the xDS server of this process, the policy that it publishes and
// the admin API by which it is changed.
type controlPlane struct {
	server   *xds.Server
	links    *pair.Server
	balance  *balance.Balancer
	source   *source.Source
	changes  *publisher // of the source
	health   *health.Prober
	database *store.Database
	keys     *key.Service
	known    *key.Directory // of keys
	purges   *purge.Book    // of entries in the cache
	tidier   *journal.Tidier
	addr     net.Addr // of xDS
	admin    net.Addr // of the admin API
}

// startControlPlane publishes the policy, follows its changes, and serves both ports.
func startControlPlane(l *lifecycle, o controlOptions) (*controlPlane, error) {
	database := followStore(l, o)
	j := journal.New(database, o.reg, o.log.Named("journal"))
	c := &controlPlane{database: database, tidier: journal.NewTidier(j, o.log.Named("journal"))}
	l.started("tidying", func(context.Context) error { c.tidier.Stop(); return nil })
	c.keys, c.known = keysIn(database, func() *policy.Set { return c.source.Latest() })
	c.startLinks(l, j, o)
	c.server = xds.New(xds.Options{
		Cluster: NodeCluster, Credentials: o.credentials, Services: []func(*grpc.Server){c.links.Register},
		Named: o.bindNodes, Token: o.token, WithoutToken: o.tokenless, GoBack: o.goBack, PairsLog: o.pairsLog, Now: time.Now,
	}, o.reg, o.log.Named("xds"))
	history, err := openHistory(o.state, o.log.Named("policy"))
	if err != nil {
		return nil, err
	}
	c.startProbing(l, o)
	apply := func(set *policy.Set) error { return c.publish(set, o) }
	if c.source, err = source.Open(source.Options{Path: o.path, History: history, Now: time.Now, Rejected: c.server.Refused, Apply: apply, Grants: o.grants}); err != nil {
		return nil, err
	}
	c.recall(o)
	if err := c.serveXDS(l, o); err != nil {
		return nil, err
	}
	c.changes = newPublisher(c.source, c.server, o)
	if err := c.serveAdmin(l, j, o); err != nil {
		return nil, err
	}
	c.changes.start(l, history)
	return c, nil
}

// publish offers a policy to pairs, and checks its backends from then on.
func (c *controlPlane) publish(set *policy.Set, o controlOptions) error {
	r, err := o.resources(set)
	if err != nil {
		return err
	}
	if err := c.server.Publish(r.set, r.probed()); err != nil {
		return err
	}
	c.health.Follow(r.set)
	c.balance.Follow(r.set)
	c.database.Follow(placeOf(r.set.Store, o.state))
	c.tidier.Follow(r.set.Journal.Retention)
	return nil
}

// probed are the options of Envoys whose backends are checked for them.
func (r resources) probed() snapshot.Options {
	o := r.Options
	o.Probed = true
	return o
}

// openHistory opens the policy's history below a folder; empty: in memory.
func openHistory(state string, log *zap.Logger) (source.History, error) {
	if state == "" {
		return &source.Memory{}, nil
	}
	return source.OpenFolder(filepath.Join(state, "history"), func(t source.Torn) {
		what := "a file of the policy's history was damaged and is set aside; the change before stands in for it"
		if t.StandIn == 0 {
			what = "a file of the policy's history was damaged and is set aside; the history begins after it"
		}
		log.Error(what, zap.Int("change", t.Number), zap.String("kept", t.Aside), zap.Error(t.Reason))
	})
}

// recall gives the server what pairs took before this process began, if they have
// not taken what is in effect now.
func (c *controlPlane) recall(o controlOptions) {
	set, ok := c.source.Good()
	if !ok {
		return
	}
	r, err := o.resources(set)
	if err == nil {
		err = c.server.AssumeGood(r.set, r.probed())
	}
	if err != nil {
		o.log.Warn("the policy that pairs took last cannot be built any more; there is nothing to go back to", zap.String("revision", set.Revision), zap.Error(err))
	}
}

func (c *controlPlane) serveXDS(l *lifecycle, o controlOptions) error {
	lis, err := port{"xDS", o.listen, "--listen"}.listen()
	if err != nil {
		return err
	}
	c.addr = lis.Addr()
	var served sync.WaitGroup
	served.Go(func() {
		if err := c.server.Serve(lis); err != nil {
			o.log.Error("serving xDS", zap.Error(err))
		}
	})
	l.started("xDS", func(context.Context) error {
		c.server.Stop()
		served.Wait()
		return nil
	})
	return nil
}
