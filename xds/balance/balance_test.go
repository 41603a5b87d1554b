package balance_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/xds/balance"
	"github.com/headgate/headgate/xds/signal"
)

// rig is a balancer with what pairs see of the uses, which stays until it is changed.
type rig struct {
	*balance.Balancer
	t       *testing.T
	tries   map[signal.TriesOf]*signal.Tries
	regions []string
	decided int
	reg     *prometheus.Registry
}

func newRig(t *testing.T, model string) *rig {
	t.Helper()
	r := &rig{t: t, tries: map[signal.TriesOf]*signal.Tries{}, regions: []string{""}, reg: prometheus.NewRegistry()}
	r.Balancer = balance.New(balance.Options{
		Tries:   func(time.Duration) map[signal.TriesOf]*signal.Tries { return r.tries },
		Regions: func() []string { return r.regions },
		Decided: func() { r.decided++ }, Log: zap.NewNop(),
	}, r.reg)
	r.follow(model)
	return r
}

const three = "{balance: health, chain: [[{use: a/x}, {use: b/x}, {use: c/x}], a/y]}"

func (r *rig) follow(model string) {
	r.t.Helper()
	doc := "version: 1\nunpriced: flag\nbackends:\n  a: {provider: simulated}\n  b: {provider: simulated}\n  c: {provider: simulated}\nmodels:\n  m: " + model + "\n"
	set, err := policy.Parse("p.yaml", []byte(doc))
	if err != nil {
		r.t.Fatal(err)
	}
	r.Follow(set)
}

// sees has the pairs of a region see n tries of a use, of which some fail, each of the others
// after a time.
func (r *rig) sees(region, use string, n, failed int, after time.Duration) {
	backend, model, _ := strings.Cut(use, "/")
	s := signal.NewTries()
	s.Answered, s.Failed = int64(n-failed), int64(failed)
	for range n - failed {
		if err := s.Latency.Add(after.Seconds()); err != nil {
			r.t.Fatal(err)
		}
	}
	r.tries[signal.TriesOf{Region: region, Model: "m", Backend: backend, Served: model}] = s
}

// after are the shares of a region after some steps, as "a/x=900 b/x=100".
func (r *rig) after(steps int, region string) string {
	for range steps {
		r.Step()
	}
	var all []string
	shares := r.Of(region)
	for _, u := range slices.SortedFunc(maps.Keys(shares), func(a, b balance.Use) int { return strings.Compare(a.Use, b.Use) }) {
		all = append(all, fmt.Sprintf("%s=%d", u.Use, shares[u]))
	}
	return strings.Join(all, " ")
}

func (r *rig) want(steps int, want string) {
	r.t.Helper()
	if got := r.after(steps, ""); got != want {
		r.t.Errorf("after %d more steps the shares are %q, want %q", steps, got, want)
	}
}

// all has every use seen alike.
func (r *rig) all() {
	for _, use := range []string{"a/x", "b/x", "c/x"} {
		r.sees("", use, 100, 0, time.Second)
	}
}

func TestTheHealthiestKeepsAllAndTheOthersFollowInSteps(t *testing.T) {
	r := newRig(t, three)
	r.want(3, "") // nothing is known
	r.all()
	r.want(3, "")
	r.sees("", "a/x", 100, 50, time.Second)
	r.want(1, "a/x=800")
	r.want(1, "a/x=600")
	r.want(2, "a/x=200")
	r.want(1, "a/x=125")
	r.want(10, "a/x=125")
	if list := r.List(); len(list) != 1 || !strings.HasPrefix(list[0].Reason, "50% of 100 tries failed; first token after 1.0") || list[0].Failed != 50 {
		t.Errorf("listed %+v", list)
	}
	r.all()
	r.want(1, "a/x=175")
	r.want(16, "a/x=975")
	r.want(1, "")
	r.sees("", "a/x", 100, 100, 0)
	r.want(20, "a/x=100") // it is asked on
	if r.decided != 59 {
		t.Errorf("decided %d times", r.decided)
	}
}

// TestSmallDifferencesMoveNothing holds the hysteresis: what begins to move goes nearly all the
// way, and what rests is not moved by a little.
func TestSmallDifferencesMoveNothing(t *testing.T) {
	r := newRig(t, three)
	r.all()
	r.sees("", "a/x", 100, 5, 1400*time.Millisecond) // 857, and tolerated
	r.want(10, "")
	r.sees("", "a/x", 100, 10, time.Second) // 729
	r.want(10, "a/x=729")
	for _, failed := range []int{7, 14, 6} { // 804, 636, 830
		r.sees("", "a/x", 100, failed, time.Second)
		r.want(5, "a/x=729")
	}
}

