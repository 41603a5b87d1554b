package health

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/headgate/headgate/policy"
)

// world is a network of backends that are there or not, and what a prober makes of it.
type world struct {
	*Prober
	reg    *prometheus.Registry
	mu     sync.Mutex
	gone   map[string]bool // backends
	probes map[string][]time.Time
	laid   policy.Overlay
	lays   int
	fails  bool // Lay does
}

func newWorld(t *testing.T, document string) *world {
	w := &world{gone: map[string]bool{}, probes: map[string][]time.Time{}, reg: prometheus.NewRegistry()}
	w.Prober = New(Options{Probe: w.probe, Lay: w.lay}, w.reg, zap.NewNop())
	t.Cleanup(w.Stop)
	w.Follow(parse(t, document))
	return w
}

func parse(t *testing.T, document string) *policy.Set {
	t.Helper()
	set, err := policy.Parse("policy.yaml", []byte(document))
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func (w *world) probe(_ context.Context, b *policy.Backend, _ policy.Probe) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.probes[b.Name] = append(w.probes[b.Name], time.Now())
	if w.gone[b.Name] {
		return &Failure{Refused, errors.New("refused")}
	}
	return nil
}

func (w *world) lay(o policy.Overlay) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fails {
		return errors.New("it does not work")
	}
	w.laid = o
	w.lays++
	return nil
}

// set says which backends are gone from now on.
func (w *world) set(gone ...string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.gone = map[string]bool{}
	for _, name := range gone {
		w.gone[name] = true
	}
}

// failing says whether Lay fails.
func (w *world) failing(fails bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fails = fails
}

// probed returns when a backend was checked.
func (w *world) probed(backend string) []time.Time {
	synctest.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.probes[backend])
}

// drains lists the places that are drained now.
func (w *world) drains() string {
	synctest.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []string
	for _, d := range w.laid.Drained {
		all = append(all, d.Place())
	}
	return strings.Join(all, " ")
}

// awaits sleeps until something is drained, or not, and returns how long that took.
func (w *world) awaits(t *testing.T, want string, within time.Duration) time.Duration {
	t.Helper()
	began := time.Now()
	for w.drains() != want {
		time.Sleep(100 * time.Millisecond)
		if time.Since(began) > within {
			t.Fatalf("drained is %q after %s, want %q", w.drains(), within, want)
		}
	}
	return time.Since(began)
}

// stays sleeps and holds that what is drained stays what it is.
func (w *world) stays(t *testing.T, want string, d time.Duration) {
	t.Helper()
	for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if got := w.drains(); got != want {
			t.Fatalf("drained is %q, want %q", got, want)
		}
	}
}

const three = `version: 1
unpriced: flag
backends:
  a: {provider: openai-compatible, url: "http://127.0.0.1:1/v1"}
  b: {provider: openai-compatible, url: "http://127.0.0.1:2/v1"}
  c: {provider: openai-compatible, url: "http://127.0.0.1:3/v1"}
  own: {provider: simulated}
models:
  m: {chain: [a/x, b/x, c/x, own/gpt-5.5], health: {interval: 30s}}
  n: {chain: [b/x, a/y], health: {interval: 30s}}
`

// TestDrainsWhatIsOut holds that a backend which does not answer is drained after two
// failures in a row, and is in use again within Recovery of its return.
func TestDrainsWhatIsOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, three)
		w.stays(t, "", time.Minute)
		w.set("a")
		w.awaits(t, "backends.a", 30*time.Second*11/10+2*time.Second)
		w.stays(t, "backends.a", 5*time.Minute)
		w.set()
		w.awaits(t, "", Recovery)
		w.stays(t, "", 5*time.Minute)
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.lays != 2 {
			t.Errorf("laid %d times, want 2", w.lays)
		}
	})
}

// TestOneFailureDrainsNothing holds that a backend is asked again soon.
func TestOneFailureDrainsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, three)
		w.stays(t, "", 10*time.Second)
		for range 20 {
			w.set("a")
			for n := len(w.probed("a")); len(w.probed("a")) == n; {
				time.Sleep(100 * time.Millisecond)
			}
			w.set()
			w.stays(t, "", 10*time.Second)
		}
	})
}

// TestOneProbeForAllModels holds that a backend is checked once per interval, jittered,
// whatever the number of models.
func TestOneProbeForAllModels(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, three)
		time.Sleep(time.Hour)
		synctest.Wait()
		if len(w.probed("own")) != 0 {
			t.Error("the gateway asks itself")
		}
		pauses := map[time.Duration]bool{}
		for _, name := range []string{"a", "b", "c"} {
			all := w.probed(name)
			for i := range all[1:] {
				pause := all[i+1].Sub(all[i])
				pauses[pause] = true
				if pause < 27*time.Second || pause > 33*time.Second {
					t.Fatalf("%s is asked after %s", name, pause)
				}
			}
		}
		if len(pauses) < 100 {
			t.Errorf("there are %d different pauses", len(pauses))
		}
	})
}

