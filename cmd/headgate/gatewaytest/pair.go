package gatewaytest

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/headgate/headgate/envoy/envoytest"
)

// Pair is one ext_proc server with its Envoy.
type Pair struct {
	Gateway // for its requests: URL, Ops and Data are set
	Node    string
	Binary  string   // empty: that of all
	Args    []string // flags of its ext_proc server beside those of all
	Env     []string // NAME=value, beside those of all
	ExtProc *Process
	Envoy   *Process
	Socket  string
	admin   string // socket of Envoy's admin interface
}

// AddPair adds a pair of which nothing runs yet.
func (f *Fleet) AddPair() *Pair {
	f.t.Helper()
	node := fmt.Sprintf("pair-%d", len(f.Pairs)+1)
	p := &Pair{Node: node, Binary: f.o.PairBinary, Socket: filepath.Join(f.Dir, node+".sock"), admin: filepath.Join(f.Dir, node+".admin")}
	p.Gateway = Gateway{t: f.t, URL: "http://" + f.free(), Ops: "http://" + f.free(), Data: filepath.Join(f.Dir, node)}
	f.Pairs = append(f.Pairs, p)
	return p
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
	if p.Binary == "" { // a release before may not know it
		args = append(args, "--envoy-admin", p.admin)
	}
	p.ExtProc = StartProcess(f.t, append(append([]string{}, f.o.Env...), p.Env...), either(f.t, p.Binary), append(args, p.Args...)...)
	p.Gateway.Process = p.ExtProc
	Eventually(f.t, "the ext_proc server of "+p.Node, func() bool { return p.ExtProc.ended() || up(p.Ops+"/healthz") })
}

// Bootstrap is the file of the configuration with which a pair's Envoy starts.
func (f *Fleet) Bootstrap(p *Pair) string {
	return filepath.Join(f.Dir, filepath.Base(p.admin)+".json")
}

// StartEnvoy starts a pair's Envoy from the bootstrap that Headgate prints.
func (f *Fleet) StartEnvoy(p *Pair) {
	f.t.Helper()
	config := f.Bootstrap(p)
	if _, err := os.Stat(config); err != nil {
		bootstrap, stderr, code := RunBinary(f.t, either(f.t, p.Binary), "envoy", "bootstrap", "--node", p.Node, "--socket", p.Socket, "--admin", p.admin)
		if code != 0 {
			f.t.Fatal(stderr)
		}
		if err := os.WriteFile(config, []byte(bootstrap), 0o600); err != nil {
			f.t.Fatal(err)
		}
	}
	p.Envoy = StartProcess(f.t, nil, envoytest.Path(f.t), "-c", config, "--concurrency", "2", "--log-level", "warn", "--disable-hot-restart")
}

// ReplaceEnvoy starts another Envoy beside a pair's, on the same port, and has the one before drain
// and end.
func (f *Fleet) ReplaceEnvoy(p *Pair) {
	f.t.Helper()
	old, before := p.Envoy, p.admin
	p.admin += "+"
	f.StartEnvoy(p)
	if _, stderr, code := Run(f.t, "envoy", "drain", "--admin", before, "--successor", p.admin); code != 0 {
		f.t.Fatal(stderr)
	}
	old.Exited(f.t)
}

// DrainEnvoy runs headgate envoy drain for a pair's Envoy with further flags.
func (p *Pair) DrainEnvoy(args ...string) (stderr string, code int) {
	p.t.Helper()
	_, stderr, code = Run(p.t, append([]string{"envoy", "drain", "--admin", p.admin}, args...)...)
	return stderr, code
}

// askEnvoy asks an admin interface.
func askEnvoy(socket, method, path string) (string, error) {
	c := http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}}}
	req, err := http.NewRequest(method, "http://envoy"+path, nil)
	if err != nil {
		return "", err
	}
	resp, err := c.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return string(b), err
}

// Updates returns Envoy's counters of configuration that it took or refused, one a
// line.
func (p *Pair) Updates() string {
	p.t.Helper()
	text, err := askEnvoy(p.admin, http.MethodGet, "/stats?filter=update_(success|rejected)$")
	if err != nil {
		p.t.Fatal(err)
	}
	return text
}
