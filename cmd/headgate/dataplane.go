package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/headgate/headgate/extproc"
	"github.com/headgate/headgate/extproc/provider/credential"
	"github.com/headgate/headgate/extproc/record"
	"github.com/headgate/headgate/policy"
)

// dataPlane is the ext_proc server of this process with what it writes to.
type dataPlane struct {
	server *extproc.Server
}

// dataPlaneOptions say where the data plane listens and writes.
type dataPlaneOptions struct {
	set       *policy.Set
	secrets   *credential.Store
	socket    string // Unix socket that Envoy dials
	accessLog string // file of access records; "-": standard output
	log       *zap.Logger
	reg       prometheus.Registerer
}

// startDataPlane serves ext_proc and adds its parts to the lifecycle.
func startDataPlane(l *lifecycle, o dataPlaneOptions) (*dataPlane, error) {
	relaxGC()
	out, err := openRecords(l, o.accessLog)
	if err != nil {
		return nil, err
	}
	journal := record.NewJournal(out, record.NewMetrics(o.reg), o.log.Named("record"))
	l.started("access records", journal.Close)
	pipeline := extproc.NewPipeline(o.set, extproc.Parts{Journal: journal, Secrets: o.secrets, Refused: refusedKeys(o.reg, o.log), Now: time.Now})
	server := extproc.NewServer(pipeline, extproc.NewMetrics(o.reg), o.log.Named("extproc"), time.Now)
	lis, err := extproc.Listen(o.socket)
	if err != nil {
		return nil, err
	}
	endings := extproc.NewAccessLog(journal.Ending)
	g := extproc.GRPC(server, endings, o.set.BodyLimit)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := g.Serve(lis); err != nil {
			o.log.Error("serving ext_proc", zap.Error(err))
		}
	}()
	l.started("ext_proc", func(ctx context.Context) error {
		drained, cancel := context.WithTimeout(ctx, drain)
		defer cancel()
		extproc.Drain(drained, g, server, endings)
		<-done
		return nil
	})
	return &dataPlane{server}, nil
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

// openRecords opens the file of access records for appending.
func openRecords(l *lifecycle, path string) (io.Writer, error) {
	if path == "-" {
		return os.Stdout, nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return nil, fmt.Errorf("folder of access records: %w", err)
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o640)
	if err != nil {
		return nil, fmt.Errorf("opening access records: %w", err)
	}
	l.started("access record file", func(context.Context) error { return f.Close() })
	return f, nil
}
