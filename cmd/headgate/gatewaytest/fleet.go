package gatewaytest

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/headgate/headgate/envoy/envoytest"
)

// Fleet is a gateway of separate processes, as in a real deployment: control plane
// replicas and pairs of an ext_proc server with an Envoy that nobody else started.
// Everything ends with the test.
type Fleet struct {
	t      testing.TB
	o      FleetOptions
	Dir    string // short, because Unix socket paths are bounded
	Policy string // the file that the replicas watch
	XDS    []*Replica
	Pairs  []*Pair
}

// FleetOptions say what a fleet is made of.
type FleetOptions struct {
	Policy       string   // without listen: each pair has an address of its own
	XDS, Pairs   int      // how many; 0: one
	XDSArgs      []string // further flags of the replicas
	PairArgs     []string // further flags of the ext_proc servers
	Env          []string // NAME=value, of the ext_proc servers
	PolicyFolder string   // what the replicas watch in place of Policy
}

// Replica is one control plane process.
type Replica struct {
	*Process
	Addr, Admin, Ops string // host:port
}

// Pair is one ext_proc server with its Envoy.
type Pair struct {
	Gateway // for its requests: URL, Ops and Data are set
	Node    string
	ExtProc *Process
	Envoy   *Process
	Socket  string
}

// StartFleet starts a fleet and waits until every pair answers.
func StartFleet(t testing.TB, o FleetOptions) *Fleet {
	t.Helper()
	Envoy(t)
	dir, err := os.MkdirTemp("", "hg")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	f := &Fleet{t: t, o: o, Dir: dir, Policy: filepath.Join(dir, "policy.yaml")}
	if o.PolicyFolder != "" {
		f.Policy = o.PolicyFolder
	} else {
		f.Write(o.Policy)
	}
	for range max(o.XDS, 1) {
		f.XDS = append(f.XDS, &Replica{Addr: f.free(), Admin: f.free(), Ops: f.free()})
	}
	for i := range f.XDS {
		f.StartXDS(i)
	}
	for i := range max(o.Pairs, 1) {
		f.addPair(i)
	}
	for _, p := range f.Pairs {
		f.StartExtProc(p)
		f.StartEnvoy(p)
	}
	for _, p := range f.Pairs {
		f.AwaitAnswer(p)
	}
	return f
}

func (f *Fleet) free() string { return fmt.Sprintf("127.0.0.1:%d", FreePort(f.t)) }

func (f *Fleet) addPair(i int) {
	p := &Pair{Node: fmt.Sprintf("pair-%d", i+1), Socket: filepath.Join(f.Dir, fmt.Sprintf("e%d.sock", i+1))}
	p.Gateway = Gateway{t: f.t, URL: "http://" + f.free(), Ops: "http://" + f.free(), Data: filepath.Join(f.Dir, p.Node)}
	f.Pairs = append(f.Pairs, p)
}

// Write replaces the policy file as an editor does: whole, by renaming.
func (f *Fleet) Write(policy string) {
	f.t.Helper()
	next := f.Policy + ".next"
	if err := os.WriteFile(next, []byte(policy), 0o600); err != nil {
		f.t.Fatal(err)
	}
	if err := os.Rename(next, f.Policy); err != nil {
		f.t.Fatal(err)
	}
}

// StartXDS starts a replica, on the ports that it had before.
func (f *Fleet) StartXDS(i int) {
	f.t.Helper()
	x := f.XDS[i]
	args := append([]string{"xds", "-f", f.Policy, "--listen", x.Addr, "--admin", x.Admin, "--operations", x.Ops,
		"--state", filepath.Join(f.Dir, fmt.Sprintf("xds-%d", i+1)), "--envoy-access-log", filepath.Join(f.Dir, "envoy.jsonl")}, f.o.XDSArgs...)
	x.Process = StartProcess(f.t, nil, Binary(f.t), args...)
	Eventually(f.t, "the control plane", func() bool { return up("http://" + x.Ops + "/readyz") })
}

