package crash

import (
	"database/sql"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/sim"
)

// marks are in the texts of the requests.
var mark = regexp.MustCompile(`s\d+-r\d+-`)

// evidence is what is compared: what the provider has served and what the journal says, by mark.
type evidence struct {
	served map[string][]sim.Served
	rows   map[string][]row
	all    []row
}

// gather reads both sides.
func (r *rig) gather(db *sql.DB) (*evidence, error) {
	e := &evidence{served: map[string][]sim.Served{}, rows: map[string][]row{}}
	for _, s := range r.provider.Settled() {
		m := string(mark.Find(s.Body))
		e.served[m] = append(e.served[m], s)
	}
	var err error
	if e.all, err = journalOf(db); err != nil {
		return nil, err
	}
	for _, row := range e.all {
		e.rows[row.mark] = append(e.rows[row.mark], row)
	}
	return e, nil
}

// judge compares the journal with the provider's log, and again after every process was killed
// and started once more: nothing that was sent before counts twice.
func (r *rig) judge(db *sql.DB) {
	r.t.Helper()
	if r.judgeNow(db); r.t.Failed() {
		return
	}
	for i := range r.victims {
		if r.victims[i].down > 0 {
			continue // it goes on
		}
		for pair := range r.pairs {
			r.victims[i].kill(pair)
			r.startAgain(&r.victims[i], pair)
		}
	}
	r.judgeNow(db)
	for i, p := range r.pairs {
		if n := p.Metric("headgate_spool_bytes"); n > maxSpool {
			r.t.Errorf("pair %d keeps %.0f bytes although the journal has all of it", i, n)
		}
	}
}

// maxSpool is what an idle pair may keep on its disk: a few files, and not one of each process
// that died.
const maxSpool = 32 << 20

func (r *rig) judgeNow(db *sql.DB) {
	r.t.Helper()
	e := r.await(db)
	var faults []string
	n := tally{seen: map[string]*seen{}}
	for m, c := range r.calls {
		faults = append(faults, r.compare(c, e.served[m], e.rows[m], &n)...)
	}
	faults = append(faults, e.doubled(len(r.calls))...)
	slices.Sort(faults)
	for _, f := range faults {
		r.t.Error(f)
	}
	if len(faults) > 0 {
		r.t.Log("each of these begins with its seed, which HEADGATE_SEED=<seed> HEADGATE_SEEDS=1 plays alone")
	}
	r.t.Logf("%d requests, %d reached the provider, %d kills; of its answers %d are charged as it said, %d estimated (%d although their clients had them whole), %d of attempts that ended with their headers, or before Envoy had read them%s",
		len(r.calls), len(e.served), len(r.kills), n.exact, n.estimated, n.whole, n.unseen, n.text())
	if n.exact == 0 {
		r.t.Error("nothing was charged: the test shows nothing")
	}
}

// await returns the evidence once the journal has a row of every request that has reached the
// provider, and the pairs have nothing more to send.
func (r *rig) await(db *sql.DB) *evidence {
	r.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		backlog := 0.0
		for _, p := range r.pairs {
			backlog += p.Metric("headgate_spool_backlog_bytes")
		}
		e, err := r.gather(db)
		switch late := time.Now().After(deadline); {
		case err == nil && len(e.missing()) == 0 && backlog == 0:
			return e
		case late && err != nil:
			r.t.Fatal(err)
		case late:
			r.t.Fatalf("the pairs have %.0f bytes to send, and the journal has no row of these requests: %v", backlog, e.missing())
		}
	}
}

// missing are the requests of which the journal has no row.
func (e *evidence) missing() (marks []string) {
	for m := range e.served {
		if countCalls(e.rows[m]) == 0 {
			marks = append(marks, m)
		}
	}
	slices.Sort(marks)
	return marks
}

// doubled are exchanges with more than one row, and rows beyond the requests that were made:
// of an exchange with two names.
func (e *evidence) doubled(requests int) (faults []string) {
	n, all := map[string]int{}, 0
	for _, r := range e.all {
		if r.kind == "call" {
			n[r.exchange]++
			all++
		}
	}
	for exchange, n := range n {
		if n > 1 {
			faults = append(faults, fmt.Sprintf("exchange %s has %d rows", exchange, n))
		}
	}
	if all > requests {
		faults = append(faults, fmt.Sprintf("%d requests have %d rows", requests, all))
	}
	return faults
}

// billed reports whether the provider bills for an answer that nobody scripted to fail.
func billed(s *sim.Served) bool {
	return s.Usage.TotalInput() > 0 && !strings.Contains(string(s.Body), `"model":"`+s.Model+"+")
}

// reported reports whether the provider said what an answer consumed.
func reported(s *sim.Served) bool {
	return billed(s) && s.Status == 200 && s.Ended == sim.EndedComplete
}

// tally counts answers of the provider, and what clients saw of the ends of processes.
type tally struct {
	exact, estimated, whole, unseen int
	seen                            map[string]*seen // by victim
}

// seen is what clients saw of the ends of a victim.
type seen struct{ requests, refused, cut int }

