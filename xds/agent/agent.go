// Package agent is a pair's end of ADS: it takes each revision of the policy, with
// Envoy's resources, from a control plane, and hands it on to the pair's ext_proc
// server and then to the pair's Envoy, which asks for it on the same Unix socket.
//
// The promise: ext_proc has a revision before Envoy has it. Envoy has the clusters
// of a revision before routes name them, and keeps those of the previous revision for
// the exchanges that are under way. A revision that either of them refuses is taken back
// from both. The last good one is on disk, so that a pair serves without its control
// plane, even after a restart. That is why Envoy does not ask the control plane itself:
// of several replicas, Envoy and ext_proc could be connected to two, and neither replica
// would know what the other end of the pair has.
//
// The trap: all this relies on Envoy acknowledging clusters over ADS only when they can
// be used: their names are resolved and their first checks are done. envoy/facts tests it.
package agent

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"github.com/headgate/headgate/policy/policypb"
	"github.com/headgate/headgate/xds/ads"
	"github.com/headgate/headgate/xds/token"
)

// Options are what an Agent needs.
type Options struct {
	Node        string   // id of the pair
	Cluster     string   // node cluster
	Region      string   // of the pair; may be empty
	Addresses   []string // of control plane replicas, host:port, tried in turn
	Credentials credentials.TransportCredentials
	Token       *token.Holder                                               // by which a control plane at a port without TLS is known, and this pair there; nil: they are believed
	Dial        func(ctx context.Context, address string) (net.Conn, error) // nil: TCP
	Listen      netip.AddrPort                                              // where the pair's Envoy listens; the zero value: where the policy says
	SharePort   bool                                                        // several Envoys of the pair may listen there at a time, so that one replaces another
	Own         string                                                      // Unix socket on which the pair's Envoy takes Headgate's own calls; empty: it takes none
	State       string                                                      // folder for the last good revision; empty: it is not saved
	Apply       func(*policypb.Policy) error                                // puts a policy into effect in ext_proc, beside the previous one
	Warning     func() string                                               // what is wrong with a pair that serves; empty: nothing. nil: that is not known
	Backlog     Backlog                                                     // of rows for the control plane; nil: there are none
	Keys        Keys                                                        // of callers; nil: the pair takes none
	KeysFolder  string                                                      // where they outlast a restart; empty: nowhere
	Balances    Balances                                                    // of keys; nil: they are not known here
	Fleet       Fleet                                                       // what is said of this pair, and learnt of the others; nil: nothing
	Log         *zap.Logger
}

func (o *Options) validate() error {
	switch {
	case len(o.Addresses) == 0:
		return errors.New("no address of a control plane is given")
	case o.Apply == nil:
		return errors.New("no function that applies a policy is given")
	}
	return nil
}

// place is where the pair's Envoy listens.
func (o *Options) place() place { return place{clients: o.Listen, shared: o.SharePort, own: o.Own} }

// Agent passes revisions on. All its state belongs to the goroutine of Run, which
// does one step at a time. What happens on other goroutines is posted there as an event.
type Agent struct {
	options Options
	hub     *ads.Hub
	log     *zap.Logger
	metrics *metrics
	disk    disk
	keys    *keysOnDisk
	events  chan func()
	ended   chan struct{} // closed by end
	end     func()        // called when Run returns, and by Stop

	current  atomic.Pointer[ads.Set]          // what Envoys are given
	revision atomic.Pointer[string]           // the good one's
	linked   atomic.Bool                      // a control plane is connected
	trouble  atomic.Pointer[policypb.Trouble] // why the pair does not serve; nil: it does

	up           *upstream         // nil: no control plane is connected
	aloneSince   time.Time         // when the last one left, or the agent was made
	received     ads.Set           // what the control plane has sent on this stream, and what it knew the pair to have
	nonces       map[string]string // by type: of the last response, until it is acknowledged or refused
	good         *bundle           // the last revision that ext_proc and Envoy both accepted
	next         *bundle           // the revision that Envoys are being moved to; nil: none
	progress     changeProgress    // of next
	begun        time.Time         // when next was begun
	unsaved      unsaved           // why good and next are not on disk
	slow         bool              // Envoys have not accepted next within slowAfter
	rejected     *rejection        // what was refused here last; nil: nothing
	retry        retry             // of what was refused here last
	kept         keptClusters      // clusters that only exchanges under way need
	envoys       map[int64]*envoy  // those connected, by the id of their stream
	hadEnvoy     bool              // an Envoy has been connected
	noEnvoySince time.Time         // when the last Envoy left, or the agent was made
	stopping     bool              // Envoys are being stopped with the pair
	now          time.Time         // when the present step began
	wakeup       *time.Timer       // fires when something is due without an event
}

