// Package signal is the live view of what ends at all pairs: sums and sketches of the last
// minutes, for what judges the fleet while it runs.
//
// The promise: pairs say what they count each second, so the view is a second or two old, and its
// size is bounded. The trap: it begins anew with the process, and has what the pairs of this
// control plane say while they are linked. Money and reports are the journal's.
package signal

import (
	"sync"
	"time"

	"github.com/DataDog/sketches-go/ddsketch"
	"github.com/DataDog/sketches-go/ddsketch/store"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/headgate/headgate/policy/pairpb"
)

const (
	// Step is how fine the view is.
	Step = 5 * time.Second
	// Window is how far it goes back.
	Window = 5 * time.Minute

	steps = int(Window / Step)
	// maxKeys bounds the sums of one step: their names are of the policy and closed sets.
	maxKeys = 4096
)

// View is the live view. It is safe for concurrent use.
type View struct {
	now     func() time.Time
	log     *zap.Logger
	dropped prometheus.Counter

	mu   sync.Mutex
	ring [steps]step
}

// step is what has come in one span of time.
type step struct {
	number    int64 // of spans since 1970
	exchanges map[ExchangesOf]*Exchanges
	tries     map[TriesOf]*Tries
}

// New makes a View that is empty.
func New(now func() time.Time, reg prometheus.Registerer, log *zap.Logger) *View {
	v := &View{now: now, log: log, dropped: prometheus.NewCounter(prometheus.CounterOpts{Name: "headgate_signals_dropped_total",
		Help: "Sums of pairs that are not in the live view, because they could not be read or there are too many: 0."})}
	reg.MustRegister(v.dropped)
	return v
}

// Take takes in what a pair in a region has counted. What it has counted for longer than the
// view goes back is not live.
func (v *View) Take(region string, s *pairpb.Signals) {
	if time.Duration(s.GetSpanNanos()) > Window {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	at := v.at(v.number())
	for _, e := range s.GetExchanges() {
		key := ExchangesOf{region, e.GetModel(), e.GetBackend(), e.GetOutcome(), e.GetBy()}
		v.note(len(at.exchanges) < maxKeys && add(at.exchanges, key, NewExchanges, e, (*Exchanges).take))
	}
	for _, t := range s.GetTries() {
		key := TriesOf{region, t.GetModel(), t.GetBackend(), t.GetServed()}
		v.note(len(at.tries) < maxKeys && add(at.tries, key, NewTries, t, (*Tries).take))
	}
}

// add takes a message into the sums of a key, and reports whether it could be read.
func add[K comparable, S, M any](all map[K]*S, key K, empty func() *S, message M, take func(*S, M) error) bool {
	sum := all[key]
	if sum == nil {
		sum = empty()
		all[key] = sum
	}
	return take(sum, message) == nil
}

func (v *View) note(taken bool) {
	if !taken {
		v.dropped.Inc()
		v.log.Debug("a sum of a pair is not in the live view")
	}
}

func (v *View) number() int64 { return v.now().UnixNano() / int64(Step) }

// at returns the step of a number, which takes the place of the one that is too old. The
// caller holds the mutex.
func (v *View) at(number int64) *step {
	s := &v.ring[number%int64(steps)]
	if s.number != number || s.exchanges == nil {
		*s = step{number, map[ExchangesOf]*Exchanges{}, map[TriesOf]*Tries{}}
	}
	return s
}

// Exchanges returns what has ended within a time, which is a multiple of Step and at most
// Window. The step that is under way counts, too.
func (v *View) Exchanges(within time.Duration) map[ExchangesOf]*Exchanges {
	return sum(v, within, func(s *step) map[ExchangesOf]*Exchanges { return s.exchanges }, NewExchanges, (*Exchanges).Merge)
}

// Tries returns what attempts of chains came to within a time.
func (v *View) Tries(within time.Duration) map[TriesOf]*Tries {
	return sum(v, within, func(s *step) map[TriesOf]*Tries { return s.tries }, NewTries, (*Tries).Merge)
}

func sum[K comparable, S any](v *View, within time.Duration, of func(*step) map[K]*S, empty func() *S, merge func(*S, *S)) map[K]*S {
	v.mu.Lock()
	defer v.mu.Unlock()
	last, all := v.number(), map[K]*S{}
	for i := range v.ring {
		s := &v.ring[i]
		if s.number > last || s.number <= last-int64(within/Step) {
			continue
		}
		for key, one := range of(s) {
			if all[key] == nil {
				all[key] = empty()
			}
			merge(all[key], one)
		}
	}
	return all
}

// accuracy is how far a percentile of a sketch may be off, relative to itself. It is the one of
// pairs: sketches of another do not merge.
const accuracy = 0.01

func newSketch() *ddsketch.DDSketch {
	s, err := ddsketch.NewDefaultDDSketch(accuracy)
	if err != nil {
		panic("signal: " + err.Error()) // the accuracy is a constant
	}
	return s
}

// merge adds a sketch as it travels; an empty one does not.
func merge(to *ddsketch.DDSketch, data []byte) error {
	if len(data) == 0 {
		return nil
	}
	s, err := ddsketch.DecodeDDSketch(data, store.DefaultProvider, nil)
	if err != nil {
		return err
	}
	return to.MergeWith(s)
}