func TestLatencyCountsAgainstTheBest(t *testing.T) {
	r := newRig(t, three)
	r.all()
	r.sees("", "b/x", 100, 0, 3*time.Second)
	if got := r.after(10, ""); !strings.HasPrefix(got, "b/x=5") && !strings.HasPrefix(got, "b/x=49") {
		t.Errorf("shares %q", got)
	}
	r.sees("", "a/x", 100, 0, 3*time.Second)
	r.sees("", "c/x", 100, 0, 3*time.Second) // all are slow: none is worse
	r.want(20, "")
}

// TestIfAllFailNoneIsWorse holds that shares do not follow an outage of all.
func TestIfAllFailNoneIsWorse(t *testing.T) {
	r := newRig(t, three)
	for _, failed := range []int{100, 60} {
		for _, use := range []string{"a/x", "b/x", "c/x"} {
			r.sees("", use, 100, failed, time.Second)
		}
		r.want(5, "")
	}
}

// TestAUseOfWhichTooLittleIsKnown holds that few failures move nothing, that such a use counts as
// a good one for the others, and that a small share of it grows until something is known.
func TestAUseOfWhichTooLittleIsKnown(t *testing.T) {
	r := newRig(t, three)
	r.sees("", "a/x", 9, 9, 0)
	r.want(5, "")
	r.sees("", "a/x", 100, 100, 0)
	r.want(5, "a/x=100")
	r.sees("", "a/x", 9, 9, 0)
	r.want(4, "a/x=300")
	r.sees("", "a/x", 10, 10, 0)
	r.want(1, "a/x=100")
}

// TestRegionsOfPairsAreOnTheirOwn holds that what the pairs of one region see moves nothing in
// another, and that a region without pairs is forgotten.
func TestRegionsOfPairsAreOnTheirOwn(t *testing.T) {
	r := newRig(t, three)
	r.regions = []string{"eu", "us"}
	for _, region := range r.regions {
		r.sees(region, "b/x", 100, 0, time.Second)
	}
	r.sees("eu", "a/x", 100, 100, 0)
	r.sees("us", "a/x", 100, 0, time.Second)
	if eu, us := r.after(5, "eu"), r.after(0, "us"); eu != "a/x=100" || us != "" {
		t.Errorf("eu %q, us %q", eu, us)
	}
	r.regions = []string{"us"}
	if eu := r.after(1, "eu"); eu != "" {
		t.Errorf("eu %q", eu)
	}
}

// TestWhatAPairGoesByIsAdopted holds that shares outlive the control plane, and are not taken
// from a pair where they are decided on.
func TestWhatAPairGoesByIsAdopted(t *testing.T) {
	r := newRig(t, three)
	x, unknown, whole := balance.Use{Model: "m", Use: "a/x"}, balance.Use{Model: "m", Use: "a/y"}, balance.Use{Model: "m", Use: "b/x"}
	r.Adopt("", map[balance.Use]int{x: 300, unknown: 300, whole: 5000, {Model: "n", Use: "a/x"}: 1})
	r.want(0, "a/x=300")
	r.Adopt("", map[balance.Use]int{x: 900})
	r.want(0, "a/x=300")
	r.want(1, "a/x=350")
}

// TestOnlyWhereThePolicySaysSo holds that a model without the key is left alone, and that a change
// of the policy ends what it does not say any more.
func TestOnlyWhereThePolicySaysSo(t *testing.T) {
	r := newRig(t, "{chain: [[{use: a/x}, {use: b/x}, {use: c/x}]]}")
	r.all()
	r.sees("", "a/x", 100, 100, 0)
	r.want(5, "")
	r.follow(three)
	r.want(5, "a/x=100")
	r.follow("{balance: health, chain: [[{use: b/x}, {use: c/x}]]}")
	r.want(0, "")
}

func TestMetrics(t *testing.T) {
	r := newRig(t, three)
	r.all()
	r.sees("", "a/x", 100, 100, 0)
	r.want(2, "a/x=600")
	families, err := r.reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			got[f.GetName()] += m.GetGauge().GetValue() + m.GetCounter().GetValue()
		}
	}
	if got["headgate_balance_share"] != 0.6 || got["headgate_balance_moves_total"] != 2 {
		t.Errorf("metrics %v", got)
	}
}
