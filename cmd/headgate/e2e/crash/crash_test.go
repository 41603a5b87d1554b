package crash

import (
	"path/filepath"
	"syscall"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// TestKilledProcessesOnSQLite holds that the journal agrees with the provider whichever
// process is killed.
func TestKilledProcessesOnSQLite(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	f := r.startFleet(gatewaytest.FleetOptions{Policy: r.policy(), Env: env})
	for _, seed := range seeds(t, 20) {
		r.play(seed)
	}
	db := openSQLite(t, filepath.Join(f.Dir, "xds-1", "headgate.db"))
	r.judge(db)
	for _, x := range f.XDS {
		checkCosts(t, db, gatewaytest.NewOperator(t, x.Admin))
	}
}

// TestAKilledGateway holds the same of headgate run, whose control plane ends with it.
func TestAKilledGateway(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	g := gatewaytest.Start(t, r.policy(), gatewaytest.Options{Env: env})
	r.pairs = []*gatewaytest.Gateway{g}
	r.victims = []victim{
		{"headgate run", func(int) { g.Process.Kill() }, func(int) { g.StartAgain() }, true},
		{"its Envoy", func(int) { _ = syscall.Kill(g.EnvoyPID(), syscall.SIGKILL) }, func(int) {}, true},
	}
	for _, seed := range seeds(t, 10) {
		r.play(seed)
	}
	db := openSQLite(t, filepath.Join(g.Data, "headgate.db"))
	r.judge(db)
	checkCosts(t, db, g.Operator(t))
}

// startFleet starts a fleet of which each process may be killed.
func (r *rig) startFleet(o gatewaytest.FleetOptions) *gatewaytest.Fleet {
	f := gatewaytest.StartFleet(r.t, o)
	for _, p := range f.Pairs {
		r.pairs = append(r.pairs, &p.Gateway)
	}
	extproc := victim{"ext_proc", func(i int) { f.Pairs[i].ExtProc.Kill() }, func(i int) { f.StartExtProc(f.Pairs[i]) }, true}
	control := victim{"control plane", func(i int) { f.XDS[i%len(f.XDS)].Kill() }, func(i int) { f.StartXDS(i % len(f.XDS)) }, false}
	envoy := victim{"Envoy", func(i int) { f.Pairs[i].Envoy.Kill() }, func(i int) { f.StartEnvoy(f.Pairs[i]) }, true}
	r.victims = []victim{extproc, control, envoy, together(extproc, control, envoy)}
	return f
}

// together are victims that end at the same time. The last comes back once the others have.
func together(all ...victim) victim {
	v := victim{name: "together"}
	v.kill = func(i int) {
		for _, one := range all {
			one.kill(i)
		}
	}
	v.start = func(i int) {
		for _, one := range all {
			one.start(i)
		}
	}
	for _, one := range all {
		v.name += ", " + one.name
		v.cuts = v.cuts || one.cuts
	}
	return v
}
