package app

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/source"
	"github.com/headgate/headgate/xds"
)

// publisher takes changes of the policy's files, and of a history that replicas share,
// into effect, and logs and counts every change, those through the admin API too.
type publisher struct {
	*source.Source
	fleet   pairs
	path    string
	ops     *operations
	log     *zap.Logger
	changes *prometheus.CounterVec
	again   chan struct{} // holds a signal after the file's policy could not be recorded
}

func newPublisher(s *source.Source, fleet pairs, o controlOptions) *publisher {
	p := &publisher{Source: s, fleet: fleet, path: o.path, ops: o.ops, log: o.log.Named("policy"), again: make(chan struct{}, 1)}
	p.changes = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "headgate_policy_changes_total",
		Help: "Changes of the policy that were asked for here or found in a shared history, by result: changed or refused."}, []string{"result"})
	refused := prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "headgate_policy_refused",
		Help: "1 while the last change of the policy is one that was refused, here or by a pair."}, func() float64 {
		if s.Refused() != nil || fleet.Refused() != nil {
			return 1
		}
		return 0
	})
	o.reg.MustRegister(p.changes, refused, newOverlayMetric(p))
	for _, result := range []string{"changed", "refused"} {
		p.changes.WithLabelValues(result)
	}
	p.ops.say(p.detail)
	p.ops.say(func() string { return wentBack(fleet.Status()) })
	if r := s.Refused(); r != nil {
		p.log.Error("the policy file is refused; publishing the newest policy of the history", zap.String("revision", s.Latest().Revision), zap.String("reason", r.Reason))
	}
	p.logLeftOut()
	return p
}

// pairs is what became of the policy at the pairs.
type pairs interface {
	Refused() error
	Status() xds.Status
	Accepted() (revision string, changed <-chan struct{})
	ExpireEarlier() (next time.Time, err error)
}

// wentBack is what /readyz says of refusals by pairs.
func wentBack(s xds.Status) (text string) {
	for _, g := range s.Groups {
		if g.Refused == nil {
			continue
		}
		now := "pairs are served " + g.Revision
		if g.Revision == g.Refused.Revision {
			now = "there is no earlier one to go back to, and pairs keep what they have"
		}
		text += "revision " + g.Refused.Revision + " was refused: " + g.Refused.Error() + "; " + now + "\n"
	}
	return text
}

// start watches until the lifecycle stops it.
func (p *publisher) start(l *lifecycle, history source.History) {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	cannot := func(err error) {
		if err != nil {
			p.log.Error("the policy cannot be watched: send SIGHUP after a change", zap.Error(err))
		}
	}
	if p.path != "" {
		running.Go(func() { cannot(source.Watch(ctx, p.path, p.reload)) })
	}
	running.Go(func() { cannot(history.Watch(ctx, p.sync)) })
	running.Go(func() { p.note(ctx) })
	running.Go(func() { p.recordAgain(ctx) })
	running.Go(func() { p.ExpireInTime(ctx, p.done) })
	running.Go(func() { p.expireEarlier(ctx) })
	l.started("policy watch", func(context.Context) error {
		cancel()
		running.Wait()
		return nil
	})
}

// note writes to the history which revisions pairs have taken, until ctx is done.
func (p *publisher) note(ctx context.Context) {
	for {
		revision, changed := p.fleet.Accepted()
		p.Took(revision)
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
	}
}

// reload reads the file. If it is good again without a change, only this line says that
// the refusal is over.
func (p *publisher) reload() {
	before := p.Refused()
	changed, err := p.Reload()
	p.done(changed, err)
	p.noteRecorded(err)
	if !changed && before != nil && before.Origin == source.FromFile && p.Refused() == nil {
		p.log.Info("the policy file is good again; its refusal is over", zap.String("revision", p.Latest().Revision))
	}
}

// againAfter is after how long a file is read again whose policy could not be recorded.
const againAfter = 5 * time.Second

