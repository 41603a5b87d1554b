// Package soak holds a gateway of separate processes under load for a long time: its memory,
// goroutines and descriptors stay flat, no request fails because of the gateway, and every token
// and charge is as the provider's own log says.
//
// HEADGATE_SOAK is how long (make soak: 20m), HEADGATE_RPS how many requests begin in a second
// (150), HEADGATE_STREAMS how many streams are open beside them: by default as many as the
// descriptors of a process allow, and at most 10,000.
package soak

import (
	"os"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/sim"
)

// every is how often the processes are looked at, and what has ended is compared.
const every = 10 * time.Second

// more is what the policy has beside the models of all tests: chains whose first link fails, a
// guard, each API of a backend that has both, and a pool that holds as many streams as are open.
const more = `
  chain: {chain: [sim/plain, claude/plain-claude]}
  refused: {chain: [sim/plain+status=503, claude/plain-claude], retries: 0}
  broken: {chain: [claude/plain-claude+cut=headers, sim/plain], retries: 0}
  folded: {chain: [sim/plain], ask: stream}
  chat: {chain: [sim/plain], api: chat}
  guarded: {chain: [sim/plain], guards: {input: [{secrets: {action: deny}}], output: [{pii: {action: mask}}]}}
  open: {chain: [sim/plain], idle_timeout: 10m, breaker: {connections: 100000, pending: 100000, requests: 100000}}
  open-claude: {chain: [claude/plain-claude], idle_timeout: 10m, breaker: {connections: 100000, pending: 100000, requests: 100000}}
unpriced: flag
`

func TestSoak(t *testing.T) {
	lasts, err := time.ParseDuration(os.Getenv("HEADGATE_SOAK"))
	if err != nil {
		t.Skip("make soak runs it: HEADGATE_SOAK says how long")
	}
	rps, streams := number(t, "HEADGATE_RPS", 150), number(t, "HEADGATE_STREAMS", openStreams(t))
	provider := gatewaytest.Simulate(t, sim.Options{Keyless: true, Keep: 1 << 15, KeepBytes: 1 << 28})
	f := gatewaytest.StartFleet(t, gatewaytest.FleetOptions{Policy: gatewaytest.PolicyFor(provider, more),
		PairArgs: []string{"--log-size", "0"}, Env: []string{gatewaytest.BackendKeyName + "=" + gatewaytest.BackendKey}})
	j := newJudge(t, provider, f)
	l := startLoad(j, f.Pairs[0], rps, streams)
	t.Logf("%v of %d requests a second, beside %d open streams", lasts, rps, streams)
	w := watch{processes: processesOf(f)}
	for end := time.Now().Add(lasts); time.Now().Before(end); {
		time.Sleep(every)
		w.look(t)
		j.compare()
	}
	l.stop()
	w.report(t)
	for _, fault := range w.faults() {
		t.Error(fault)
	}
	j.finish()
}

// openStreams is how many streams the descriptors of a process allow, which it raises to the hard
// limit: the test has two connections for each, the client's and the provider's, and so has Envoy.
func openStreams(t *testing.T) int {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	limit.Cur = limit.Max
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil { // processes that it starts have it, too
		t.Fatal(err)
	}
	const others = 2000 // of the other requests, and of the processes themselves
	return max(10, min(10_000, (int(min(limit.Max, 1<<20))-others)/2))
}

func number(t *testing.T, variable string, otherwise int) int {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil || n <= 0 {
		t.Fatalf("%s=%q: must be a whole number above 0", variable, text)
	}
	return n
}
