package fleet

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/record"
)

// refusedWell reports whether an answer says in JSON that the gateway has no ext_proc.
func refusedWell(a gatewaytest.Answer) bool {
	var e struct {
		Error struct{ Message, Code string }
	}
	err := json.Unmarshal([]byte(a.Body), &e)
	return err == nil && a.Status == http.StatusServiceUnavailable && e.Error.Message != "" && e.Error.Code == "gateway_unavailable" && a.Header.Get("retry-after") == "1"
}

// TestExtprocKilledUnderLoad holds that a gateway whose ext_proc server is killed
// refuses in JSON, cuts what is under way so that it shows, and works again as
// soon as the server is back, with no exchange of a policy that it does not have.
func TestExtprocKilledUnderLoad(t *testing.T) {
	t.Parallel()
	s := gatewaytest.NewEditions(t, 2)
	f := gatewaytest.StartFleet(t, gatewaytest.FleetOptions{Policy: gatewaytest.Edition(1, s.URLs)})
	pair := f.Pairs[0]
	pair.AwaitPolicy(gatewaytest.RevisionOf(t, gatewaytest.Edition(1, s.URLs)))
	var refused, cut atomic.Int64
	l := gatewaytest.StartLoad(t, pair, 10, func(what string, a gatewaytest.Answer, err error) {
		switch {
		case err != nil:
			t.Errorf("%s: no answer at all: %v", what, err)
		case refusedWell(a):
			refused.Add(1)
			time.Sleep(20 * time.Millisecond) // a client that is refused does not ask again at once
		case a.Err != nil && a.Status == http.StatusOK:
			cut.Add(1)
		default:
			s.Whole(t)(what, a, nil)
		}
	})
	for range 2 {
		pair.ExtProc.Kill()
		l.More(5)
		if refused.Load() == 0 {
			t.Error("nothing was refused while there was no ext_proc")
		}
		f.StartExtProc(pair)
		f.AwaitAnswer(pair)
		l.More(10) // refusals that are on their way are counted by then
		before := refused.Load()
		l.More(10)
		if again := refused.Load() - before; again > 0 {
			t.Errorf("%d refusals after ext_proc had come back", again)
		}
		pair.CheckRevisionsKnown()
	}
	l.Stop()
	t.Logf("%d answers were refused, %d were cut", refused.Load(), cut.Load())
	if cut.Load() == 0 {
		t.Error("no stream was cut: the test shows nothing")
	}
}

// TestKilledDuringChanges kills one process of a fleet ten times while a change of the
// policy is on its way, each time later in it. The backends have names, which Envoy
// must resolve.
func TestKilledDuringChanges(t *testing.T) {
	t.Parallel()
	for name, restart := range map[string]func(*gatewaytest.Fleet, *gatewaytest.Pair){
		"ext_proc":      func(f *gatewaytest.Fleet, p *gatewaytest.Pair) { p.ExtProc.Kill(); f.StartExtProc(p) },
		"Envoy":         func(f *gatewaytest.Fleet, p *gatewaytest.Pair) { p.Envoy.Kill(); f.StartEnvoy(p) },
		"control plane": func(f *gatewaytest.Fleet, _ *gatewaytest.Pair) { f.XDS[0].Kill(); f.StartXDS(0) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			killDuringChanges(t, restart)
		})
	}
}

func killDuringChanges(t *testing.T, restart func(*gatewaytest.Fleet, *gatewaytest.Pair)) {
	const kills = 10
	s := gatewaytest.NewEditions(t, 0)
	for i, u := range s.URLs {
		s.URLs[i] = strings.Replace(u, "127.0.0.1", "localhost", 1)
	}
	f := gatewaytest.StartFleet(t, gatewaytest.FleetOptions{Policy: gatewaytest.Edition(1, s.URLs)})
	pair := f.Pairs[0]
	pair.AwaitPolicy(gatewaytest.RevisionOf(t, gatewaytest.Edition(1, s.URLs)))
	onTheWay := 0
	for k := range kills {
		next := gatewaytest.RevisionOf(t, gatewaytest.Edition(k+2, s.URLs))
		f.Write(gatewaytest.Edition(k+2, s.URLs))
		time.Sleep(time.Duration(k) * 5 * time.Millisecond) // the moment is what differs
		if n := pair.Metric(`headgate_pair_policy_info{revision="` + next + `"}`); n == 0 {
			onTheWay++
		}
		restart(f, pair)
		f.AwaitAnswer(pair)
		pair.AwaitPolicy(next)
		pair.AwaitRevision(next)
		pair.CheckRevisionsKnown()
	}
	t.Logf("%d of %d kills met a change that was on its way", onTheWay, kills)
}

