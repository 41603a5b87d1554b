package agent

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	resourcev3 "github.com/envoyproxy/go-control-plane/pkg/resource/v3"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/headgate/headgate/policy/policypb"
	"github.com/headgate/headgate/xds/ads"
	"github.com/headgate/headgate/xds/ads/adstest"
)

// neverRetry leaves what was refused alone, for tests of what follows a refusal.
func (p *pair) neverRetry() { p.retry.due = time.Time{} }

// TestRefusedIsAskedForAgain holds that a revision which Envoy refused is asked for again
// after 30 s, 60 s, 120 s, is logged once meanwhile, and is in effect once Envoy takes it.
func TestRefusedIsAskedForAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		plane := newControl(t)
		var free atomic.Bool
		p := newPair(t, "", plane)
		core, logs := observer.New(zap.InfoLevel)
		p.post(func() { p.Agent.log = zap.New(core) })
		p.envoy(func(m *adstest.Message) adstest.Verdict {
			if m.GetTypeUrl() == resourcev3.ListenerType && !free.Load() {
				return adstest.Verdict{Refuse: "the port is in use"}
			}
			return adstest.Verdict{}
		})
		r := revision(t, "r1", "s1", "a=1")
		began := time.Now()
		plane.publish(r)
		for _, c := range []struct {
			at      time.Duration
			refused int
		}{{29 * time.Second, 1}, {40 * time.Second, 2}, {85 * time.Second, 2}, {100 * time.Second, 3}, {200 * time.Second, 3}} {
			time.Sleep(time.Until(began.Add(c.at)))
			synctest.Wait()
			if n := p.gauge(t, "headgate_pair_refusals_total"); n != float64(c.refused) {
				t.Errorf("%v refusals after %v, want %d", n, c.at, c.refused)
			}
		}
		if n := logs.FilterMessageSnippet("refused").Len(); n != 1 {
			t.Errorf("%d lines say that it is refused, or asked for again: %v", n, logs.All())
		}
		free.Store(true)
		time.Sleep(time.Minute)
		if !plane.has(r) || p.Revision() != "r1" {
			t.Errorf("the port is free, and %q is served", p.Revision())
		}
	})
}

// TestRefusedWaitsForItsFiles holds that a revision which ext_proc refused is asked for again
// within seconds of a change of a file that its document names, and not before.
func TestRefusedWaitsForItsFiles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		plane, path := newControl(t), filepath.Join(t.TempDir(), "key")
		p := newPair(t, "", plane)
		p.fail["r1"] = errBroken
		p.envoy(nil)
		r := documented(t, revision(t, "r1", "s1", "a=1"), fmt.Sprintf("backends: {a: {credential: {file: %q}}}", path))
		plane.publish(r)
		time.Sleep(10 * time.Second)
		if got := plane.refused(); !slices.Equal(got, []string{"policy: " + errBroken.Error()}) {
			t.Errorf("refusals %q", got)
		}
		p.inside(func() { delete(p.fail, "r1") })
		if err := os.WriteFile(path, []byte("sk"), 0o600); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Second)
		if !plane.has(r) || p.Revision() != "r1" {
			t.Errorf("the file is there, and %q is served", p.Revision())
		}
	})
}

// documented is a revision with a document.
func documented(t *testing.T, set ads.Set, document string) ads.Set {
	t.Helper()
	p := &policypb.Policy{}
	if err := set[policypb.TypeURL].Items["policy"].Value.UnmarshalTo(p); err != nil {
		t.Fatal(err)
	}
	p.Document = []byte(document)
	return set.With(policypb.TypeURL, encode(t, map[string]*policypb.Policy{"policy": p}))
}
