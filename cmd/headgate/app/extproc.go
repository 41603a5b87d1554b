package app

import (
	"io"
	"path/filepath"

	"go.uber.org/zap"
	"google.golang.org/grpc"

	"github.com/headgate/headgate/extproc/self"
)

// ExtprocOptions say what an ext_proc server serves, and where.
type ExtprocOptions struct {
	Options // Policy: empty: what the control plane says
	Pair    PairOptions
	Socket  string    // that Envoy dials
	Admin   string    // Unix socket of Envoy's admin interface, which says what is ejected; empty: nobody asks
	Records string    // file of access records; "-" is Stdout
	Stdout  io.Writer // needed for "-" only
}

// Extproc is a running ext_proc server for one Envoy.
type Extproc struct {
	process
	own    *self.Client
	static *static // nil: it follows a control plane
}

// StartExtproc returns once ext_proc is served, whether or not there is a policy yet.
func StartExtproc(o ExtprocOptions) (*Extproc, error) {
	p := &Extproc{process: newProcess(o.Options)}
	if err := p.start(&o); err != nil {
		return nil, p.rollBack(err)
	}
	p.ops.ready.Store(true)
	p.log.Info("serving ext_proc", zap.String("socket", o.Socket))
	return p, nil
}

func (p *Extproc) start(o *ExtprocOptions) (err error) {
	follows := o.Policy == ""
	if follows {
		if err := o.Pair.prepare(p.log); err != nil {
			return &OptionsError{err}
		}
	}
	if p.ops, err = serveOperations(&p.lifecycle, o.Operations, p.reg); err != nil {
		return err
	}
	data, err := newDataPlane(&p.lifecycle, dataOptions{recordsTo{o.Records, o.Stdout}, o.spoolFolder(), o.Pair.Region, o.Pair.Own}, p.reg, p.log)
	if err != nil {
		return err
	}
	p.own, data.grants = data.own, o.Grants
	if o.Admin != "" {
		data.reports.outages = watchOutages(&p.lifecycle, o.Admin, p.reg, p.log)
	}
	if follows {
		return p.follow(o, data)
	}
	return p.serveFile(o, data)
}

// Own makes calls of Headgate's own through the Envoy beside this process.
func (p *Extproc) Own() *self.Client { return p.own }

// spoolFolder is where rows wait for the control plane; empty: there is none, or they do not.
func (o *ExtprocOptions) spoolFolder() string {
	if o.Policy != "" || o.Pair.State == "" {
		return ""
	}
	return filepath.Join(o.Pair.State, "spool")
}

// follow serves what a control plane says.
func (p *Extproc) follow(o *ExtprocOptions, data *dataPlane) error {
	a, err := o.Pair.agent(data, p.reg, p.log)
	if err != nil {
		return err
	}
	if data.spool == nil {
		p.log.Warn("rows go to no control plane: there is no state folder in which they could wait for it")
	}
	p.ops.say(pairDetail(a, data, o.Pair.Addresses))
	p.ops.need(func() bool { return a.Revision() != "" && a.Trouble() == "" })
	if err := data.serve(&p.lifecycle, o.Socket, a.Register, a.Stop); err != nil {
		return err
	}
	startAgent(&p.lifecycle, a)
	return nil
}

// serveFile serves what a file says.
func (p *Extproc) serveFile(o *ExtprocOptions, data *dataPlane) (err error) {
	if p.static, err = newStatic(o.Policy, data, p.ops, p.reg, p.log); err != nil {
		return err
	}
	return data.serve(&p.lifecycle, o.Socket, func(*grpc.Server) {}, func() {})
}

// Reload reads the policy's file again. It does nothing if the policy is a control
// plane's. It is called by one goroutine at a time, and not once Stop is.
func (p *Extproc) Reload() {
	if p.static != nil {
		p.static.reload()
	}
}
