package fleet

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
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

// TestExtprocDrains holds that a server that is told to end lets a stream that is open
// end whole, and ends then.
func TestExtprocDrains(t *testing.T) {
	t.Parallel()
	s := gatewaytest.NewEditions(t, 2)
	f := gatewaytest.StartFleet(t, gatewaytest.FleetOptions{Policy: gatewaytest.Edition(1, s.URLs)})
	pair := f.Pairs[0]
	stream := pair.Stream(gatewaytest.ChatRequest("/v1/chat/completions", gatewaytest.ChatBody("m", "[[sim tokens=30 pause=50ms]]", true), ""))
	if _, err := stream.Next(); err != nil {
		t.Fatal(err)
	}
	began, ended := time.Now(), make(chan time.Duration, 1)
	go func() {
		pair.ExtProc.Terminate()
		ended <- time.Since(began)
	}()
	var last string
	for {
		ev, err := stream.Next()
		if err != nil {
			if ev != "" || !strings.Contains(last, "tokens-out=30") {
				t.Errorf("the stream ended with %v after %q", err, last)
			}
			break
		}
		last = ev
	}
	streamed, took := time.Since(began), <-ended
	t.Logf("the stream ended %v after the signal, the process %v after it", streamed.Round(time.Millisecond), took.Round(time.Millisecond))
	if code := pair.ExtProc.ProcessState.ExitCode(); code != 0 || took > streamed+5*time.Second {
		t.Errorf("exit code %d, %v after the signal", code, took)
	}
	f.StartExtProc(pair)
	f.AwaitAnswer(pair)
	pair.CheckRevisionsKnown()
}
