package main

import (
	"context"
	"errors"
	"strings"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/source"
	"github.com/headgate/headgate/xds"
)

// follower takes changes of the policy's files, and of a history that replicas share,
// into effect, and tells operators of every change, those through the admin API too.
type follower struct {
	*source.Source
	fleet   fleet
	path    string
	ops     *operations
	log     *zap.Logger
	changes *prometheus.CounterVec
}

func newFollower(s *source.Source, fleet fleet, o controlOptions) *follower {
	f := &follower{Source: s, fleet: fleet, path: o.path, ops: o.ops, log: o.log.Named("policy")}
	f.changes = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "headgate_policy_changes_total",
		Help: "Changes of the policy that were asked for here or found in a shared history, by result: changed or refused."}, []string{"result"})
	refused := prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "headgate_policy_refused",
		Help: "1 while the last change of the policy is one that was refused, here or by a pair."}, func() float64 {
		if s.Refused() != nil || fleet.Refused() != nil {
			return 1
		}
		return 0
	})
	o.reg.MustRegister(f.changes, refused)
	for _, result := range []string{"changed", "refused"} {
		f.changes.WithLabelValues(result)
	}
	f.ops.tell(f.detail)
	f.ops.tell(func() string { return wentBack(fleet.Status()) })
	if r := s.Refused(); r != nil {
		f.log.Error("the policy file is refused; publishing the newest policy of the history", zap.String("revision", s.Latest().Revision), zap.String("reason", r.Reason))
	}
	return f
}

// fleet is what became of the policy at the pairs.
type fleet interface {
	Refused() error
	Status() xds.Status
	Accepted() (revision string, changed <-chan struct{})
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
func (f *follower) start(l *lifecycle, history string) {
	ctx, cancel := context.WithCancel(context.Background())
	onHUP(l, func() {
		f.log.Info("SIGHUP: reading the policy again")
		f.reload()
	})
	var running sync.WaitGroup
	watch := func(path string, changed func()) {
		if path == "" {
			return
		}
		running.Go(func() {
			if err := source.Watch(ctx, path, changed); err != nil {
				f.log.Error("the policy cannot be watched: send SIGHUP after a change", zap.String("path", path), zap.Error(err))
			}
		})
	}
	watch(f.path, f.reload)
	watch(history, f.sync)
	running.Go(func() { f.note(ctx) })
	l.started("policy watch", func(context.Context) error {
		cancel()
		running.Wait()
		return nil
	})
}

// note tells the history which revisions pairs have taken, until ctx is done.
func (f *follower) note(ctx context.Context) {
	for {
		revision, changed := f.fleet.Accepted()
		f.Took(revision)
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
	}
}

// reload reads the file. Where it is good again without a change, nothing but this
// tells whoever has seen the refusal that it is over.
func (f *follower) reload() {
	before := f.Refused()
	changed, err := f.Reload()
	f.done(changed, err)
	if !changed && before != nil && before.Origin == source.FromFile && f.Refused() == nil {
		f.log.Info("the policy file is good again; its refusal is over", zap.String("revision", f.Latest().Revision))
	}
}

func (f *follower) sync() { f.done(f.Sync()) }

// Push implements console.Policies.
func (f *follower) Push(p source.Proposal) (source.Change, error) {
	before := f.Latest().Revision
	c, err := f.Source.Push(p)
	f.done(err == nil && c.Revision != before, err)
	return c, err
}

// Rollback implements console.Policies.
func (f *follower) Rollback(revision string, p source.Proposal) (source.Change, error) {
	before := f.Latest().Revision
	c, err := f.Source.Rollback(revision, p)
	f.done(err == nil && c.Revision != before, err)
	return c, err
}

// done tells what came of a change. The same refusal is told once: editors and file
// systems announce one change several times.
func (f *follower) done(changed bool, err error) {
	if changed {
		f.changes.WithLabelValues("changed").Inc()
		c := f.Current()
		f.log.Info("policy changed", zap.String("revision", c.Revision), zap.String("origin", string(c.Origin)),
			zap.String("author", c.Author), zap.String("reason", c.Reason))
	}
	if err == nil {
		return
	}
	f.changes.WithLabelValues("refused").Inc()
	faults := 1
	var all *policy.Faults
	if errors.As(err, &all) {
		faults = len(all.Faults)
	}
	f.log.Error("policy refused; "+f.insteadOf(), zap.Int("faults", faults),
		zap.String("revision", f.Latest().Revision), zap.String("reason", err.Error()))
}

// insteadOf says what is in effect where a change is refused. What was published last is
// not where pairs would not have it.
func (f *follower) insteadOf() string {
	if f.fleet.Refused() != nil {
		return "the one before, which was refused by a pair, stays published"
	}
	return "the last good one stays in effect"
}

// origin says in words where a policy came from.
func origin(c source.Change) string {
	if c.Origin == source.FromFile {
		return "file " + c.Reason
	}
	return string(c.Origin) + " of " + c.Author
}

// detail is what /readyz says of the policy.
func (f *follower) detail() string {
	c := f.Current()
	var b strings.Builder
	b.WriteString("policy " + c.Revision + " in effect since " + c.At.UTC().Format("2006-01-02T15:04:05Z") + ", by " + origin(c) + "\n")
	if r := f.Refused(); r != nil {
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
