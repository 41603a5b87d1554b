package agent

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	resourcev3 "github.com/envoyproxy/go-control-plane/pkg/resource/v3"

	"github.com/headgate/headgate/xds/ads"
	"github.com/headgate/headgate/xds/ads/adstest"
)

// TestAnySequence plays random sequences of what can happen to a pair. After each
// event what Envoys have must be consistent with itself and with ext_proc, which see
// holds; in the end everything is at the last release that works.
func TestAnySequence(t *testing.T) {
	const sequences, events = 100, 40
	for seed := range uint64(sequences) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				newWorld(t, seed).play(events)
			})
		})
	}
}

// world is a pair with a control plane of two replicas, and two Envoys.
type world struct {
	t      *testing.T
	rand   *rand.Rand
	planes []*control
	p      *pair
	state  string
	files  certified // of revisions whose listener has TLS
	envoys []*adstest.Envoy
	up     []bool      // by Envoy: it is connected
	slow   atomic.Bool // Envoys answer when the test says
	n      int         // of the revision that was published last
	log    []string
}

func newWorld(t *testing.T, seed uint64) *world {
	w := &world{t: t, rand: rand.New(rand.NewPCG(seed, 1)), state: t.TempDir(), files: newCertified(t), planes: []*control{newControl(t), newControl(t)}}
	w.files.renew()
	w.start()
	for range 2 {
		w.envoys, w.up = append(w.envoys, w.p.envoy(w.judge)), append(w.up, true)
	}
	return w
}

// start starts the pair, as a new process.
func (w *world) start() {
	w.p = newPair(w.t, w.state, w.planes...)
	for i, e := range w.envoys {
		w.p.adopt(e)
		if w.up[i] {
			e.Connect()
		}
	}
}

// judge refuses what a revision's name says.
func (w *world) judge(m *adstest.Message) adstest.Verdict {
	if w.slow.Load() {
		return adstest.Verdict{Wait: true}
	}
	return adstest.Verdict{Refuse: w.fault(m)}
}

func (w *world) fault(m *adstest.Message) string {
	for typ, text := range map[string]string{resourcev3.ClusterType: "badcluster", resourcev3.RouteType: "badroute"} {
		if v := refuse(typ, text, "no "+text)(m); v.Refuse != "" {
			return v.Refuse
		}
	}
	return ""
}

// publish publishes a revision at both replicas. It shares a cluster with the others,
// and at times its shape.
func (w *world) publish(kind string) ads.Set {
	w.n++
	shape := fmt.Sprint("s", w.n/2)
	name, words := fmt.Sprint(kind, w.n), fmt.Sprintf("shared=%d %s%d=1", w.n, kind, w.n/2)
	set := revision(w.t, name, shape, words)
	if kind == "secured" {
		set = w.files.revision(name, shape, words)
	}
	for _, c := range w.planes {
		c.publish(set)
	}
	return set
}

func (w *world) play(events int) {
	for range events {
		w.event()
		if w.t.Failed() {
			w.t.Logf("after %s", strings.Join(w.log, ", "))
			return
		}
	}
	w.converge()
}

func (w *world) event() {
	i := w.rand.IntN(len(w.envoys))
	kinds := []string{"good", "good", "good", "secured", "secured", "renew", "spoil", "badcluster", "badroute", "unapplied", "slow", "answer", "answer", "disconnect", "connect", "restart", "kill", "pass", "replica"}
	what := kinds[w.rand.IntN(len(kinds))]
	w.log = append(w.log, fmt.Sprint(what, " ", i))
	switch what {
	case "slow":
		w.slow.Store(!w.slow.Load())
	case "answer":
		w.answer(i)
	case "disconnect":
		w.envoys[i].Disconnect()
		w.up[i] = false
	case "connect", "restart":
		w.connect(i, what == "restart")
	case "kill":
		w.kill()
	case "pass":
		time.Sleep(time.Duration(w.rand.Int64N(int64(2 * lingering))))
	case "renew":
		w.files.renew()
	case "spoil":
		w.files.write("tls.crt", []byte("spoilt"))
	case "replica":
		w.replica(w.rand.IntN(len(w.planes)))
	default:
		w.publish(what)
	}
	w.look()
}

// answer lets an Envoy answer the oldest of what waits.
func (w *world) answer(i int) { w.envoys[i].AnswerWith(w.fault) }

func (w *world) connect(i int, fresh bool) {
	if fresh {
		w.envoys[i].Disconnect()
		w.envoys[i].SetState(adstest.State{})
		w.p.beginExchanges(w.envoys[i])
		w.envoys[i].Connect()
	} else if !w.up[i] {
		w.envoys[i].Connect()
	}
	w.up[i] = true
}

// kill starts the pair again from what is on its disk.
func (w *world) kill() {
	for _, e := range w.envoys {
		e.Disconnect()
	}
	w.state = copyOf(w.t, w.state)
	w.p.stop()
	w.start()
}

// replica ends the pair's stream to a control plane, so that it goes to the other.
func (w *world) replica(i int) {
	w.planes[i].stop()
	w.planes[i].start()
}

// look holds what see has found.
func (w *world) look() {
	synctest.Wait()
	w.p.mu.Lock()
	defer w.p.mu.Unlock()
	for _, f := range w.p.faults {
		w.t.Error(f)
	}
	w.p.faults = nil
}

// converge lets everything come to rest and holds that the last release is in effect.
func (w *world) converge() {
	w.slow.Store(false)
	w.files.renew()
	for i := range w.envoys {
		w.connect(i, false)
		for w.envoys[i].AnswerWith(w.fault) {
			synctest.Wait()
		}
	}
	for range 10 {
		time.Sleep(time.Second)
		for _, e := range w.envoys {
			for e.AnswerWith(w.fault) {
				synctest.Wait()
			}
		}
	}
	kind := []string{"good", "secured"}[w.rand.IntN(2)]
	set := w.publish(kind)
	time.Sleep(10 * time.Second)
	w.look()
	if !w.planes[0].has(set) && !w.planes[1].has(set) {
		w.t.Errorf("the last revision is not known to be taken")
	}
	if got, want := w.p.Revision(), fmt.Sprint(kind, w.n); got != want {
		w.t.Errorf("%q is served, want %q", got, want)
	}
	time.Sleep(2 * lingering)
	for _, e := range w.envoys {
		if got := e.Names(resourcev3.SecretType); (len(got) > 0) != (kind == "secured") {
			w.t.Errorf("Envoy has secrets %q of a %s revision", got, kind)
		}
		if got, want := e.Names(resourcev3.ClusterType), []string{fmt.Sprint(kind, w.n/2), "shared"}; !slices.Equal(got, want) {
			w.t.Errorf("Envoy has clusters %q, want %q", got, want)
		}
	}
	if w.t.Failed() {
		w.t.Logf("after %s", strings.Join(w.log, ", "))
	}
}
