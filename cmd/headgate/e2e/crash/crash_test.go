package crash

import (
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// TestKilledProcessesOnSQLite holds that the journal agrees with the provider whichever
// process is killed.
func TestKilledProcessesOnSQLite(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	f := r.startFleet(gatewaytest.FleetOptions{Policy: r.policy(), Env: env})
	for _, seed := range seeds(t, len(r.victims)) {
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
	signalEnvoy := func(s syscall.Signal) func(int) { return func(int) { _ = syscall.Kill(g.EnvoyPID(), s) } }
	nothing, again := func(int) {}, func(int) { g.StartAgain() }
	freeze, thaw := func(int) { g.Process.Freeze() }, func(int) { g.Process.Thaw() }
	r.victims = []victim{
		{name: "headgate run, SIGKILL", kill: func(int) { g.Process.Kill() }, start: again, does: cuts},
		{name: "headgate run, SIGTERM", kill: func(int) { g.Process.Terminate() }, start: again, does: refuses},
		{name: "headgate run, stopped shortly", kill: freeze, start: thaw, does: harmless, down: shortly},
		{name: "headgate run, stopped", kill: freeze, start: thaw, does: cuts, down: long},
		{name: "its Envoy, SIGKILL", kill: signalEnvoy(syscall.SIGKILL), start: nothing, does: cuts},
		{name: "its Envoy, SIGTERM", kill: signalEnvoy(syscall.SIGTERM), start: nothing, does: cuts},
		{name: "its Envoy, stopped", kill: signalEnvoy(syscall.SIGSTOP), start: signalEnvoy(syscall.SIGCONT), does: cuts, down: long},
	}
	for _, seed := range seeds(t, len(r.victims)) {
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
	control := func(i int) *gatewaytest.Process { return f.XDS[i%len(f.XDS)].Process }
	startControl := func(i int) { f.StartXDS(i % len(f.XDS)) }
	extproc := func(i int) *gatewaytest.Process { return f.Pairs[i].ExtProc }
	startExtproc := func(i int) { f.StartExtProc(f.Pairs[i]) }
	envoy := func(i int) *gatewaytest.Process { return f.Pairs[i].Envoy }
	startEnvoy := func(i int) { f.StartEnvoy(f.Pairs[i]) }
	killed := []victim{killed("ext_proc", extproc, startExtproc, cuts), killed("control plane", control, startControl, harmless), killed("Envoy", envoy, startEnvoy, cuts)}
	r.victims = append(killed, together(killed...),
		ended("ext_proc", extproc, startExtproc, refuses), ended("control plane", control, startControl, harmless), ended("Envoy", envoy, startEnvoy, cuts),
		stopped("ext_proc, stopped shortly", extproc, harmless, shortly), stopped("ext_proc, stopped", extproc, cuts, long),
		stopped("control plane, stopped", control, harmless, long), stopped("Envoy, stopped", envoy, cuts, long))
	return f
}

// How long processes stand still: for less, and for more than Envoy waits for ext_proc, which are two
// seconds. Envoy's own clocks go on while it stands still itself: it may take a message that waits to
// be read for one that did not come.
const (
	shortly = 700 * time.Millisecond
	long    = 2500 * time.Millisecond
)

// killed, ended and stopped are what happens to a process of a pair.
func killed(name string, of func(pair int) *gatewaytest.Process, start func(int), does damage) victim {
	return victim{name: name + ", SIGKILL", kill: func(i int) { of(i).Kill() }, start: start, does: does}
}

func ended(name string, of func(pair int) *gatewaytest.Process, start func(int), does damage) victim {
	return victim{name: name + ", SIGTERM", kill: func(i int) { of(i).Terminate() }, start: start, does: does}
}

func stopped(name string, of func(pair int) *gatewaytest.Process, does damage, down time.Duration) victim {
	return victim{name: name, kill: func(i int) { of(i).Freeze() }, start: func(i int) { of(i).Thaw() }, does: does, down: down}
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
		v.does = max(v.does, one.does)
	}
	return v
}
