package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"os"
	"runtime/debug"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"google.golang.org/grpc"

	"github.com/headgate/headgate/extproc"
	"github.com/headgate/headgate/extproc/provider/credential"
	"github.com/headgate/headgate/extproc/record"
	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/policypb"
)

// dataPlane is the ext_proc server of this process with what it writes to.
type dataPlane struct {
	server  *extproc.Server
	closer  *record.Closer
	region  string         // that this pair runs in
	listen  netip.AddrPort // where this pair's Envoy listens; the zero value: where the policy says
	refused func(backend string, status int)
	log     *zap.Logger
}

// newDataPlane makes a data plane, which holds no policy yet. Access records go to a
// file; "-" is standard output.
func newDataPlane(l *lifecycle, records, region string, reg prometheus.Registerer, log *zap.Logger) (*dataPlane, error) {
	relaxGC()
	out, err := openRecords(l, records)
	if err != nil {
		return nil, err
	}
	lines := record.NewLines(out, reg, log.Named("record"))
	l.started("access records", lines.Close)
	closer := record.NewCloser(reg, record.NewMetrics(reg), lines)
	l.started("open access records", closer.Close)
	return &dataPlane{
		server: extproc.NewServer(extproc.NewMetrics(reg), log.Named("extproc"), time.Now),
		closer: closer, region: region, refused: refusedKeys(reg, log), log: log,
	}, nil
}

// apply takes in a policy as the control plane sends it.
func (d *dataPlane) apply(p *policypb.Policy) error {
	set, err := policy.FromWire(p)
	if err != nil {
		return err
	}
	return d.take(set)
}

// take holds a policy beside the one before. Where a credential is not set here the
// policy is refused: its backend would answer nobody.
func (d *dataPlane) take(set *policy.Set) error {
	if d.listen.IsValid() && !d.listen.Addr().IsLoopback() && !set.Anonymous {
		return fmt.Errorf("listen address %s is beyond loopback, and the policy does not say anonymous: true", d.listen)
	}
	secrets, err := secretsOf(set)
	if err != nil {
		return err
	}
	for _, w := range secrets.Warnings() {
		d.log.Warn(w)
	}
	d.server.Hold(extproc.NewPipeline(set, extproc.Parts{Closer: d.closer, Secrets: secrets, Refused: d.refused, Region: d.region, Now: time.Now}))
	return nil
}

// secretsOf resolves the credentials of every backend. Its error names each one that
// lacks them.
func secretsOf(set *policy.Set) (*credential.Store, error) {
	secrets, err := credential.New(set, os.LookupEnv, time.Now)
	faults := []error{err}
	missing, _ := unset(set) // its error is part of the one above
	for _, name := range slices.Sorted(maps.Keys(missing)) {
		faults = append(faults, fmt.Errorf("backend %q: its credential is not set here, and no simulated provider stands in for it", name))
	}
	return secrets, errors.Join(faults...)
}

// serve serves ext_proc on a Unix socket, and what else is registered.
func (d *dataPlane) serve(l *lifecycle, socket string, register func(*grpc.Server), stop func()) error {
	lis, err := extproc.Listen(socket)
	if err != nil {
		return err
	}
	endings := extproc.NewAccessLog(d.closer.Ending)
	g := extproc.GRPC(d.server, endings)
	register(g)
	var served sync.WaitGroup
	served.Go(func() {
		if err := g.Serve(lis); err != nil {
			d.log.Error("serving ext_proc", zap.Error(err))
		}
	})
	l.started("ext_proc", func(ctx context.Context) error {
		drained, cancel := context.WithTimeout(ctx, drain)
		defer cancel()
		stop()
		extproc.Drain(drained, g, d.server, endings)
		served.Wait()
		return nil
	})
	return nil
}

// refusedKeys tells operators, in a count and in the log, that a provider does not
// take the gateway's credential.
func refusedKeys(reg prometheus.Registerer, log *zap.Logger) func(string, int) {
	count := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "headgate_credentials_refused_total",
		Help: "Answers by which a provider refused the gateway's credential."}, []string{"backend", "status"})
	reg.MustRegister(count)
	return func(backend string, status int) {
		count.WithLabelValues(backend, strconv.Itoa(status)).Inc()
		log.Error("a provider refuses the gateway's credential", zap.String("backend", backend), zap.Int("status", status))
	}
}

// relaxGC lets the heap grow further between collections than Go does by itself:
// what lives is small here and what dies young is not. GOGC says otherwise.
func relaxGC() {
	const percent = 400
	if _, set := os.LookupEnv("GOGC"); !set {
		debug.SetGCPercent(percent)
	}
}
