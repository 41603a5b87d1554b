package processes

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/record"
	"github.com/headgate/headgate/xds/journal"
)

// replaced is a pair whose processes are replaced under load, with the exchanges that its clients
// saw to their ends.
type replaced struct {
	t     *testing.T
	fleet *gatewaytest.Fleet
	pair  *gatewaytest.Pair

	mu   sync.Mutex
	seen map[string]bool // exchanges that were answered whole

	again atomic.Int64 // requests that were sent again
}

// startReplaced starts a pair, each of whose models has two links.
func startReplaced(t *testing.T, args ...string) *replaced {
	t.Helper()
	return startReplacedOf(t, "", args...)
}

// startReplacedOf is startReplaced for another binary.
func startReplacedOf(t *testing.T, binary string, args ...string) *replaced {
	t.Helper()
	p := gatewaytest.Simulate(t, gatewaytest.Keyless)
	policy := "unpriced: flag\n" + gatewaytest.PolicyFor(p, "  m: {chain: [sim/plain, claude/plain-claude]}\n  second: {chain: [sim/plain+ttft=1s+status=503, claude/plain-claude], retries: 1}\n")
	r := &replaced{t: t, seen: map[string]bool{}}
	r.fleet = gatewaytest.StartFleet(t, gatewaytest.FleetOptions{Policy: policy, XDSBinary: binary, PairBinary: binary, PairArgs: args, Env: []string{gatewaytest.BackendKeyName + "=" + gatewaytest.BackendKey}})
	r.pair = r.fleet.Pairs[0]
	return r
}

// whole holds that an answer is one, and notes it.
func (r *replaced) whole(what string, a gatewaytest.Answer, err error) {
	if err != nil || a.Err != nil || a.Status != 200 {
		r.t.Errorf("%s: status %d, %v, %v: %s", what, a.Status, err, a.Err, a.Body)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.seen[a.Exchange()] {
		r.t.Errorf("%s: the exchange %s was seen before", what, a.Exchange())
	}
	r.seen[a.Exchange()] = true
}

// wholeOrAgain is whole for an Envoy that is replaced. A connection that waits at the port of the
// Envoy before as that closes it is reset by the kernel: its request has reached nobody, and is
// sent again as SDKs do. These are few.
func (r *replaced) wholeOrAgain(what string, a gatewaytest.Answer, err error) {
	if unheard := errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET); !unheard {
		r.whole(what, a, err)
		return
	}
	if n := r.again.Add(1); n > 3 {
		r.t.Errorf("%d requests were sent again", n)
	}
	again, err := r.pair.Try(r.t.Context(), gatewaytest.ChatRequest("/v1/chat/completions", gatewaytest.ChatBody("plain", what+" again", false), ""))
	r.whole(what+" again", again, err)
}

// replace starts another ext_proc server on the socket of the one that serves.
func (r *replaced) replace() (old *gatewaytest.Process) {
	r.t.Helper()
	old = r.pair.ExtProc
	r.fleet.StartExtProc(r.pair)
	gatewaytest.Eventually(r.t, "the takeover", func() bool { return strings.Contains(r.pair.ExtProc.Log(), "serving ext_proc") })
	return old
}

// outcomes are the rows in the control plane's journal, by exchange. One that is there twice fails
// the test.
func (r *replaced) outcomes() map[string]journal.Exchange {
	r.t.Helper()
	op := gatewaytest.NewOperator(r.t, r.fleet.XDS[0].Admin)
	var p journal.Page
	if err := json.Unmarshal([]byte(op.Says(0, []string{"exchanges", "-o", "json", "--operation", "chat", "--limit", "1000"})), &p); err != nil {
		r.t.Fatal(err)
	}
	rows := map[string]journal.Exchange{}
	for _, e := range p.Exchanges {
		if _, twice := rows[e.Exchange]; twice {
			r.t.Errorf("exchange %s has two rows", e.Exchange)
		}
		rows[e.Exchange] = e
	}
	return rows
}

