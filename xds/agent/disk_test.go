package agent

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	resourcev3 "github.com/envoyproxy/go-control-plane/pkg/resource/v3"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/headgate/headgate/xds/ads/adstest"
)

// copyOf copies a state folder, as a process that is killed at this moment leaves it.
func copyOf(t *testing.T, state string) string {
	t.Helper()
	to := t.TempDir()
	for _, name := range []string{stateFile, stateFile + ".new"} {
		data, err := os.ReadFile(filepath.Join(state, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(to, name), data, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return to
}

// TestKilledAtAnyMoment holds that whatever is on the disk when a pair is killed in the
// middle of a change, good or bad, the next process serves a complete revision without a
// control plane, to an Envoy that is as the killed process left it or fresh, and finishes
// the change as the killed one would have.
func TestKilledAtAnyMoment(t *testing.T) {
	for _, bad := range []string{"", resourcev3.ClusterType, resourcev3.RouteType} {
		for _, fresh := range []bool{false, true} {
			t.Run(fmt.Sprintf("refused %q, Envoy fresh %v", adstest.Summary(&adstest.Message{TypeUrl: bad}), fresh), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { killAtAnyMoment(t, bad, fresh) })
			})
		}
	}
}

// moment is what a killed process leaves: its disk, and an Envoy with what it has.
type moment struct {
	disk  string
	envoy adstest.State
}

func killAtAnyMoment(t *testing.T, bad string, fresh bool) {
	state := t.TempDir()
	plane := newControl(t)
	p := newPair(t, state, plane)
	judge := refuse(bad, "new", "no")
	e := p.envoy(judge)
	plane.publish(revision(t, "r1", "s1", "a=1"))
	// Each moment is one at which Envoy or ext_proc is given something: between
	// two of them the disk is written at most once, so that both sides of each write
	// are seen.
	var moments []moment
	snap := func() { moments = append(moments, moment{copyOf(t, state), e.State()}) }
	p.mu.Lock()
	p.onApply = snap
	p.mu.Unlock()
	e.SetJudge(func(m *adstest.Message) adstest.Verdict { snap(); return judge(m) })
	plane.publish(revision(t, "r2", "s2", "new=1"))
	e.SetJudge(judge)
	snap()
	plane.stop()
	p.stop()
	want := "r2"
	if bad != "" {
		want = "r1"
	}
	if p.Revision() != want || len(moments) < 4 {
		t.Fatalf("the change ended with %q after %d moments, want %q", p.Revision(), len(moments), want)
	}
	for i, m := range moments {
		e.Disconnect()
		e.SetState(m.envoy)
		next := &pair{t: t, fail: map[string]error{}, reg: prometheus.NewRegistry(), underWay: map[*adstest.Envoy]*exchanges{}}
		if err := next.start(m.disk, []*control{plane}); err != nil {
			t.Fatalf("moment %d: %v", i, err)
		}
		if r := next.Revision(); r != "r1" && r != "r2" {
			t.Errorf("moment %d: it begins with %q", i, r)
		}
		next.adopt(e)
		if fresh {
			e.Restart()
		} else {
			e.Connect()
		}
		time.Sleep(awaitEnvoy)
		e.Received()
		if got := next.Revision(); got != want && (i > 0 || got != "r1") { // at first it knows of the good one only
			t.Errorf("moment %d: it ends with %q, want %q", i, got, want)
		}
		for _, f := range next.faults {
			t.Errorf("moment %d: %s", i, f)
		}
		next.stop()
	}
}

// TestRestartWithoutControlPlane holds that a pair serves its last good policy by
// itself, and that an Envoy which has it already is sent nothing.
func TestRestartWithoutControlPlane(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		state, plane := t.TempDir(), newControl(t)
		p := newPair(t, state, plane)
		e := p.envoy(nil)
		plane.publish(revision(t, "r1", "s1", "a=1"))
		plane.publish(revision(t, "r2", "s2", "b=1"))
		e.Disconnect()
		p.stop()
		plane.stop()
		again := newPair(t, state, plane)
		if again.Revision() != "r2" {
			t.Errorf("it serves %q, want r2", again.Revision())
		}
		again.adopt(e)
		e.Received()
		e.Connect()
		if got := e.Received(); got != "" {
			t.Errorf("Envoy is sent %q, want nothing: it has everything, and may need more", got)
		}
		time.Sleep(lingering + time.Second)
		if got := e.Received(); got != "Cluster -a" {
			t.Errorf("Envoy is sent %q, want only what lingered to be removed", got)
		}
		again.expect(t, "after the restart", "apply r2")
	})
}