// TestCutOff holds that nothing is drained while nothing answers, nor as it ends, and that
// what is out then is drained all the same.
func TestCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, three)
		w.stays(t, "", 10*time.Second)
		for range 20 {
			w.set("a", "b", "c")
			w.stays(t, "", 40*time.Second)
			w.set()
			w.stays(t, "", 40*time.Second)
		}
		w.set("a", "b", "c")
		w.stays(t, "", 40*time.Second)
		w.set("a", "b")
		w.awaits(t, "backends.a backends.b", 40*time.Second)
		w.set("a", "b", "c")
		w.awaits(t, "", 40*time.Second)
		w.set("a")
		w.awaits(t, "backends.a", 40*time.Second)
	})
}

// TestFlapping holds that a backend which comes and goes is believed later each time, but
// still within Recovery.
func TestFlapping(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, three)
		w.stays(t, "", 10*time.Second)
		var took [4]time.Duration
		for i := range took {
			w.set("a")
			w.awaits(t, "backends.a", time.Minute)
			w.set()
			took[i] = w.awaits(t, "", Recovery)
		}
		if took[1] < took[0]+3*time.Second || took[3] < 15*time.Second {
			t.Errorf("back after %v", took)
		}
		time.Sleep(time.Hour)
		w.set("a")
		w.awaits(t, "backends.a", time.Minute)
		w.set()
		if late := w.awaits(t, "", Recovery); late > 9*time.Second {
			t.Errorf("after an hour it is still believed late: %s", late)
		}
		w.set("a")
		w.awaits(t, "backends.a", time.Minute)
		for range 50 { // two answers are not enough
			w.set()
			w.stays(t, "backends.a", 3*time.Second)
			w.set("a")
			w.stays(t, "backends.a", 3*time.Second)
		}
	})
}

// TestModelsThatAskForNoChecks holds that their chains stay as they are.
func TestModelsThatAskForNoChecks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, strings.Replace(three, "a/y], health: {interval: 30s}", "a/y]", 1))
		w.stays(t, "", 10*time.Second)
		w.set("a")
		w.awaits(t, `models.m["a"]`, time.Minute)
	})
}

// TestFollowsThePolicy holds that what is known of a backend outlives a change of the
// policy, unless it is another one then, or nobody wants it checked.
func TestFollowsThePolicy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, three)
		w.stays(t, "", 10*time.Second)
		w.set("a")
		w.awaits(t, "backends.a", time.Minute)
		w.Follow(parse(t, three+"listen: \"127.0.0.1:8081\"\n"))
		w.stays(t, "backends.a", time.Minute)
		w.Follow(parse(t, strings.ReplaceAll(three, ", health: {interval: 30s}", "")))
		w.stays(t, "", time.Minute)
		n := fmt.Sprint(len(w.probed("a")), len(w.probed("b")))
		w.stays(t, "", time.Hour)
		if now := fmt.Sprint(len(w.probed("a")), len(w.probed("b"))); now != n {
			t.Errorf("checked still: %s, %s", n, now)
		}
		w.Follow(parse(t, three))
		w.awaits(t, "backends.a", 10*time.Second)
		w.Follow(parse(t, strings.Replace(three, "127.0.0.1:1", "127.0.0.1:9", 1)))
		if got := w.drains(); got != "" {
			t.Errorf("another backend is drained: %s", got)
		}
	})
}

// TestLayIsTriedAgain holds that what could not be laid is laid after the next check.
func TestLayIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, three)
		w.stays(t, "", 10*time.Second)
		w.failing(true)
		w.set("a")
		w.stays(t, "", 2*time.Minute)
		w.failing(false)
		w.awaits(t, "backends.a", 5*time.Second)
	})
}

// TestMetrics holds what is counted.
func TestMetrics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, three)
		w.stays(t, "", 10*time.Second)
		w.set("a")
		w.awaits(t, "backends.a", time.Minute)
		families, err := w.reg.Gather()
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, family := range families {
			for _, m := range family.GetMetric() {
				labels := family.GetName()
				for _, l := range m.GetLabel() {
					labels += " " + l.GetValue()
				}
				if !strings.HasSuffix(labels, " ok") {
					got = append(got, fmt.Sprint(labels, " ", m.GetCounter().GetValue()+m.GetGauge().GetValue()))
				}
			}
		}
		want := []string{"headgate_health_drained a 1", "headgate_health_probes_total a refused 2", "headgate_health_up a 0", "headgate_health_up b 1", "headgate_health_up c 1"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("metrics differ (-want +got):\n%s", diff)
		}
	})
}
