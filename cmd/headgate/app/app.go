// Package app is the processes of Headgate: the control plane (XDS), the data plane of a
// pair (Extproc), and everything on one machine (Gateway). Each is started by a function
// that returns once it serves, and ended by Stop; a start that fails leaves nothing
// running. Nothing here reads flags, takes signals or ends the process, so a test can
// start what a command starts.
//
// The trap: credentials are read from the environment, which is that of the process.
// Two that run in one process share them.
package app

import (
	"cmp"
	"context"
	"errors"
	"net"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"go.uber.org/zap"

	"github.com/headgate/headgate/policy"
)

// NodeCluster is the node cluster of the pairs that share a policy.
const NodeCluster = "headgate"

// DefaultGrace is how long answers that are under way may take to end after a signal, if no other
// process serves. Streams that are open then are cut.
const DefaultGrace = 20 * time.Second

// Closing is how long a stop may take after that.
const Closing = 10 * time.Second

// Options are what every process has.
type Options struct {
	Policy     string // file or folder
	Operations string // address of metrics and health, and on loopback of profiles
	// Grants are what policies may have the process read that do not come from Policy, beside
	// what Policy does. Of a pair's process none means that its control plane is believed.
	Grants policy.Grants
	Grace  time.Duration // how long answers that are under way may take to end after a signal, if no other process serves; 0: DefaultGrace
	Build  Build         // of this binary
	Log    *zap.Logger
}

// OptionsError says that options will never do, whatever is running.
type OptionsError struct{ err error }

// Error implements error.
func (e *OptionsError) Error() string { return e.err.Error() }

// Unwrap returns the cause.
func (e *OptionsError) Unwrap() error { return e.err }

// process is what every process is made of.
type process struct {
	log       *zap.Logger
	reg       *prometheus.Registry
	lifecycle lifecycle
	grace     time.Duration
	ops       *operations // nil until they are served
}

func newProcess(o Options) process {
	reg := prometheus.NewRegistry()
	reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), o.Build.collector())
	return process{log: o.Log, reg: reg, grace: cmp.Or(o.Grace, DefaultGrace)}
}

// Operations is the address of metrics, health and profiles.
func (p *process) Operations() net.Addr { return p.ops.server.Addr() }

// Succeeded is closed once another process serves in place of this one, which is then to be
// stopped; nil: that never happens.
func (p *process) Succeeded() <-chan struct{} { return nil }

// EndSoon says during Stop that a signal asks for the end. Without a successor it is near anyway.
func (p *process) EndSoon() {}

// Stop ends readiness, and then everything in the reverse order of its start. What is
// still under way when ctx is done is cut. It is called once.
func (p *process) Stop(ctx context.Context) error {
	if p.ops != nil {
		p.ops.ready.Store(false)
	}
	return p.lifecycle.stop(ctx)
}

// rollBack stops what a start had begun when it failed.
func (p *process) rollBack(err error) error {
	ctx, cancel := context.WithTimeout(context.Background(), DefaultGrace+Closing)
	defer cancel()
	return errors.Join(err, p.Stop(ctx))
}
