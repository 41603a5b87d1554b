package gatewaytest

import (
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"testing"
)

// Replica is one control plane process.
type Replica struct {
	*Process
	Binary           string   // empty: that of all
	Args             []string // flags beside those of all
	Addr, Admin, Ops string   // host:port
	t                testing.TB
}

// StartXDS starts a replica, on the ports that it had before.
func (f *Fleet) StartXDS(i int) {
	f.t.Helper()
	x := f.XDS[i]
	state := fmt.Sprintf("xds-%d", i+1)
	if f.o.SharedState {
		state = "xds"
	}
	args := append([]string{"xds", "-f", f.Policy, "--listen", x.Addr, "--admin", x.Admin, "--operations", x.Ops,
		"--state", filepath.Join(f.Dir, state), "--envoy-access-log", filepath.Join(f.Dir, "envoy.jsonl")}, f.o.XDSArgs...)
	ofBefore := func(p *Pair) bool { return p.Binary != "" }
	if x.Binary == "" && (f.o.PairBinary != "" || slices.ContainsFunc(f.Pairs, ofBefore)) {
		args = append(args, "--allow-pairs-without-token")
	}
	x.Process = StartProcess(f.t, f.o.XDSEnv, either(f.t, x.Binary), append(args, x.Args...)...)
	Eventually(f.t, "the control plane", func() bool { return x.ended() || up("http://"+x.Ops+"/readyz") })
	if x.ended() {
		f.t.Fatalf("the control plane ended: %s", x.Log())
	}
}

func up(url string) bool {
	resp, err := http.Get(url)
	if err != nil {
		return false
	}
	_ = resp.Body.Close()
	return resp.StatusCode == http.StatusOK || resp.StatusCode == http.StatusUnauthorized // it has no key
}

// Metric is Gateway.Metric for a replica.
func (x *Replica) Metric(series string) float64 {
	x.t.Helper()
	return x.gateway().Metric(series)
}

// Readyz is Gateway.Readyz for a replica.
func (x *Replica) Readyz() (status int, text string) {
	x.t.Helper()
	return x.gateway().Readyz()
}

// gateway stands for a replica that is asked as a gateway is.
func (x *Replica) gateway() *Gateway { return &Gateway{t: x.t, Ops: "http://" + x.Ops} }

// Status returns what headgate status prints about a replica.
func (x *Replica) Status() string {
	x.t.Helper()
	out, stderr, code := Run(x.t, "status", "--admin", x.Admin)
	if code != 0 {
		x.t.Fatalf("headgate status: exit code %d, %s", code, stderr)
	}
	return out
}