func up(url string) bool {
	resp, err := http.Get(url)
	if err != nil {
		return false
	}
	_ = resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

// StartExtProc starts a pair's ext_proc server, on the socket that it had before.
func (f *Fleet) StartExtProc(p *Pair) {
	f.t.Helper()
	var replicas []string
	for _, x := range f.XDS {
		replicas = append(replicas, x.Addr)
	}
	args := append([]string{"extproc", "--xds", strings.Join(replicas, ","), "--node", p.Node, "--listen", strings.TrimPrefix(p.URL, "http://"),
		"--socket", p.Socket, "--operations", strings.TrimPrefix(p.Ops, "http://"), "--state", filepath.Join(p.Data, "state"),
		"--access-log", filepath.Join(p.Data, "access.jsonl")}, f.o.PairArgs...)
	p.ExtProc = StartProcess(f.t, f.o.Env, Binary(f.t), args...)
	p.Gateway.exited, p.Gateway.log = p.ExtProc.exited, p.ExtProc.log
}

// StartEnvoy starts a pair's Envoy from the bootstrap that Headgate prints.
func (f *Fleet) StartEnvoy(p *Pair) {
	f.t.Helper()
	bootstrap, stderr, code := Run(f.t, "envoy", "bootstrap", "--node", p.Node, "--socket", p.Socket, "--admin", filepath.Join(f.Dir, p.Node+".admin"))
	if code != 0 {
		f.t.Fatal(stderr)
	}
	config := filepath.Join(f.Dir, p.Node+".json")
	if err := os.WriteFile(config, []byte(bootstrap), 0o600); err != nil {
		f.t.Fatal(err)
	}
	p.Envoy = StartProcess(f.t, nil, envoytest.Path(f.t), "-c", config, "--concurrency", "2", "--log-level", "warn", "--disable-hot-restart")
}

// AwaitAnswer waits until a pair answers for itself.
func (f *Fleet) AwaitAnswer(p *Pair) {
	f.t.Helper()
	Eventually(f.t, "an answer of "+p.Node, func() bool { return up(p.URL + "/v1/models") })
}

// Eventually polls until cond holds, and fails the test where it does not within a
// bounded time.
func Eventually(t testing.TB, what string, cond func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !cond() {
		if time.Now().After(deadline) {
			t.Fatalf("waiting for %s: nothing after %v", what, patience)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// Process is a process that ends with the test.
type Process struct {
	*exec.Cmd
	log    *lockedBuffer
	exited chan struct{} // closed when it has ended
}

// StartProcess starts a program with its arguments and further environment.
func StartProcess(t testing.TB, env []string, path string, args ...string) *Process {
	t.Helper()
	p := &Process{Cmd: exec.Command(path, args...), log: &lockedBuffer{}, exited: make(chan struct{})}
	p.Env = append(os.Environ(), env...)
	p.Stdout, p.Stderr = p.log, p.log
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = p.Wait()
		close(p.exited)
	}()
	t.Cleanup(func() {
		p.Kill()
		if t.Failed() {
			t.Logf("%s %s:\n%s", filepath.Base(path), args[0], tail(p.Log(), 6000))
		}
	})
	return p
}

// Pid is the process's id.
func (p *Process) Pid() int { return p.Cmd.Process.Pid }

// Log returns what the process wrote to its outputs.
func (p *Process) Log() string { return p.log.String() }

// Kill ends the process as kill -9 does, and waits for its end.
func (p *Process) Kill() {
	_ = p.Cmd.Process.Kill()
	<-p.exited
}

// Terminate ends the process as an orchestrator does, and waits for its end.
func (p *Process) Terminate() {
	_ = p.Cmd.Process.Signal(syscall.SIGTERM)
	<-p.exited
}

// Hangup tells the process to read its files again.
func (p *Process) Hangup() { _ = p.Cmd.Process.Signal(syscall.SIGHUP) }
