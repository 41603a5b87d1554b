package drill

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/headgate/headgate/policy"
)

// Options say what is drilled.
type Options struct {
	Model    string   // of the policy; empty: the one with the longest chain
	Faults   []string // by name; none: all
	Ways     []Way    // none: all
	Patience time.Duration
	Outage   time.Duration // how long the primary is down in the fault of this name
	Break    Break         // empty: nothing
	Start    func(ctx context.Context, document []byte) (Gateway, error)
}

// Gateway is the real gateway with the drill's policy.
type Gateway interface {
	// Rows returns the record's rows of a model, once there are so many of them or
	// they do not come any more.
	Rows(model string, n int) ([]Row, error)
	Stop(context.Context) error
}

// Row is what the record says of an exchange.
type Row struct {
	Backend string
	Model   string // at the backend
	Status  int
	Input   int64
	Output  int64
}

// DefaultPatience and DefaultOutage are those of the suite.
const (
	DefaultPatience = 100 * time.Second
	DefaultOutage   = time.Minute
)

// Run plays the faults to a model of a policy, all of them at once.
func Run(ctx context.Context, set *policy.Set, o Options) (report *Report, err error) {
	began := time.Now()
	d, err := prepare(set, o)
	if err != nil {
		return nil, err
	}
	defer func() {
		limit, cancel := context.WithTimeout(context.Background(), stopWithin)
		defer cancel()
		err = errors.Join(err, d.stop(limit))
	}()
	if err := d.start(ctx, set); err != nil {
		return nil, err
	}
	d.play(ctx)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return d.report(began)
}

// stopWithin bounds the end of a drill.
const stopWithin = 10 * time.Second

// drill is a drill under way.
type drill struct {
	Options
	model   *policy.Model
	faults  []Fault
	plays   []*play
	hole    *blackhole // nil: not needed
	gateway Gateway    // nil: not started
}

func prepare(set *policy.Set, o Options) (*drill, error) {
	d := &drill{Options: o}
	if d.Patience == 0 {
		d.Patience = DefaultPatience
	}
	if d.Outage == 0 {
		d.Outage = DefaultOutage
	}
	if len(d.Ways) == 0 {
		d.Ways = Ways
	}
	var err error
	if d.model, err = modelOf(set, o.Model); err != nil {
		return nil, err
	}
	if d.faults, err = chosen(Faults(d.Outage), o.Faults); err != nil {
		return nil, err
	}
	for i := range d.faults {
		f := &d.faults[i]
		for _, way := range f.ways(d.Ways) {
			p := &play{chain: newChain(set, d.model, way, len(d.plays)), fault: f, patience: d.Patience, outage: d.Outage}
			d.plays = append(d.plays, p)
		}
	}
	return d, nil
}

// modelOf returns the model that is drilled.
func modelOf(set *policy.Set, name string) (*policy.Model, error) {
	if name != "" {
		if m := set.Answering(name); m != nil {
			return m, nil
		}
		if m := set.Models[name]; m != nil {
			return set.Example(m), nil
		}
		return nil, fmt.Errorf("the policy has no model %q", name)
	}
	var longest *policy.Model
	for _, m := range set.Models {
		if longest == nil || len(m.Chain) > len(longest.Chain) || len(m.Chain) == len(longest.Chain) && m.Name < longest.Name {
			longest = m
		}
	}
	if longest == nil {
		return nil, errors.New("the policy has no model")
	}
	return set.Example(longest), nil
}

// chosen returns the faults of these names, in their order.
func chosen(all []Fault, names []string) ([]Fault, error) {
	if len(names) == 0 {
		return all, nil
	}
	for _, name := range names {
		if !slices.ContainsFunc(all, func(f Fault) bool { return f.Name == name }) {
			return nil, fmt.Errorf("there is no fault %q", name)
		}
	}
	return slices.DeleteFunc(all, func(f Fault) bool { return !slices.Contains(names, f.Name) }), nil
}

// start starts the simulated providers and the gateway before them.
func (d *drill) start(ctx context.Context, set *policy.Set) error {
	elsewhere := map[place]string{unknown: noName}
	if slices.ContainsFunc(d.faults, func(f Fault) bool { return f.primary == unreachable }) {
		var err error
		if d.hole, err = newBlackhole(); err != nil {
			return err
		}
		elsewhere[unreachable] = d.hole.url
	}
	for _, p := range d.plays {
		if err := p.serve(elsewhere); err != nil {
			return err
		}
	}
	listen, err := freePort()
	if err != nil {
		return err
	}
	text, err := document(set, d.model, listen, d.plays, d.Break)
	if err != nil {
		return err
	}
	if d.gateway, err = d.Start(ctx, text); err != nil {
		return err
	}
	for _, p := range d.plays {
		p.gateway = "http://" + listen.String()
	}
	return nil
}

// freePort returns an address of this machine that nobody listens at now.
func freePort() (netip.AddrPort, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return netip.AddrPort{}, err
	}
	defer l.Close()
	return netip.ParseAddrPort(l.Addr().String())
}

// play plays everything and returns when the last client has its answer.
func (d *drill) play(ctx context.Context) {
	var all sync.WaitGroup
	for _, p := range d.plays {
		all.Go(func() { p.run(ctx) })
	}
	all.Wait()
}

func (d *drill) report(began time.Time) (*Report, error) {
	r := &Report{Model: d.model.Name, Faults: d.faults}
	for _, p := range d.plays {
		result := p.result()
		if p.fault.books {
			rows, err := d.gateway.Rows(p.name, len(p.asked))
			if err != nil {
				return nil, err
			}
			audit(&result, rows)
		}
		r.Plays = append(r.Plays, result)
	}
	r.Took = time.Since(began)
	return r, nil
}

func (d *drill) stop(ctx context.Context) error {
	var errs []error
	if d.gateway != nil {
		errs = append(errs, d.gateway.Stop(ctx))
	}
	for _, p := range d.plays {
		errs = append(errs, p.stop(ctx))
	}
	if d.hole != nil {
		d.hole.close()
	}
	return errors.Join(errs...)
}