// changeProgress says how far the move to the next revision has come.
type changeProgress int

const (
	idle             changeProgress = iota // there is no next revision
	offeringClusters                       // Envoys are given the clusters of both revisions
	offeringRoutes                         // Envoys are given the listeners and routes of the next one
)

// slowAfter is how long Envoys may take to accept a revision before that is logged.
const slowAfter = 10 * time.Second

// awaitEnvoy is how long a change waits for an Envoy to return, if none is connected:
// Envoy asks again within a second.
const awaitEnvoy = 3 * time.Second

// New makes an agent and puts what is on disk into effect.
func New(o Options, reg prometheus.Registerer) (*Agent, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	r := &Agent{
		options: o, log: o.Log, metrics: newMetrics(reg), disk: disk{o.State, o.place()},
		events: make(chan func(), 64), ended: make(chan struct{}),
		received: ads.Set{}, nonces: map[string]string{}, kept: keptClusters{}, envoys: map[int64]*envoy{},
		noEnvoySince: time.Now(), aloneSince: time.Now(), now: time.Now(), wakeup: time.NewTimer(time.Hour),
	}
	r.end = sync.OnceFunc(func() { close(r.ended) })
	r.hub = ads.NewHub(r, time.Now)
	r.current.Store(&ads.Set{})
	r.keys = r.newKeysOnDisk(reg)
	r.keys.load()
	r.restore()
	return r, nil
}

// restore puts what is on disk into effect. A change that was under way when the process
// ended goes on, because Envoy may have accepted it already.
func (a *Agent) restore() {
	good, next, err := a.disk.load()
	if err != nil {
		a.log.Error("the saved policy cannot be used; starting without one", zap.Error(err))
	}
	if good != nil {
		a.serveLastGood(good)
	}
	if next != nil {
		a.openSaved(next)
		a.begin(next)
	}
}

// serveLastGood puts the last good revision into effect again. If it does not work any
// more, because a credential is gone, the pair is without a policy until the control
// plane sends one.
func (a *Agent) serveLastGood(good *bundle) {
	revision := zap.String("revision", good.policy.GetRevision())
	a.openSaved(good)
	if err := a.options.Apply(good.policy); err != nil {
		a.log.Error("the last good policy does not work any more", revision, zap.Error(err))
		return
	}
	a.log.Info("serving the last good policy until the control plane says otherwise", revision)
	a.setGood(good)
	a.offer()
}

// setGood makes a revision the good one.
func (a *Agent) setGood(b *bundle) {
	a.good = b
	revision := b.policy.GetRevision()
	a.revision.Store(&revision)
	a.metrics.serve(revision)
	a.metrics.secure(b)
}

// Register makes a gRPC server serve the pair's Envoy.
func (a *Agent) Register(g *grpc.Server) { a.hub.Register(g) }

// Revision returns the revision that ext_proc and Envoy both have; empty: none yet.
func (a *Agent) Revision() string {
	if p := a.revision.Load(); p != nil {
		return *p
	}
	return ""
}

// Linked reports whether a control plane is connected.
func (a *Agent) Linked() bool { return a.linked.Load() }

// Run follows the control plane until ctx is done.
func (a *Agent) Run(ctx context.Context) {
	var dialer sync.WaitGroup
	dialer.Go(func() { a.dial(ctx) })
	dialer.Go(func() { a.keys.run(ctx) })
	defer dialer.Wait()
	defer a.end() // before the wait: what is dialing may have an event to send
	defer a.setLinked(false)
	defer a.wakeup.Stop()
	a.step()
	for {
		select {
		case event := <-a.events:
			event()
		case <-a.wakeup.C:
		case <-ctx.Done():
			return
		}
		a.step()
	}
}

// Stopping says that the pair is being stopped, so that an Envoy that leaves is no cause
// for a warning.
func (a *Agent) Stopping() { a.post(func() { a.stopping = true }) }

// Stop ends the streams of Envoys, which keep what they have.
func (a *Agent) Stop() {
	a.end()
	a.hub.Stop()
}

// post sends an event to the goroutine of Run. After Run has ended, it does nothing.
func (a *Agent) post(event func()) {
	select {
	case a.events <- event:
	case <-a.ended:
	}
}

// setLinked notes whether a control plane is connected.
func (a *Agent) setLinked(up bool) {
	a.linked.Store(up)
	value := 0.0
	if up {
		value = 1
	}
	a.metrics.linked.Set(value)
}
