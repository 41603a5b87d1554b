package app

import (
	"cmp"
	"context"
	"io"
	"net"
	"path/filepath"
	"time"

	"go.uber.org/zap"
	"google.golang.org/grpc"

	"github.com/headgate/headgate/extproc"
	"github.com/headgate/headgate/extproc/self"
	"github.com/headgate/headgate/policy"
)

// ExtprocOptions say what an ext_proc server serves, and where.
type ExtprocOptions struct {
	Options // Policy: empty: what the control plane says
	Pair    PairOptions
	Socket  string        // that Envoy dials
	Admin   string        // Unix socket of Envoy's admin interface, which says what is ejected; empty: nobody asks
	Records string        // file of access records; "-" is Stdout
	Stdout  io.Writer     // needed for "-" only
	Drain   time.Duration // how long answers may take to end once another process serves; 0: DefaultDrain
	LogSize int64         // bytes of Records; 0: no bound
}

// Extproc is a running ext_proc server for one Envoy.
type Extproc struct {
	process
	own      *self.Client
	data     *dataPlane
	static   *static // nil: it follows a control plane
	place    *succession
	link     *linked            // nil: it follows no control plane
	endsIn   chan time.Duration // how long what is under way may take from now on; one place
	finishBy time.Time          // when what is under way is cut; zero: no signal came before another process served
}

// StartExtproc returns once ext_proc is served, whether or not there is a policy yet.
func StartExtproc(o ExtprocOptions) (*Extproc, error) {
	p := &Extproc{process: newProcess(o.Options), endsIn: make(chan time.Duration, 1)}
	o.Drain = cmp.Or(o.Drain, DefaultDrain)
	if err := p.start(&o); err != nil {
		return nil, p.rollBack(err)
	}
	p.lifecycle.started("exchanges", p.finish)
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
	var set *policy.Set
	if !follows {
		if set, err = loadStatic(o.Policy); err != nil {
			return err
		}
	}
	if _, err := isLocal(o.Operations); err != nil {
		return err
	}
	if p.place, err = succeed(&p.lifecycle, o.Socket, p.log); err != nil {
		return err
	}
	if err := p.listenOperations(o); err != nil {
		return err
	}
	if o.Pair.SharePort {
		if err := p.place.reservePort(&p.lifecycle, o.Pair.Listen); err != nil {
			return err
		}
	}
	data, err := newDataPlane(&p.lifecycle, dataOptions{
		records: recordsTo{o.Records, o.Stdout, o.LogSize}, spool: o.spoolFolder(), region: o.Pair.Region, own: o.Pair.Own, generation: p.place.seat.Generation,
	}, p.reg, p.log)
	if err != nil {
		return err
	}
	p.own, p.data, data.grants = data.own, data, o.Grants
	if o.Admin != "" {
		data.reports.outages = watchOutages(&p.lifecycle, o.Admin, p.reg, p.log)
		p.ops.showEnvoy(o.Admin)
	}
	if follows {
		return p.follow(o, data)
	}
	return p.serveFile(o, data, set)
}

// listenOperations opens the operations port, or takes over that of the process before. It
// answers once this process serves.
func (p *Extproc) listenOperations(o *ExtprocOptions) error {
	before, err := p.place.operations(o.Operations)
	if err != nil {
		return err
	}
	if p.ops, err = listenOperations(&p.lifecycle, o.Operations, before, p.reg); err != nil {
		return err
	}
	p.place.seat.Offer(operationsName, p.ops.server.Listener.(*net.TCPListener))
	return nil
}

// Succeeded implements process.
func (p *Extproc) Succeeded() <-chan struct{} { return p.place.seat.Succeeded() }

// EndSoon gives answers that are under way no longer than a stop without a successor would.
func (p *Extproc) EndSoon() {
	select {
	case p.endsIn <- p.grace:
	default:
	}
}

// serve serves ext_proc in place of the process before. Leave stops what only one process may do.
func (p *Extproc) serve(o *ExtprocOptions, data *dataPlane, register func(*grpc.Server), leave func()) error {
	p.place.leaving = func() {
		_ = p.ops.server.Close() // it is the next one's
		leave()
	}
	if err := p.place.begin(); err != nil {
		return err
	}
	if err := data.serveGenerations(&p.lifecycle, p.place); err != nil {
		return err
	}
	data.serve(&p.lifecycle, p.place.socket, register, func(ctx context.Context, g *grpc.Server, endings *extproc.AccessLog) {
		p.place.release()
		leave()
		ctx, cancel := p.drainTime(ctx, o.Drain)
		defer cancel()
		if !p.place.succeeded() {
			extproc.Drain(ctx, g, data.server, endings)
			return
		}
		extproc.HandOver(ctx, g, data.server, endings)
		data.closer.Await(ctx)
	})
	p.ops.ready.Store(true)
	p.ops.server.serve()
	return nil
}

// drainTime bounds how long answers may take to end: after a takeover by a limit, unless a signal
// came before that.
func (p *Extproc) drainTime(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	if !p.finishBy.IsZero() {
		return context.WithDeadline(ctx, p.finishBy)
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	go func() {
		select {
		case soon := <-p.endsIn:
			time.AfterFunc(soon, cancel)
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
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
	link := &linked{agent: a}
	p.link = link
	if p.place.seat.Before() != 0 && data.newest.Load() == nil {
		link.start(&p.lifecycle)
		if err := p.place.awaitPolicy(data); err != nil {
			return err
		}
	}
	if err := p.serve(o, data, a.Register, link.leave); err != nil {
		return err
	}
	link.start(&p.lifecycle)
	return nil
}

// serveFile serves what a file says.
func (p *Extproc) serveFile(o *ExtprocOptions, data *dataPlane, set *policy.Set) (err error) {
	data.foreign = true
	data.server.Rendered()
	if p.static, err = newStatic(o.Policy, set, data, p.ops, p.reg, p.log); err != nil {
		return err
	}
	return p.serve(o, data, func(*grpc.Server) {}, func() {})
}

// Reload opens the file of access records anew, and reads the policy's file again, if it is no
// control plane's. It is called by one goroutine at a time, and not once Stop is.
func (p *Extproc) Reload() {
	if err := p.data.records.reopen(); err != nil {
		p.log.Error("the file of access records cannot be opened anew", zap.Error(err))
	}
	if p.static != nil {
		p.static.reload()
	}
}
