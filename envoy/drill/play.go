package drill

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/headgate/headgate/extproc/sim"
)

// play is one fault, asked for in one way.
type play struct {
	*chain
	fault   *Fault
	server  *sim.Server
	running []*sim.Running

	gateway  string // its base URL
	patience time.Duration
	outage   time.Duration
	asked    []Seen
	late     string // what came too late although each answer was in time; empty: nothing
}

// serve starts the simulated provider of the play, with an address for each backend.
func (p *play) serve(elsewhere map[place]string) (err error) {
	if p.server, err = sim.New(sim.Options{Keyless: true}); err != nil {
		return err
	}
	for _, b := range p.backends {
		r, err := p.server.Listen("127.0.0.1:0")
		if err != nil {
			return err
		}
		p.running = append(p.running, r)
		b.host, b.url = r.Addr.String(), r.URL+"/v1"
		if p.primary(b) && p.fault.primary != simulated {
			b.url = elsewhere[p.fault.primary]
		}
	}
	return p.fail()
}

// fail has the fault happen, and recover ends it.
func (p *play) fail() error {
	var rules sim.Script
	if p.fault.script != nil {
		rules = p.fault.script(p.chain)
	}
	return p.server.Script(append(rules, p.healthy()...)...)
}

func (p *play) recover() error { return p.server.Script(p.healthy()...) }

// run asks as the fault says.
func (p *play) run(ctx context.Context) {
	if p.fault.ask != nil {
		p.fault.ask(ctx, p)
		return
	}
	p.once(ctx)
}

// once asks and keeps what came.
func (p *play) once(ctx context.Context) Seen {
	seen := ask(ctx, p.gateway, p.name, p.way, p.patience)
	p.asked = append(p.asked, seen)
	return seen
}

// stop ends the simulated provider.
func (p *play) stop(ctx context.Context) error {
	var errs []error
	for _, r := range p.running {
		errs = append(errs, r.Shutdown(ctx))
	}
	return errors.Join(errs...)
}

// settle is how long an attempt may be open after its client has been answered.
const settle = 5 * time.Second

// log returns the attempts that the simulated provider has seen.
func (p *play) log() (all []Attempt) {
	ctx, cancel := context.WithTimeout(context.Background(), settle)
	defer cancel()
	open := p.server.WaitIdle(ctx) != nil
	for _, s := range p.server.Served() {
		all = append(all, p.attempt(s))
	}
	if open {
		all = append(all, Attempt{Link: -1, Ended: "open"})
	}
	return all
}

// result judges what the play's client got.
func (p *play) result() Result {
	r := Result{Fault: p.fault.Name, Way: p.way.String(), Asked: len(p.asked), Attempts: p.log()}
	want, passed := p.fault.want(len(p.links), p.longer), 0
	for _, seen := range p.asked {
		j := Judge(want, seen, r.Attempts)
		if j.Verdict == Pass {
			passed++
		}
		if r.Verdict == "" || j.Verdict.worse(r.Verdict) || j.Verdict == r.Verdict && seen.Took > r.Took {
			r.Judgement, r.Took, r.First = j, seen.Took, seen.First
		}
	}
	if len(p.asked) > 1 {
		r.Saw = fmt.Sprintf("%d of %d pass; %s", passed, len(p.asked), r.Saw)
	}
	if p.late != "" && r.Verdict == Pass {
		r.Verdict = Partial
	}
	if p.late != "" {
		r.Saw += "; " + p.late
	}
	r.Billed = billed(r.Attempts)
	return r
}

// billed adds up the tokens of each use.
func billed(log []Attempt) (all []Bill) {
	for _, a := range log {
		if a.Input+a.Output == 0 {
			continue
		}
		i := slices.IndexFunc(all, func(b Bill) bool { return b.Use == a.Use })
		if i < 0 {
			i, all = len(all), append(all, Bill{Use: a.Use})
		}
		all[i].Input += a.Input
		all[i].Output += a.Output
	}
	return all
}
