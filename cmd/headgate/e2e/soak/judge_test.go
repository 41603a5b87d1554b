package soak

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/record"
	"github.com/headgate/headgate/extproc/sim"
)

// marks are in the texts of requests.
var marks = regexp.MustCompile(`m\d+-`)

// judge compares what clients saw, what the provider has served and what rows say, as it comes, and
// forgets what agrees.
type judge struct {
	t        *testing.T
	provider *gatewaytest.Provider
	fleet    *gatewaytest.Fleet
	log      *bufio.Reader // of the rows
	part     []byte        // of a row whose end is not written yet

	mu    sync.Mutex
	calls map[string]*call // that have not been compared yet, by mark

	rows   map[string][]record.Line // by mark, of those
	served map[string][]sim.Served  // the same
	seen   map[int64]bool           // exchanges of the provider's log that were read

	kinds  map[string]int // calls that were compared, by kind
	faults int
	cost   totals
}

// totals are those of all rows of calls.
type totals struct {
	Requests int64
	Nano     int64 `json:"cost_nano_usd"`
}

func newJudge(t *testing.T, p *gatewaytest.Provider, f *gatewaytest.Fleet) *judge {
	file, err := os.Open(filepath.Join(f.Pairs[0].Data, "access.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	return &judge{t: t, provider: p, fleet: f, log: bufio.NewReader(file), calls: map[string]*call{},
		rows: map[string][]record.Line{}, served: map[string][]sim.Served{}, seen: map[int64]bool{}, kinds: map[string]int{}}
}

func (j *judge) begin(c *call) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.calls[c.mark] = c
}

// end notes that a client is done, and holds what it saw.
func (j *judge) end(c *call, a gatewaytest.Answer, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	c.ended = time.Now()
	if fault := seen(c); fault != "" {
		j.fault("%s %s: %s after %v: %v %v %.500s", c.mark, c.kind, fault, c.ended.Sub(c.began), err, a.Err, a.Body)
	}
}

// seen says what is wrong with what a client saw; empty: nothing.
func seen(c *call) string {
	switch {
	case c.want.leaves > 0 && (c.status == 0 || c.status == 200):
		return ""
	case c.status != c.want.status:
		return fmt.Sprintf("status %d, want %d", c.status, c.want.status)
	case c.status == 200 && !c.whole:
		return "the answer broke off"
	}
	return ""
}

// fault reports what is wrong. Of many the first are enough.
func (j *judge) fault(format string, args ...any) {
	if j.faults++; j.faults <= 50 {
		j.t.Errorf(format, args...)
	} else {
		j.t.Fail()
	}
}

// late is how long after its client's end the row of a call may come: it may wait for Envoy's
// account, and the provider may notice late that its client has left.
const late = 60 * time.Second

// compare reads what is new, and compares the calls of which all is there.
func (j *judge) compare() {
	j.read()
	j.mu.Lock()
	defer j.mu.Unlock()
	for mark, c := range j.calls {
		switch over := time.Since(c.ended); {
		case c.ended.IsZero() || over < every:
		case len(j.rows[mark]) == 0 && over < late:
		default:
			for _, fault := range faultsOf(c, j.rows[mark], j.served[mark]) {
				j.fault("%s %s: %s\n    rows   %s\n    served %s", mark, c.kind, fault, rowsText(j.rows[mark]), servedText(j.served[mark]))
			}
			j.sum(j.rows[mark])
			j.kinds[c.kind]++
			delete(j.calls, mark)
			delete(j.rows, mark)
			delete(j.served, mark)
		}
	}
}

// read takes over new rows and what the provider has served since.
func (j *judge) read() {
	for {
		line, err := j.log.ReadBytes('\n')
		j.part = append(j.part, line...)
		if err != nil {
			if !errors.Is(err, io.EOF) {
				j.t.Fatal(err)
			}
			break
		}
		var r record.Line
		if err := json.Unmarshal(bytes.TrimSpace(j.part), &r); err != nil {
			j.t.Fatalf("row %q: %v", j.part, err)
		}
		j.part = j.part[:0]
		if r.Session != "" {
			j.rows[r.Session] = append(j.rows[r.Session], r)
		}
	}
	kept := map[int64]bool{}
	for _, s := range j.provider.Served() {
		kept[s.Seq] = true
		if mark := string(marks.Find(s.Body)); !j.seen[s.Seq] && mark != "" {
			j.served[mark] = append(j.served[mark], s)
		}
	}
	j.seen = kept
}

// faultsOf compares what is known of a call.
func faultsOf(c *call, rows []record.Line, served []sim.Served) (faults []string) {
	if len(rows) == 0 && len(served) == 0 && c.want.leaves > 0 && c.status == 0 {
		return nil // it left before it was heard: finish holds that Envoy has not seen it either
	}
	if len(rows) != 1 {
		return []string{fmt.Sprintf("%d rows of one request", len(rows))}
	}
	r := &rows[0]
	if r.By == "gateway" {
		faults = append(faults, "the gateway failed")
	}
	switch {
	case c.want.leaves > 0:
		if r.Outcome != "cancelled" && r.Outcome != "ok" {
			faults = append(faults, "the client left, and the outcome is "+r.Outcome)
		}
	case c.want.reason != "":
		if r.Reason != c.want.reason || len(served) != 0 || r.Tokens != nil {
			faults = append(faults, "it was to be refused for "+c.want.reason)
		}
	case r.Outcome != "ok":
		faults = append(faults, "the outcome is "+r.Outcome)
	case r.UsageSource != "provider":
		faults = append(faults, "the usage is "+r.UsageSource)
	}
	if r.UsageSource == "provider" {
		faults = append(faults, chargedOtherwise(r, served)...)
	}
	return faults
}