// TestLastGoodWorksNoMore holds that a pair whose last good policy cannot be put into
// effect any more waits for another, and keeps what it has on disk.
func TestLastGoodWorksNoMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		state, plane := t.TempDir(), newControl(t)
		p := newPair(t, state, plane)
		plane.publish(revision(t, "r1", "s1", "a=1"))
		time.Sleep(awaitEnvoy)
		p.stop()
		again := &pair{t: t, fail: map[string]error{"r1": errBroken}, reg: prometheus.NewRegistry()}
		if err := again.start(state, []*control{plane}); err != nil {
			t.Fatal(err)
		}
		if again.Revision() != "" {
			t.Errorf("it claims to serve %q", again.Revision())
		}
		if got := plane.refused(); !slices.Equal(got, []string{"policy: " + errBroken.Error()}) {
			t.Errorf("the control plane is told %q", got)
		}
		if good, _, err := again.disk.load(); err != nil || good == nil {
			t.Errorf("the disk holds %v, %v; want the last good policy", good, err)
		}
		plane.publish(revision(t, "r2", "s2", "b=1"))
		time.Sleep(awaitEnvoy)
		synctest.Wait()
		if again.Revision() != "r2" {
			t.Errorf("it serves %q, want r2", again.Revision())
		}
	})
}

// TestADiskThatIsFull holds that what could not be saved is saved when that works again,
// with a metric until then and two lines in the log.
func TestADiskThatIsFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		state, plane := t.TempDir(), newControl(t)
		core, logs := observer.New(zap.InfoLevel)
		p := newPair(t, state, plane)
		p.post(func() { p.Agent.log = zap.New(core) })
		plane.publish(revision(t, "r1", "s1", "a=1"))
		time.Sleep(awaitEnvoy)
		synctest.Wait()
		if n := p.gauge(t, "headgate_pair_unsaved"); n != 0 {
			t.Errorf("the metric is %v after the first", n)
		}
		// A folder of the new file's name stands for a full disk: it cannot be opened.
		full := filepath.Join(state, stateFile+".new")
		if err := os.Mkdir(full, 0o700); err != nil {
			t.Fatal(err)
		}
		plane.publish(revision(t, "r2", "s2", "b=1"))
		time.Sleep(time.Minute)
		if n := p.gauge(t, "headgate_pair_unsaved"); n != 1 || p.Revision() != "r2" {
			t.Errorf("the metric is %v, %q is served", n, p.Revision())
		}
		if err := os.Remove(full); err != nil {
			t.Fatal(err)
		}
		time.Sleep(retrySaveAfter)
		synctest.Wait()
		if n := p.gauge(t, "headgate_pair_unsaved"); n != 0 {
			t.Errorf("the metric is %v in the end", n)
		}
		good, next, err := p.disk.load()
		if err != nil || good == nil || good.policy.GetRevision() != "r2" || next != nil {
			t.Errorf("the disk holds %v and %v, %v", good, next, err)
		}
		if n, m := logs.FilterMessageSnippet("could not be saved on disk").Len(), logs.FilterMessageSnippet("is saved on disk again").Len(); n != 1 || m != 1 {
			t.Errorf("told %d times that it is not saved and %d times that it is", n, m)
		}
	})
}

// TestListensElsewhere holds that a pair's own address is in what Envoy gets, and not
// in what is compared with the control plane's.
func TestListensElsewhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		set := revision(t, "r1", "s1", "a=1")
		b, err := newBundle(set, place{clients: netip.MustParseAddrPort("10.1.2.3:4567")})
		if err != nil {
			t.Fatal(err)
		}
		l := &listenerv3.Listener{}
		if err := b.set[resourcev3.ListenerType].Items["gateway"].Value.UnmarshalTo(l); err != nil {
			t.Fatal(err)
		}
		at := l.GetAddress().GetSocketAddress()
		if at.GetAddress() != "10.1.2.3" || at.GetPortValue() != 4567 {
			t.Errorf("Envoy listens on %v", at)
		}
		if b.pair[resourcev3.ListenerType] != set[resourcev3.ListenerType] {
			t.Error("the control plane's listener is not what it sent")
		}
	})
}
