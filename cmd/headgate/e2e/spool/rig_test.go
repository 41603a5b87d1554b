// Package spool holds what a real pair does that has no room for further rows: its database is
// dead, its control plane is away, or its disk is full.
package spool

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/sim"
	"github.com/headgate/headgate/xds/store/storetest"
)

// rig is a pair before a control plane whose database can die, with what its clients saw.
type rig struct {
	t        *testing.T
	provider *gatewaytest.Provider
	database *storetest.Server
	fleet    *gatewaytest.Fleet
	pair     *gatewaytest.Pair
	operator *gatewaytest.Operator
	asked    atomic.Int64

	mu    sync.Mutex
	calls map[string]*call // by mark
}

// call is what a client saw of its request.
type call struct {
	status int    // 0: there was no answer
	code   string // of a refusal
	whole  bool   // its answer
}

// backends are asked in both of their dialects, alone and in a chain.
const backends = "  chained: {chain: [sim/plain, claude/plain-claude]}\n"

// startRig starts a pair under a policy with what it says of the journal.
func startRig(t *testing.T, journal string) *rig {
	t.Helper()
	r := &rig{t: t, calls: map[string]*call{}, provider: gatewaytest.Simulate(t, sim.Options{Keyless: true, Keep: 1 << 20, KeepBytes: 1 << 30})}
	r.database = storetest.StartServer(t)
	r.fleet = gatewaytest.StartFleet(t, gatewaytest.FleetOptions{
		Policy: r.policy(journal), XDSEnv: []string{"DATABASE_URL=" + r.database.URL("postgres")}, Env: []string{gatewaytest.BackendKeyName + "=" + gatewaytest.BackendKey},
	})
	r.pair = r.fleet.Pairs[0]
	r.operator = gatewaytest.NewOperator(t, r.fleet.XDS[0].Admin)
	return r
}

// policy is one with what it says of the journal.
func (r *rig) policy(journal string) string {
	head := "\nstore: {postgres: {env: DATABASE_URL}}\njournal: {" + journal + "}\nbackends:"
	return strings.Replace(gatewaytest.PolicyFor(r.provider, backends), "\nbackends:", head, 1)
}

// tags make a row long, so that few requests fill a spool.
var tags = func() string {
	var all []string
	for i := range 16 {
		all = append(all, strings.Repeat(string(rune('a'+i)), 250))
	}
	return strings.Join(all, ",")
}()

// request makes one that the journal's row names by its mark.
func (r *rig) request(way gatewaytest.Way, model, directive string) (mark string, request gatewaytest.Request) {
	mark = fmt.Sprintf("r%d-", r.asked.Add(1))
	return mark, way.Request(model, mark+" "+directive, "x-headgate-session", mark, "x-headgate-tags", tags)
}

// ask sends a request and notes what its client saw.
func (r *rig) ask(way gatewaytest.Way, model string) gatewaytest.Answer {
	mark, request := r.request(way, model, "[[sim tokens=2]]")
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	a, _ := r.pair.Try(ctx, request) // without an answer the status is 0
	r.note(mark, way, a)
	return a
}

func (r *rig) note(mark string, way gatewaytest.Way, a gatewaytest.Answer) {
	c := &call{status: a.Status, whole: a.Err == nil && a.Status == 200 && (!way.Stream || way.Ended(a))}
	if a.Status != 200 {
		c.code = a.Body
	}
	r.mu.Lock()
	r.calls[mark] = c
	r.mu.Unlock()
}

// clients is how many ask at a time.
const clients = 8

var models = []string{"plain", "chained", "plain-claude"}

// fill has clients ask in every way until a condition holds.
func (r *rig) fill(what string, until func() bool) {
	r.t.Helper()
	var done atomic.Bool
	var asking sync.WaitGroup
	for i := range clients {
		asking.Go(func() {
			for n := i; !done.Load(); n++ {
				if a := r.ask(gatewaytest.Ways[n%len(gatewaytest.Ways)], models[n%len(models)]); a.Status != 200 {
					time.Sleep(20 * time.Millisecond) // a client that is refused does not ask again at once
				}
			}
		})
	}
	deadline := time.Now().Add(2 * time.Minute)
	for !until() && time.Now().Before(deadline) {
		time.Sleep(10 * time.Millisecond)
	}
	done.Store(true)
	asking.Wait()
	if !until() {
		r.t.Fatalf("waiting for %s: %s", what, r.spool())
	}
}