// chargedOtherwise says how a row's charge differs from what the provider reported.
func chargedOtherwise(r *record.Line, served []sim.Served) (faults []string) {
	i := slices.IndexFunc(served, func(s sim.Served) bool { return s.ID == r.Response })
	if i < 0 {
		return []string{"the provider knows no answer " + r.Response}
	}
	u := served[i].Usage
	if got := usageOf(r.Tokens); got != u {
		faults = append(faults, fmt.Sprintf("tokens %+v, the provider reported %+v", got, u))
	}
	if nano := gatewaytest.Nano(u); r.CostNano == nil || *r.CostNano != nano {
		faults = append(faults, fmt.Sprintf("cost %v, want %d", r.CostNano, nano))
	}
	return faults
}

// usageOf are a row's tokens as the provider counts them.
func usageOf(t *record.Tokens) sim.Usage {
	if t == nil {
		return sim.Usage{}
	}
	return sim.Usage{Input: int(t.Input), CacheRead: int(t.CacheRead), CacheWrite5m: int(t.CacheWrite5m), CacheWrite1h: int(t.CacheWrite1h),
		AudioInput: int(t.AudioInput), Output: int(t.Output), Reasoning: int(t.Reasoning), AudioOutput: int(t.AudioOutput)}
}

// sum adds rows to the totals, with the attempts that are charged.
func (j *judge) sum(rows []record.Line) {
	for i := range rows {
		j.cost.Requests++
		if n := rows[i].CostNano; n != nil {
			j.cost.Nano += *n
		}
		for _, a := range rows[i].Tried {
			if a.CostNano != nil {
				j.cost.Nano += *a.CostNano
			}
		}
	}
}

func rowsText(rows []record.Line) (text string) {
	for _, r := range rows {
		text += fmt.Sprintf("[%s %s→%s %d %s %s %q %s %s %+v]", r.Exchange, r.Route, r.Backend, r.Status, r.Outcome, r.By, r.Detail, r.Response, r.UsageSource, r.Tokens)
	}
	return text
}

func servedText(all []sim.Served) (text string) {
	for _, s := range all {
		text += fmt.Sprintf("[%s %d %s %s %+v]", s.Model, s.Status, s.Ended, s.ID, s.Usage)
	}
	return text
}

// zero are counters that must not have moved.
var zero = []string{"headgate_panics_total", "headgate_attempts_unjoined_total", "headgate_exchanges_unknown_revision_total", "headgate_access_records_lost_total", "headgate_connections_refused_total"}

// finish compares what is left once all clients are done, and the journal with the rows.
func (j *judge) finish() {
	j.t.Helper()
	for end := time.Now().Add(late + 2*every); time.Now().Before(end) && j.left() > 0; time.Sleep(every / 2) {
		j.compare()
	}
	if n := j.left(); n > 0 {
		j.t.Errorf("%d calls have no row", n)
	}
	j.t.Logf("compared by kind: %v; of their rows %+v", j.kinds, j.cost)
	pair := j.fleet.Pairs[0]
	for _, m := range zero {
		if n := pair.Metric(m); n != 0 {
			j.t.Errorf("%s is %.0f", m, n)
		}
	}
	gatewaytest.Eventually(j.t, "as many rows as Envoy has seen requests", func() bool {
		return lines(j.t, filepath.Join(j.fleet.Dir, "envoy.jsonl")) == lines(j.t, filepath.Join(pair.Data, "access.jsonl"))
	})
	gatewaytest.Eventually(j.t, "all rows in the journal", func() bool { return pair.Metric("headgate_spool_backlog_bytes") == 0 })
	var report struct {
		Rows []struct {
			Feature string
			totals
		}
	}
	o := gatewaytest.NewOperator(j.t, j.fleet.XDS[0].Admin)
	if err := json.Unmarshal([]byte(o.Says(0, []string{"cost", "--by", "feature", "--since", "24h", "-o", "json"})), &report); err != nil {
		j.t.Fatal(err)
	}
	var said totals
	for _, r := range report.Rows {
		if r.Feature == feature {
			said = r.totals
		}
	}
	if said != j.cost || j.cost.Nano == 0 {
		j.t.Errorf("headgate cost says %+v, the rows %+v", said, j.cost)
	}
}

// lines is how many lines a file has.
func lines(t *testing.T, path string) (n int) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	part := make([]byte, 1<<16)
	for {
		read, err := file.Read(part)
		n += bytes.Count(part[:read], []byte{'\n'})
		if errors.Is(err, io.EOF) {
			return n
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// left is how many calls have not been compared yet.
func (j *judge) left() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.calls)
}
