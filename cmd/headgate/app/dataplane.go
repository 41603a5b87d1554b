package app

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/KimMachineGun/automemlimit/memlimit"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"google.golang.org/grpc"

	"github.com/headgate/headgate/extproc"
	"github.com/headgate/headgate/extproc/cache"
	"github.com/headgate/headgate/extproc/caller/keyring"
	embedding "github.com/headgate/headgate/extproc/embed/static"
	"github.com/headgate/headgate/extproc/guard"
	"github.com/headgate/headgate/extproc/ledger/shared"
	"github.com/headgate/headgate/extproc/limit"
	"github.com/headgate/headgate/extproc/provider"
	"github.com/headgate/headgate/extproc/record"
	"github.com/headgate/headgate/extproc/self"
	"github.com/headgate/headgate/extproc/spool"
	"github.com/headgate/headgate/extproc/takeover"
	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/loopback"
	"github.com/headgate/headgate/policy/policypb"
)

// dataPlane is the ext_proc server of this process with what it writes to.
type dataPlane struct {
	server      *extproc.Server
	records     records
	lines       *record.Lines
	closer      *record.Closer
	spool       *spool.Spool // nil: rows go to no control plane
	kinds       []extproc.Kind
	reports     *reports
	stores      *shared.Stores // of balances
	keys        *keyring.Ring  // of the control plane
	own         *self.Client   // for calls of Headgate's own
	listen      netip.AddrPort // where this pair's Envoy listens; the zero value: where the policy says
	foreign     bool           // others configure its Envoy
	grants      policy.Grants  // what a control plane's policies may have this process read; none: everything
	log         *zap.Logger
	newest      atomic.Pointer[policy.Set] // that it holds; nil: none
	generations *extproc.Generations       // nil: no other process serves the socket
}

// overlay is what lies over the newest policy, as its control plane says.
func (d *dataPlane) overlay() policy.Overlay {
	if set := d.newest.Load(); set != nil {
		return set.Overlay
	}
	return policy.Overlay{}
}

// dataOptions say where a data plane writes, and where it is.
type dataOptions struct {
	records    recordsTo
	spool      string // folder of rows for the control plane; empty: they go to none
	region     string // may be empty
	own        string // Unix socket on which the pair's Envoy takes own calls; empty: none are made
	withEnvoy  bool   // Envoy runs in the same memory
	generation uint64 // of this process among those that serve its socket; 0: it is the only one
}

// share is how much of so many bytes of memory is the data plane's.
func (o *dataOptions) share(total int64) int64 {
	if o.withEnvoy {
		return total / envoyShare
	}
	return total
}

// process begins the tokens of own calls.
func (o *dataOptions) process() string {
	if o.generation == 0 {
		return ""
	}
	return strconv.FormatUint(o.generation, 10)
}

// newDataPlane makes a data plane, which holds no policy yet.
func newDataPlane(l *lifecycle, o dataOptions, reg prometheus.Registerer, log *zap.Logger) (*dataPlane, error) {
	out, err := openRecords(l, o.records)
	if err != nil {
		return nil, err
	}
	lines := record.NewLines(out, reg, log.Named("record"))
	l.started("access records", lines.Close)
	signals, own := record.NewSignals(), self.New(self.Options{Socket: o.own, Now: time.Now, Process: o.process()}, reg)
	sinks := []record.Sink{record.NewMetrics(reg), lines, signals, own, record.NewWatch(reg, log.Named("backends"), time.Now)}
	s, err := openSpool(l, o.spool, reg, log)
	if err != nil {
		return nil, err
	}
	var keeper record.Keeper
	if s != nil {
		sinks, keeper = append(sinks, s), s
	}
	table, err := embedding.New()
	if err != nil {
		return nil, err
	}
	closer := record.NewCloser(reg, keeper, sinks...)
	circuits := newCircuits(reg, log)
	reports, keys := newReports(circuits, signals, reg), keyring.New(reg)
	stores := shared.New(shared.Options{
		LookupEnv: os.LookupEnv, Pairs: func() int { return reports.learnt().Pairs }, Now: time.Now, Log: log.Named("ledger"),
	}, reg)
	d := &dataPlane{
		records: out, lines: lines, spool: s, reports: reports, stores: stores, keys: keys, own: own,
		server: extproc.NewServer(own, extproc.NewMetrics(reg), log.Named("extproc"), time.Now),
		closer: closer, log: log,
		kinds: extproc.Kinds(extproc.Options{Closer: closer, Keeper: keeper, Region: o.region, Shares: &reports.shares.uses, Managed: keys, Own: own,
			Limits: limit.Options{Stores: stores, Reg: reg, Now: time.Now}, Guards: guard.Options{Reg: reg, LookupEnv: os.LookupEnv, Own: own},
			Cache: cache.Options{Table: table, Own: own, LookupEnv: os.LookupEnv, Now: time.Now, Log: log.Named("cache"), Reg: reg}, Provider: provider.Options{
				LookupEnv: os.LookupEnv, Refused: refusedKeys(reg, log, time.Now), Warn: func(w string) { log.Warn(w) }, UnknownEnd: unknownEnds(reg, log, time.Now), Bomb: answerBombs(reg, log, time.Now), Circuits: circuits, Reg: reg, Now: time.Now,
			}}),
	}
	d.server.HasMemory(o.share(memoryOf(memlimit.FromCgroup, memlimit.FromSystem)))
	reports.purges = newPurger(d.kinds, reg, log)
	l.started("stages", d.close)
	return d, nil
}

