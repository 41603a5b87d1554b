package agent

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
	"google.golang.org/protobuf/proto"

	"github.com/headgate/headgate/policy/policypb"
)

// TestEnvoysComeAndGo holds that the pair's log says when an Envoy comes, and when there
// is none any more, but not of one that leaves beside another or when the pair ends.
func TestEnvoysComeAndGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		core, logs := observer.New(zap.InfoLevel)
		p := newPair(t, "", newControl(t))
		p.post(func() { p.Agent.log = zap.New(core) })
		first, second := p.envoy(nil), p.envoy(nil)
		first.Disconnect()
		synctest.Wait()
		second.Disconnect()
		synctest.Wait()
		p.envoy(nil)
		p.stop()
		var told []string
		for _, entry := range logs.All() {
			if strings.Contains(entry.Message, "Envoy") {
				told = append(told, entry.Level.String()+" "+entry.Message)
			}
		}
		const come, gone = "info an Envoy is connected", "warn the last Envoy has left; none is connected"
		if want := []string{come, come, gone, come}; !slices.Equal(told, want) {
			t.Errorf("told %q, want %q", told, want)
		}
	})
}

// TestTroubleIsReported holds that the control plane learns of a pair's trouble and when
// that is over, also one to which the pair comes later.
func TestTroubleIsReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newControl(t)
		p := newPair(t, "", c)
		told := func(when, want string) {
			t.Helper()
			synctest.Wait()
			c.mu.Lock()
			defer c.mu.Unlock()
			if c.trouble != want {
				t.Errorf("%s the trouble is %q, want %q", when, c.trouble, want)
			}
		}
		e := p.envoy(nil)
		c.publish(revision(t, "r1", "s1", "a=1"))
		told("at first", "")
		e.Disconnect()
		time.Sleep(awaitEnvoy / 2)
		told("a moment later", "")
		time.Sleep(awaitEnvoy)
		told("without Envoy", "no Envoy is connected")
		c.stop()
		c.start()
		time.Sleep(time.Minute)
		told("after the control plane's restart", "no Envoy is connected")
		if !c.has(revision(t, "r1", "s1", "a=1")) {
			t.Error("what it has is not known after the restart")
		}
		e.Connect()
		told("with Envoy", "")
		if c.details != nil {
			t.Errorf("all is well, but the pair says %v", c.details)
		}
	})
}

// TestAWarningIsReported holds that the control plane learns what is wrong with a pair that
// serves, unless it has a worse trouble, and that such a pair is not said not to serve.
func TestAWarningIsReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newControl(t)
		p := newPair(t, "", c)
		e := p.envoy(nil)
		c.publish(revision(t, "r1", "s1", "a=1"))
		learned := func(when, want string, serves bool) {
			t.Helper()
			synctest.Wait()
			c.mu.Lock()
			defer c.mu.Unlock()
			if got := c.details; got.GetReason() != want || got.GetServes() != serves || (p.Trouble() == "") != (serves || want == "") {
				t.Errorf("%s: %v, and the pair's trouble is %q", when, got, p.Trouble())
			}
		}
		warn := func(text string) {
			p.mu.Lock()
			p.warning = text
			p.mu.Unlock()
			p.Recheck()
		}
		learned("at first", "", false)
		warn("the disk is full")
		learned("as it begins", "the disk is full", true)
		e.Disconnect()
		time.Sleep(2 * awaitEnvoy)
		learned("without Envoy", "no Envoy is connected", false)
		e.Connect()
		learned("with Envoy", "the disk is full", true)
		warn("")
		learned("as it ends", "", false)
	})
}

// TestTroubleHasABeginning holds that the control plane learns since when a pair does not
// serve, which another revision does not change, and of which revision it speaks.
func TestTroubleHasABeginning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newControl(t)
		p := newPair(t, "", c)
		e := p.envoy(nil)
		c.publish(revision(t, "r1", "s1", "a=1"))
		e.Disconnect()
		began := time.Now().Add(awaitEnvoy)
		told := func(revision string) {
			t.Helper()
			synctest.Wait()
			c.mu.Lock()
			defer c.mu.Unlock()
			want := &policypb.Trouble{Reason: "no Envoy is connected", Since: c.details.GetSince(), Revision: revision}
			if late := c.details.GetSince().AsTime().Sub(began); late < 0 || late > 10*time.Millisecond || !proto.Equal(c.details, want) {
				t.Errorf("the trouble is %v, want %v since %v", c.details, want, began)
			}
		}
		time.Sleep(time.Minute)
		told("r1")
		c.publish(revision(t, "r2", "s2", "a=2"))
		time.Sleep(time.Minute)
		told("r2")
	})
}
