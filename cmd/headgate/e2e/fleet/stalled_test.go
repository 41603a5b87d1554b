package fleet

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/record"
	"github.com/headgate/headgate/extproc/sim"
)

// stallsVariable names how long ext_proc is stopped; make stalls sets it.
const stallsVariable = "HEADGATE_STALLS"

// every is the time between two requests.
const every = 20 * time.Millisecond

// stalled is what one client asked for, and what it got.
type stalled struct {
	way    gatewaytest.Way
	mark   string // also the user
	answer gatewaytest.Answer
	err    error
}

// stalledBody is a request that names its mark as the user.
func stalledBody(w gatewaytest.Way, model, mark, directive string) gatewaytest.Request {
	r := w.Request(model, fmt.Sprintf("[[sim %s]] %s", directive, mark))
	user := fmt.Sprintf(`{"user":%q,`, mark)
	if w.Claude() {
		user = fmt.Sprintf(`{"metadata":{"user_id":%q},`, mark)
	}
	r.Body = user + strings.TrimPrefix(r.Body, "{")
	return r
}

// whole reports whether the client got all of its answer.
func (s *stalled) whole() bool {
	a := &s.answer
	return s.err == nil && a.Err == nil && a.Status == http.StatusOK && (!s.way.Stream || s.way.Ended(*a))
}

// exchange is the id by which the client would ask for its row.
func (s *stalled) exchange() string {
	return cmp.Or(s.answer.Exchange(), gatewaytest.RefusedExchange(s.answer))
}

// TestExtprocStalls holds that every request leaves one row, which says what its client
// saw and what the provider billed, while ext_proc stands still: for less and for longer
// than Envoy waits for it.
func TestExtprocStalls(t *testing.T) {
	t.Parallel()
	for text := range strings.SplitSeq(cmp.Or(os.Getenv(stallsVariable), "2.5s"), ",") {
		still, err := time.ParseDuration(text)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			p := gatewaytest.Simulate(t, gatewaytest.Keyless)
			f := gatewaytest.StartFleet(t, gatewaytest.FleetOptions{
				Env: []string{gatewaytest.BackendKeyName + "=" + gatewaytest.BackendKey},
				Policy: gatewaytest.PolicyFor(p, `  chain: {chain: [sim/plain, claude/plain-claude], retries: 0}
  chain-claude: {chain: [claude/plain-claude, sim/plain], retries: 0}
  folded: {chain: [sim/plain], ask: stream}
`)})
			all := askWhileStopped(f.Pairs[0], still)
			checkStalled(t, f.Pairs[0], p, all)
			failed := 0
			for i := range all {
				if !all[i].whole() {
					failed++
				}
			}
			t.Logf("%d requests, of which %d failed", len(all), failed)
			if still > 2*time.Second && failed == 0 { // Envoy waits for 2s
				t.Error("no request failed: the test shows nothing")
			}
		})
	}
}

// askWhileStopped asks in turn, in each way, and stops ext_proc for a while meanwhile.
func askWhileStopped(pair *gatewaytest.Pair, still time.Duration) []*stalled {
	models := []string{"plain", "plain-claude", "chain", "chain-claude", "folded"}
	directives := []string{"tokens=20", "tokens=20 ttft=300ms", "tokens=20 pause=50ms", "tokens=20 ttft=700ms"}
	before, n := int(time.Second/every), int((2*time.Second+still)/every)
	all := make([]*stalled, n)
	var asking sync.WaitGroup
	tick := time.NewTicker(every)
	defer tick.Stop()
	for i := range n {
		<-tick.C
		switch i {
		case before:
			pair.ExtProc.Freeze()
		case before + int(still/every):
			pair.ExtProc.Thaw()
		}
		s := &stalled{way: gatewaytest.Ways[(i+i/9)%4], mark: fmt.Sprintf("mark-%04d", i)}
		all[i] = s
		r := stalledBody(s.way, models[(i*3+i/7)%5], s.mark, directives[(i*7+i/5)%4])
		asking.Go(func() {
			ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
			defer cancel()
			s.answer, s.err = pair.Try(ctx, r)
		})
	}
	asking.Wait()
	return all
}

// checkStalled compares rows with what clients saw and with the provider's log.
func checkStalled(t *testing.T, pair *gatewaytest.Pair, p *gatewaytest.Provider, all []*stalled) {
	t.Helper()
	var rows []record.Line
	gatewaytest.Eventually(t, "a row of every request", func() bool {
		rows = slices.DeleteFunc(pair.Rows(), func(r record.Line) bool { return r.Operation == "models" })
		return len(rows) >= len(all)
	})
	pair.ExtProc.Terminate() // and a row too many would be there
	rows = slices.DeleteFunc(pair.Rows(), func(r record.Line) bool { return r.Operation == "models" })
	byID, served := map[string][]record.Line{}, map[string]sim.Served{}
	for _, r := range rows {
		byID[r.Exchange] = append(byID[r.Exchange], r)
	}
	for _, s := range p.Settled() {
		text := gatewaytest.MarkOf(string(s.Body))
		served[text[strings.LastIndex(text, " ")+1:]] = s
	}
	if len(rows) != len(all) {
		t.Errorf("%d rows of %d requests", len(rows), len(all))
	}
	for _, s := range all {
		if found := byID[s.exchange()]; len(found) != 1 {
			t.Errorf("%s: %d rows of exchange %q, the client got %d %v: %s", s.mark, len(found), s.exchange(), s.answer.Status, s.err, s.answer.Body)
		} else {
			s.check(t, found[0], served[s.mark])
		}
	}
}

// check compares one row with what its client saw and with what the provider billed.
func (s *stalled) check(t *testing.T, row record.Line, served sim.Served) {
	t.Helper()
	a := &s.answer
	if row.Status != a.Status || row.Model != "" && row.User != s.mark {
		t.Errorf("%s: row %+v, the client got %d", s.mark, row, a.Status)
	}
	if s.whole() {
		if row.Outcome != "ok" || row.By != "" {
			t.Errorf("%s: row %+v of a whole answer", s.mark, row)
		}
		gatewaytest.CheckUsage(t, row, served.Usage)
		return
	}
	if row.Outcome != "gateway_error" || row.By != "gateway" {
		t.Errorf("%s: row %+v, the client got %d %v: %s", s.mark, row, a.Status, a.Err, a.Body)
	}
	if a.Status != http.StatusOK {
		gatewaytest.CheckRefusal(t, *a, s.way.Claude(), map[bool]string{true: "api_error", false: "server_error"}[s.way.Claude()], "gateway_unavailable")
		if a.Status != http.StatusGatewayTimeout || a.Header.Get("retry-after") != "1" || row.Reason != "gateway_unavailable" {
			t.Errorf("%s: the client got %d %v, row %+v", s.mark, a.Status, a.Header, row)
		}
	}
	billed := row.Tokens != nil
	for _, tried := range row.Tried {
		billed = billed || tried.Tokens != nil
	}
	if served.Status == http.StatusOK && !billed {
		t.Errorf("%s: row %+v has nothing of what the provider billed: %+v", s.mark, row, served.Usage)
	}
}