// TestExtProcIsReplaced holds that an ext_proc server takes over from another one under load
// without a failed request, that a retry and the end of what the other one began reach it, and
// that each exchange has one row at the control plane. One that is killed leaves nothing that
// hinders the next.
func TestExtProcIsReplaced(t *testing.T) {
	t.Parallel()
	r := startReplaced(t)
	load := gatewaytest.StartLoadAt(t, r.pair, 50, 4, r.whole)
	load.More(50)

	var asking sync.WaitGroup
	var retried gatewaytest.Answer
	asking.Go(func() {
		var err error
		retried, err = r.pair.Try(t.Context(), gatewaytest.ChatRequest("/v1/chat/completions", gatewaytest.ChatBody("second", "retried", false), ""))
		r.whole("retried", retried, err)
	})
	left := r.pair.Stream(gatewaytest.ChatRequest("/v1/chat/completions", gatewaytest.ChatBody("plain", "left", true), "tokens=1000;pause=50ms"))
	if _, err := left.Next(); err != nil {
		t.Fatal(err)
	}
	old := r.replace()
	load.More(50)
	asking.Wait()
	if n := r.pair.Metric("headgate_streams_handed_over_total"); n == 0 {
		t.Error("nothing was handed over: the test shows nothing")
	}
	if !gatewaytest.Alive(old.Pid()) {
		t.Fatal("the old process has ended before its streams")
	}
	left.Close()
	if code := old.Exited(t); code != 0 {
		t.Errorf("exit code %d:\n%s", code, old.Log())
	}
	second := r.replace()
	load.More(50)
	load.Stop()
	if code := second.Exited(t); code != 0 {
		t.Errorf("exit code %d:\n%s", code, second.Log())
	}

	var rows map[string]journal.Exchange
	gatewaytest.Eventually(t, "all rows", func() bool { rows = r.outcomes(); return len(rows) > len(r.seen) })
	for id := range r.seen {
		if e := rows[id]; e.Outcome != "ok" {
			t.Errorf("exchange %s: row %+v", id, e)
		}
	}
	if e := rows[left.Response.Header.Get(record.ExchangeHeader)]; e.Outcome != "cancelled" || len(rows) != len(r.seen)+1 {
		t.Errorf("%d rows of %d exchanges; that which the client left: %+v", len(rows), len(r.seen)+1, e)
	}

	r.pair.ExtProc.Kill()
	r.pair.ExtProc.Exited(t)
	r.replace()
	r.fleet.AwaitAnswer(r.pair)
	if all, err := filepath.Glob(r.pair.Socket + ".[0-9]*"); err != nil || fmt.Sprint(all) != "["+r.pair.Socket+".4]" {
		t.Errorf("private sockets %v, %v", all, err)
	}
}

// TestEnvoyIsReplaced holds that an Envoy is replaced by another one beside it under load without a
// failed request, whichever ext_proc server serves both, and that no other pair gets on its port.
func TestEnvoyIsReplaced(t *testing.T) {
	t.Parallel()
	r := startReplaced(t, "--share-port")
	load := gatewaytest.StartLoadAt(t, r.pair, 50, 4, r.wholeOrAgain)
	load.More(50)
	r.fleet.ReplaceEnvoy(r.pair)
	load.More(50)
	r.replace()
	load.More(50)
	r.fleet.ReplaceEnvoy(r.pair)
	load.More(50)
	load.Stop()

	if text, code := r.pair.DrainEnvoy("--successor", r.pair.Socket+"-", "--begins", "1s"); code != 1 || !strings.Contains(text, "the other Envoy does not listen at ") {
		t.Errorf("a successor that does not listen: exit code %d, %s", code, text)
	}
	r.fleet.AwaitAnswer(r.pair)
	stranger := gatewaytest.StartProcess(t, nil, gatewaytest.Binary(t), "extproc", "--socket", r.pair.Socket+"+", "--node", "stranger", "--share-port",
		"--listen", strings.TrimPrefix(r.pair.URL, "http://"), "--state", "", "--operations", "127.0.0.1:0")
	if code := stranger.Exited(t); code != 1 || !strings.Contains(stranger.Log(), "gateway port: the Envoys of another pair listen on "+strings.TrimPrefix(r.pair.URL, "http://")) {
		t.Errorf("another pair on the port: exit code %d:\n%s", code, stranger.Log())
	}

	left := r.pair.Stream(gatewaytest.ChatRequest("/v1/chat/completions", gatewaytest.ChatBody("plain", "long", true), "tokens=1000;pause=50ms"))
	if _, err := left.Next(); err != nil {
		t.Fatal(err)
	}
	if text, code := r.pair.DrainEnvoy("--drain", "300ms"); code != 1 || !strings.Contains(text, "requests were still under way") {
		t.Errorf("a client that stays: exit code %d, %s", code, text)
	}
	r.pair.Envoy.Exited(t)
	if text, code := r.pair.DrainEnvoy(); code != 0 {
		t.Errorf("an Envoy that has ended: exit code %d, %s", code, text)
	}
}