// TestExtprocDrains holds that a server that gets SIGTERM lets what has begun end whole, with its
// retries, and refuses what begins; that it cuts what is open after --grace, with a row that says
// so; and that the next one serves again.
func TestExtprocDrains(t *testing.T) {
	t.Parallel()
	p := gatewaytest.Simulate(t, gatewaytest.Keyless)
	f := gatewaytest.StartFleet(t, gatewaytest.FleetOptions{
		Policy:   "unpriced: flag\n" + gatewaytest.PolicyFor(p, "  second: {chain: [sim/plain+ttft=1s+status=503, claude/plain-claude], retries: 1}\n"),
		Env:      []string{gatewaytest.BackendKeyName + "=" + gatewaytest.BackendKey},
		PairArgs: []string{"--grace", "3s"},
	})
	pair := f.Pairs[0]
	chat := func(model, text, directive string, stream bool) gatewaytest.Request {
		return gatewaytest.ChatRequest("/v1/chat/completions", gatewaytest.ChatBody(model, text, stream), directive)
	}
	ends, endless := pair.Stream(chat("plain", "ends", "tokens=30;pause=50ms", true)), pair.Stream(chat("plain", "endless", "tokens=1000;pause=50ms", true))
	for _, s := range []*gatewaytest.Stream{ends, endless} {
		if _, err := s.Next(); err != nil {
			t.Fatal(err)
		}
	}
	retried := make(chan gatewaytest.Answer, 1)
	go func() {
		a, err := pair.Try(t.Context(), chat("second", "retried", "", false))
		if err != nil {
			t.Error(err)
		}
		retried <- a
	}()
	pair.Eventually("the attempt that fails", func() bool { return pair.Metric("headgate_streams_in_flight") >= 4 }) // the retried one has two
	began, ended := time.Now(), make(chan time.Duration, 1)
	go func() { pair.ExtProc.Terminate(); ended <- time.Since(began) }()
	pair.Eventually("the end of health", func() bool {
		a := pair.Ask(gatewaytest.Request{Method: http.MethodGet, Path: "/healthz"})
		return a.Status == http.StatusServiceUnavailable && a.Body == "stopping\n"
	})
	refused := pair.Ask(chat("plain", "late", "", false))
	gatewaytest.CheckRefusal(t, refused, false, "server_error", "gateway_stopping")
	if refused.Status != http.StatusServiceUnavailable || refused.Header.Get("retry-after") != "1" {
		t.Errorf("a request that comes too late gets %d %v", refused.Status, refused.Header)
	}
	if a := <-retried; a.Status != http.StatusOK || !strings.Contains(a.Body, `"choices"`) {
		t.Errorf("a retry after the signal gets %d: %s", a.Status, a.Body)
	}
	if last := toTheEnd(ends); !strings.Contains(last, "tokens-out=30") {
		t.Errorf("the stream that ends in time ends with %q", last)
	}
	if last := toTheEnd(endless); strings.Contains(last, "tokens-out") {
		t.Errorf("the stream that does not end is cut after %q", last)
	}
	took := <-ended
	t.Logf("the process ended %v after the signal", took.Round(time.Millisecond))
	if code := pair.ExtProc.ProcessState.ExitCode(); code != 0 || took < 3*time.Second {
		t.Errorf("exit code %d, %v after the signal", code, took)
	}
	f.StartExtProc(pair)
	f.AwaitAnswer(pair)
	for id, want := range map[string]string{
		ends.Response.Header.Get(record.ExchangeHeader): "ok", endless.Response.Header.Get(record.ExchangeHeader): "drained", gatewaytest.RefusedExchange(refused): "gateway_error",
	} {
		if row := pair.Row(id); row.Outcome != want {
			t.Errorf("row %+v, want %s", row, want)
		}
	}
	pair.CheckRevisionsKnown()
}

// toTheEnd reads a stream to its end, and returns its last event.
func toTheEnd(s *gatewaytest.Stream) (last string) {
	for {
		ev, err := s.Next()
		if err != nil {
			return last
		}
		last = ev
	}
}
