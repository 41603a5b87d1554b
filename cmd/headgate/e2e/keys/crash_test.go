package keys

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/policy/keyform"
	"github.com/headgate/headgate/xds/key"
	"github.com/headgate/headgate/xds/store"
)

// TestEverythingIsKilled holds that pairs serve the keys that they know while the control plane is
// gone, also once they are started again, that expiry counts meanwhile, and that what was revoked
// stays so. What was changed while pairs were away they learn as they are back.
func TestEverythingIsKilled(t *testing.T) {
	t.Parallel()
	p := gatewaytest.Simulate(t, gatewaytest.Keyless)
	f := gatewaytest.StartFleet(t, gatewaytest.FleetOptions{Policy: policyOf(p, ""), Pairs: 2, Env: environment})
	maker := makerAt(t, store.Place{SQLite: filepath.Join(f.Dir, "xds-1", "headgate.db")})
	lasting, gone := create(t, maker, key.Spec{Name: "lasting"}), create(t, maker, key.Spec{Name: "gone"})
	awaits(t, "the last key", gone.Text, ok, f.Pairs...)
	if _, err := maker.Revoke(context.Background(), "gone", "test"); err != nil {
		t.Fatal(err)
	}
	end := time.Now().Add(15 * time.Second)
	if _, err := maker.Expire(context.Background(), "lasting", end); err != nil {
		t.Fatal(err)
	}
	awaits(t, "a revoked key", gone.Text, refused, f.Pairs...)
	after := create(t, maker, key.Spec{Name: "after"})
	awaits(t, "the last change", after.Text, ok, f.Pairs...)
	saved(&f.Pairs[0].Gateway)

	f.XDS[0].Kill()
	restart(f, f.Pairs[0])
	takes(t, "a key, without a control plane", after.Text, ok, f.Pairs...)
	takes(t, "a revoked key, without a control plane", gone.Text, refused, f.Pairs...)
	takes(t, "no key of anybody", keyform.New(keyform.NewID()), refused, f.Pairs...)
	awaits(t, "a key whose time is over", lasting.Text, refused, f.Pairs...)
	if time.Now().Before(end) {
		t.Error("it was refused before its time")
	}

	if _, err := maker.Revoke(context.Background(), "after", "test"); err != nil {
		t.Fatal(err)
	}
	takes(t, "revoked while nobody can say so", after.Text, ok, f.Pairs...)
	f.StartXDS(0)
	awaits(t, "revoked while nobody could say so", after.Text, refused, f.Pairs...)
}

// saved waits until a pair has its keys on disk.
func saved(g *gatewaytest.Gateway) {
	g.Eventually("keys on disk", func() bool { return g.Metric("headgate_keys_unsaved") == 0 })
}

// restart kills a pair's ext_proc server and starts it again.
func restart(f *gatewaytest.Fleet, p *gatewaytest.Pair) {
	p.ExtProc.Kill()
	f.StartExtProc(p)
	f.AwaitAnswer(p)
}

// TestAPairThatNeverHadKeys holds that it refuses no key for good that may be good, serves those
// of the policy, and knows all once the database is there.
func TestAPairThatNeverHadKeys(t *testing.T) {
	p := gatewaytest.Simulate(t, gatewaytest.Keyless)
	server, env, maker := shared(t)
	server.Stop()
	f := gatewaytest.StartFleet(t, gatewaytest.FleetOptions{
		Policy: policyOf(p, "store: {postgres: {env: DATABASE_URL}}\n"), Env: environment, XDSEnv: []string{env},
	})
	g := &f.Pairs[0].Gateway
	text := keyform.New(keyform.NewID())
	if status, code := ask(g, text); status != 503 || code != "keys_unavailable" {
		t.Errorf("a key that may be good: %d %s", status, code)
	}
	takes(t, "the policy's", ofPolicy, ok, f.Pairs...)
	takes(t, "what does not have the form of a key", "sk-somebody-elses-key", refused, f.Pairs...)
	server.Start(t)
	awaits(t, "nobody's key", text, refused, f.Pairs...)
	var made *key.Made
	gatewaytest.Eventually(t, "a key", func() (done bool) {
		var err error
		made, err = maker.Create(context.Background(), key.Spec{Name: "app"}, "test")
		return err == nil
	})
	awaits(t, "a key", made.Text, ok, f.Pairs...)
}

// TestTheGatewayIsKilled holds that headgate run keeps its keys.
func TestTheGatewayIsKilled(t *testing.T) {
	t.Parallel()
	p := gatewaytest.Simulate(t, gatewaytest.Keyless)
	g := gatewaytest.Start(t, policyOf(p, ""), gatewaytest.Options{Env: environment})
	maker := makerAt(t, store.Place{SQLite: filepath.Join(g.Data, "headgate.db")})
	made, gone := create(t, maker, key.Spec{Name: "app"}), create(t, maker, key.Spec{Name: "gone"})
	is := func(what, text string, want int) {
		t.Helper()
		gatewaytest.Eventually(t, what, func() bool { status, _ := ask(g, text); return status == want })
	}
	is("a key", made.Text, ok)
	if _, err := maker.Revoke(context.Background(), "gone", "test"); err != nil {
		t.Fatal(err)
	}
	is("a revoked key", gone.Text, refused)
	saved(g)
	g.Process.Kill()
	g.StartAgain()
	for text, want := range map[string]int{made.Text: ok, gone.Text: refused, ofPolicy: ok} {
		if status, code := ask(g, text); status != want {
			t.Errorf("after a kill: %d %s, want %d", status, code, want)
		}
	}
}