// spool is what the pair's metrics say of its spool.
func (r *rig) spool() string {
	var all []string
	for line := range strings.Lines(r.pair.Metrics()) {
		if strings.HasPrefix(line, "headgate_spool_") {
			all = append(all, strings.TrimSpace(line))
		}
	}
	return strings.Join(all, ", ")
}

// refused is how many requests were refused because there was no room for their rows.
func (r *rig) refused() (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.calls {
		if strings.Contains(c.code, "journal_full") || strings.Contains(c.code, "no room to keep account") {
			n++
		}
	}
	return n
}

// lost is how many records of a kind were lost.
func (r *rig) lost(kind string) int {
	return int(r.pair.Metric(`headgate_spool_lost_total{kind="` + kind + `"}`))
}

// said is how often the log of the pair's ext_proc server has a text.
func (r *rig) said(text string) int { return strings.Count(r.pair.ExtProc.Log(), text) }

// await waits until something holds, for longer than an outage takes to be over.
func (r *rig) await(what string, holds func() bool) {
	r.t.Helper()
	for deadline := time.Now().Add(time.Minute); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			r.t.Fatalf("waiting for %s: %s", what, r.spool())
		}
	}
}

// charge is what the journal says of one exchange.
type charge struct {
	rows   int
	cost   int64
	source string
}

// charges reads the journal, once the pair has sent everything.
func (r *rig) charges() map[string]charge {
	r.t.Helper()
	r.await("an empty spool", func() bool { return r.pair.Metric("headgate_spool_backlog_bytes") == 0 })
	db, err := sql.Open("pgx", r.database.URL("postgres"))
	if err != nil {
		r.t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.QueryContext(r.t.Context(), "SELECT session, count(*), COALESCE(sum(cost), 0), min(usage_source) FROM journal WHERE operation = 'chat' GROUP BY session")
	if err != nil {
		r.t.Fatal(err)
	}
	defer rows.Close()
	all := map[string]charge{}
	for rows.Next() {
		var mark string
		var c charge
		if err := rows.Scan(&mark, &c.rows, &c.cost, &c.source); err != nil {
			r.t.Fatal(err)
		}
		all[mark] = c
	}
	if err := rows.Err(); err != nil {
		r.t.Fatal(err)
	}
	return all
}

// judge holds that what has a row has one that charges what the provider served, that what a client
// was refused never reached the provider, and that a number of exchanges have no row.
func (r *rig) judge(without int) {
	r.t.Helper()
	served := map[string]int64{}
	for _, s := range r.provider.Settled() {
		mark, _, _ := strings.Cut(markIn(string(s.Body)), " ")
		served[mark] += gatewaytest.Nano(s.Usage)
	}
	charges := r.charges()
	missing := 0
	for mark, c := range r.calls {
		cost, reached := served[mark]
		got, charged := charges[mark]
		switch {
		case c.status == 200 && c.whole && reached && charged:
			if want := (charge{1, cost, "provider"}); got != want {
				r.t.Errorf("%s: the journal has %+v, want %+v", mark, got, want)
			}
		case c.status == 200 && c.whole && reached:
			missing++
		case c.status == 503 && !reached: // its row is in the access log
		default:
			r.t.Errorf("%s: the client saw %+v, the provider served %d nano-USD (%t), the journal has %+v", mark, *c, cost, reached, got)
		}
	}
	if missing != without {
		r.t.Errorf("%d exchanges that were served have no row, want %d: %s", missing, without, r.spool())
	}
	r.t.Logf("%d requests, %d served, %d refused, %d without a row", len(r.calls), len(served), r.refused(), missing)
}

// markIn is the mark in a request's body.
func markIn(body string) string {
	_, after, _ := strings.Cut(body, `"content":"`)
	if i := strings.Index(body, `"text":"r`); after == "" && i >= 0 {
		after = body[i+len(`"text":"`):]
	}
	return after
}