// noteRecorded has the file read again later if its policy could not be recorded.
func (p *publisher) noteRecorded(err error) (recorded bool) {
	var unrecorded *source.RecordError
	if !errors.As(err, &unrecorded) {
		return true
	}
	select {
	case p.again <- struct{}{}:
	default: // a signal waits already
	}
	return false
}

// recordAgain reads the file again after its policy could not be recorded, until it could or ctx is
// done: whoever frees a disk does not change the file. That it fails again is not logged again.
func (p *publisher) recordAgain(ctx context.Context) {
	for {
		select {
		case <-p.again:
		case <-ctx.Done():
			return
		}
		select {
		case <-time.After(againAfter):
		case <-ctx.Done():
			return
		}
		changed, err := p.Reload()
		if p.noteRecorded(err) {
			p.done(changed, err)
		}
	}
}

func (p *publisher) sync() { p.done(p.Sync()) }

// Push implements policies.Source.
func (p *publisher) Push(proposal source.Proposal) (source.Change, error) {
	before := p.Current().Number
	c, err := p.Source.Push(proposal)
	p.done(err == nil && c.Number != before, err)
	return c, err
}

// Rollback implements policies.Source.
func (p *publisher) Rollback(revision string, proposal source.Proposal) (source.Change, error) {
	before := p.Current().Number
	c, err := p.Source.Rollback(revision, proposal)
	p.done(err == nil && c.Number != before, err)
	return c, err
}

// done logs and counts what came of a change. The same refusal is logged once: editors
// and file systems announce one change several times.
func (p *publisher) done(changed bool, err error) {
	if changed {
		p.changes.WithLabelValues("changed").Inc()
		c := p.Current()
		p.log.Info("policy changed", zap.String("revision", c.Revision), zap.String("origin", string(c.Origin)),
			zap.String("author", c.Author), zap.String("reason", c.Reason))
		p.logLeftOut()
	}
	if err == nil {
		return
	}
	p.changes.WithLabelValues("refused").Inc()
	if impossible(err) {
		p.log.Warn("change refused: it cannot be made", zap.String("revision", p.Latest().Revision), zap.String("reason", err.Error()))
		return
	}
	faults := 1
	var all *policy.Faults
	if errors.As(err, &all) {
		faults = len(all.Faults)
	}
	p.log.Error("policy refused; "+p.insteadOf(), zap.Int("faults", faults),
		zap.String("revision", p.Latest().Revision), zap.String("reason", err.Error()))
}

// impossible reports whether a change was refused for what was asked, not for a policy.
func impossible(err error) bool {
	var overlay *source.OverlayError
	return errors.As(err, &overlay) || errors.Is(err, source.ErrIncomplete) ||
		errors.Is(err, source.ErrConflict) || errors.Is(err, source.ErrUnknownRevision)
}

// insteadOf says what is in effect if a change is refused. What was published last is
// not, if pairs would not have it.
func (p *publisher) insteadOf() string {
	if p.fleet.Refused() != nil {
		return "the one before, which was refused by a pair, stays published"
	}
	return "the last good one stays in effect"
}

// detail is what /readyz says of the policy.
func (p *publisher) detail() string {
	c := p.Current()
	var b strings.Builder
	b.WriteString("policy " + c.Revision + " in effect since " + c.At.UTC().Format("2006-01-02T15:04:05Z") + ", by " + c.By() + "\n")
	b.WriteString(overlayDetail(p.Overlay(), p.LeftOut(), p.fleet.Status().Undrained...))
	if r := p.Refused(); r != nil {
		b.WriteString(refusedDetail(r.Origin, r.Reason))
	}
	return b.String()
}

// refusedDetail is what /readyz says of a refused change.
func refusedDetail(origin source.Origin, reason string) string {
	text := "refused: a later change by " + string(origin) + ":\n"
	for line := range strings.Lines(reason) {
		text += "  " + strings.TrimRight(line, "\n") + "\n"
	}
	return text
}