// note counts a request that may show the end of a victim.
func (n *tally) note(victim string, c *call) {
	if n.seen[victim] == nil {
		n.seen[victim] = &seen{}
	}
	s := n.seen[victim]
	s.requests++
	switch {
	case c.refused:
		s.refused++
	case !c.whole && c.isToBeWhole():
		s.cut++
	}
}

// text is a line of each victim.
func (n *tally) text() (text string) {
	for _, name := range slices.Sorted(maps.Keys(n.seen)) {
		s := n.seen[name]
		text += fmt.Sprintf("\n%s: of %d requests under way, or begun meanwhile, %d were refused and %d cut", name, s.requests, s.refused, s.cut)
	}
	return text
}

// compare holds that what the provider served of a request and what the journal charges for
// it are the same.
func (r *rig) compare(c *call, served []sim.Served, rows []row, n *tally) (faults []string) {
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Sprintf("%s %s %s of pair %d, whole %t, under way at a kill %t: %s\n    served %s\n    rows   %s",
			c.mark, c.way, c.model, c.pair, c.whole, r.underWay(c), fmt.Sprintf(format, args...), servedText(served), rowsText(rows)))
	}
	if calls := countCalls(rows); calls > 1 {
		fault("%d rows of one request", calls)
	}
	switch v := r.harmed(c); {
	case v == nil && !r.clients:
	case v == nil && c.refused:
		fault("the gateway refused it")
	case v == nil && !c.whole && c.isToBeWhole():
		fault("its client did not get the answer")
	case v != nil:
		n.note(v.name, c)
	}
	charged := exact(served, rows, fault)
	n.exact += len(charged)
	due := 0 // answers that must be estimated
	for i := range served {
		switch s := &served[i]; {
		case !billed(s) || charged[s.ID]:
		case !named(s, rows) && (s.Ended == sim.EndedCut && chained(c.model) || c.leaves > 0 && nothingCame(rows)):
			n.unseen++ // maybe: Envoy shows nothing of an attempt whose connection ended with its headers
		case reported(s) && !r.underWay(c):
			fault("answer %s is not charged for as it said", s.ID)
		default:
			due++
			if c.whole && reported(s) {
				n.whole++
			}
		}
	}
	n.estimated += due
	if got := countEstimates(rows); got < due || got > len(served)+1 { // the last may not have arrived there
		fault("%d charges are estimated, %d must be", got, due)
	}
	return faults
}

// exact holds that each charge by what a provider reported is of one of its answers, and
// returns the ids of these.
func exact(served []sim.Served, rows []row, fault func(string, ...any)) map[string]bool {
	charged := map[string]bool{}
	for i := range rows {
		if rows[i].source != "provider" {
			continue
		}
		s := answerOf(&rows[i], served, charged)
		if s == nil {
			fault("a charge of %+v that the provider did not make", rows[i].tokens)
			continue
		}
		charged[s.ID] = true
		if nano := gatewaytest.Nano(s.Usage); rows[i].cost != nano {
			fault("a cost of %d, want %d", rows[i].cost, nano)
		}
	}
	return charged
}

func countEstimates(rows []row) (n int) {
	for i := range rows {
		if rows[i].source == "estimated" && rows[i].tokens.Input > 0 {
			n++
		}
	}
	return n
}

func countCalls(rows []row) (n int) {
	for i := range rows {
		if rows[i].kind == "call" {
			n++
		}
	}
	return n
}

// chained reports whether a model has a chain, whose attempts Envoy tries again.
func chained(model string) bool { return model != "plain" && model != "plain-claude" }

// named reports whether a row has the id of an answer, which was read at least in part.
func named(s *sim.Served, rows []row) bool {
	return slices.ContainsFunc(rows, func(r row) bool { return r.response == s.ID })
}

// nothingCame reports whether a client left before Envoy had read headers of an answer.
func nothingCame(rows []row) bool {
	return slices.ContainsFunc(rows, func(r row) bool { return r.kind == "call" && r.outcome == "cancelled" && r.status == 0 })
}

// answerOf is the answer that a row charges for; nil: there is none.
func answerOf(r *row, served []sim.Served, charged map[string]bool) *sim.Served {
	for i := range served {
		s := &served[i]
		if s.Usage == r.tokens && !charged[s.ID] && (r.response == "" || r.kind != "call" || r.response == s.ID) {
			return s
		}
	}
	return nil
}

func servedText(all []sim.Served) (text string) {
	for _, s := range all {
		text += fmt.Sprintf("[%s %d %s %s %+v]", s.Model, s.Status, s.Ended, s.ID, s.Usage)
	}
	return text
}

func rowsText(all []row) (text string) {
	for _, r := range all {
		text += fmt.Sprintf("[%s %s %s %d %s %q %s %s %+v]", r.exchange, r.kind, r.backend, r.status, r.outcome, r.detail, r.response, r.source, r.tokens)
	}
	return text
}

// featureOf is what all requests of a seed are attributed to.
func featureOf(seed uint64) string { return fmt.Sprintf("seed-%d", seed) }