// openSpool opens the spool of rows for the control plane; empty: there is none.
func openSpool(l *lifecycle, folder string, reg prometheus.Registerer, log *zap.Logger) (*spool.Spool, error) {
	if folder == "" {
		return nil, nil
	}
	s, err := spool.Open(spool.Options{Folder: folder, Journal: policy.DefaultJournal(), Log: log.Named("spool")}, reg)
	if err != nil {
		return nil, err
	}
	l.started("spool", func(context.Context) error { return s.Close() })
	return s, nil
}

// trouble says what is wrong with a data plane that serves; empty: nothing.
func (d *dataPlane) trouble() string {
	all := []string{d.lines.Trouble()}
	if d.spool != nil {
		all = append(all, d.spool.Trouble())
	}
	all = append(all, d.stores.Trouble())
	return strings.Join(slices.DeleteFunc(all, func(t string) bool { return t == "" }), "; ")
}

// troubleDetail is what /readyz says of trouble.
func (d *dataPlane) troubleDetail() string {
	if trouble := d.trouble(); trouble != "" {
		return trouble + "\n"
	}
	return ""
}

// onTrouble has a function called whenever trouble has changed.
func (d *dataPlane) onTrouble(changed func()) {
	if d.spool != nil {
		d.spool.OnTrouble(changed)
	}
	d.lines.OnTrouble(changed)
	d.stores.OnTrouble(changed)
}

// close ends the policies, and then what their stages share.
func (d *dataPlane) close(ctx context.Context) error {
	d.server.Retire()
	d.own.Close()
	return extproc.CloseKinds(ctx, d.kinds)
}

// apply takes in a policy as the control plane sends it.
func (d *dataPlane) apply(p *policypb.Policy) error {
	set, err := policy.FromWire(p)
	if err != nil {
		return err
	}
	if err := d.granted(set); err != nil {
		return err
	}
	return d.take(set)
}

// granted refuses a policy that has this process read what it was not allowed to.
func (d *dataPlane) granted(set *policy.Set) error {
	if len(d.grants) == 0 {
		return nil
	}
	var faults []policy.Fault
	for _, r := range d.grants.Beyond(set, nil) {
		faults = append(faults, r.Fault())
	}
	if len(faults) == 0 {
		return nil
	}
	return &policy.Faults{Faults: faults}
}

// take puts a policy into effect beside the one before, or refuses it as a whole.
func (d *dataPlane) take(set *policy.Set) error {
	if d.listen.IsValid() && !loopback.IP(d.listen.Addr()) && !set.Anonymous && !set.HasCallers() {
		return fmt.Errorf("listen address %s is beyond loopback, and the policy neither has callers nor says anonymous: true", d.listen)
	}
	p, err := extproc.NewPipeline(d.here(set), d.kinds)
	if err != nil {
		return err
	}
	if err := d.own.Use(set); err != nil {
		return err
	}
	d.server.Use(p)
	if d.spool != nil {
		d.spool.Use(set.Journal)
	}
	d.newest.Store(set)
	return nil
}

// here is a policy as it is in effect at this pair, whose Envoy may listen elsewhere. Of an Envoy that
// others configure nobody can say that this machine alone reaches it.
func (d *dataPlane) here(set *policy.Set) *policy.Set {
	at := d.listen
	if d.foreign {
		at = netip.AddrPortFrom(netip.IPv4Unspecified(), set.Listen.Address.Port())
	}
	if !at.IsValid() {
		return set
	}
	own := *set
	own.Listen.Address = at
	return &own
}

// serve serves ext_proc on a Unix socket, and what else is registered. The lifecycle calls end,
// which stops the server.
func (d *dataPlane) serve(l *lifecycle, lis net.Listener, register func(*grpc.Server), end func(context.Context, *grpc.Server, *extproc.AccessLog)) {
	g, endings, served := d.serveOn(lis, register)
	l.started("ext_proc", func(ctx context.Context) error {
		end(ctx, g, endings)
		served.Wait()
		return nil
	})
}

// serveGenerations serves what another process gets of the exchanges of this one, on a socket of
// its own, until all have ended.
func (d *dataPlane) serveGenerations(l *lifecycle, s *succession) error {
	others := extproc.NewGenerations(s.seat.Generation, time.Now(), func(n uint64) string { return takeover.PathOf(s.seat.Socket, n) })
	d.server.Among(others)
	d.generations = others
	lis, err := extproc.Listen(takeover.PathOf(s.seat.Socket, s.seat.Generation))
	if err != nil {
		return err
	}
	g, _, served := d.serveOn(lis, func(*grpc.Server) {})
	l.started("private socket", func(context.Context) error {
		g.Stop()
		served.Wait()
		return others.Close()
	})
	return nil
}

// serveOn serves ext_proc, and what else is registered.
func (d *dataPlane) serveOn(lis net.Listener, register func(*grpc.Server)) (*grpc.Server, *extproc.AccessLog, *sync.WaitGroup) {
	endings := extproc.NewAccessLog(d.closer.Ending)
	endings.Among(d.generations)
	g := extproc.GRPC(d.server, endings)
	register(g)
	var served sync.WaitGroup
	served.Go(func() {
		if err := g.Serve(lis); err != nil {
			d.log.Error("serving ext_proc", zap.Error(err))
		}
	})
	return g, endings, &served
}

// refusedKeys counts that a provider does not take the gateway's credential, and logs it for each
// backend once a minute at most.
func refusedKeys(reg prometheus.Registerer, log *zap.Logger, now func() time.Time) func(string, int) {
	count := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "headgate_credentials_refused_total",
		Help: "Answers by which a provider refused the gateway's credential."}, []string{"backend", "status"})
	reg.MustRegister(count)
	logged := newSeldom(now)
	return func(backend string, status int) {
		count.WithLabelValues(backend, strconv.Itoa(status)).Inc()
		if !logged.may(backend) {
			return
		}
		log.Error("a provider refuses the gateway's credential", zap.String("backend", backend), zap.Int("status", status))
	}
}
