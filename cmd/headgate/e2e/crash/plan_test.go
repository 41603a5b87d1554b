// Package crash kills, ends and stops each process of a gateway under load, at points that a seed
// chooses, and compares the journal with the provider's own log, and what clients got with what
// they must get: what was answered is charged once, what ext_proc could not see is estimated,
// nothing is missing or doubled, and only what was under way at a process that was lost fails.
//
// HEADGATE_SEEDS is how many seeds are played, HEADGATE_SEED the first of them: a seed that
// failed is played again, alone, by both.
package crash

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// clients is how many requests are under way at a time.
const clients = 12

// models are what is asked for: one backend, and chains whose first link fails before its
// answer, inside its headers, inside its answer, and by its silence. For that a process that stands
// still shortly must not be taken: its own clock goes on.
const models = `
  chain: {chain: [sim/plain, claude/plain-claude]}
  refused: {chain: [sim/plain+status=503, claude/plain-claude], retries: 0}
  limited: {chain: [claude/plain-claude+status=429, sim/plain], retries: 0}
  broken: {chain: [sim/plain+cut=headers, claude/plain-claude], retries: 0}
  faulty: {chain: [claude/plain-claude+error=1, sim/plain], retries: 0}
  silent: {chain: [claude/plain-claude+hang=1, sim/plain], retries: 0, first_token: 1s}
  folded: {chain: [sim/plain, claude/plain-claude], ask: stream}
`

// asked are the models by name, and how clients end their answers early.
var (
	asked   = []string{"plain", "plain-claude", "chain", "refused", "limited", "broken", "faulty", "silent", "folded"}
	endings = []string{"", "", "", "", "", "", "", "", "", "", " cut=4", " hang=3"}
)

// request is one of a plan.
type request struct {
	mark, model, directive string
	way                    gatewaytest.Way
	leaves                 time.Duration // the client hangs up after so long; 0: it does not
}

// plan is what happens in a seed.
type plan struct {
	seed     uint64
	victim   int // index into the victims of the rig
	pair     int // whose process it is
	after    int // requests that the provider has received
	delay    time.Duration
	down     time.Duration
	requests []request
}

// newPlan makes the plan of a seed for a number of victims and pairs.
func newPlan(seed uint64, victims, pairs int) *plan {
	r := rand.New(rand.NewPCG(seed, 14))
	p := &plan{
		seed: seed, victim: int(seed) % victims, pair: r.IntN(pairs), after: 5 + r.IntN(30),
		delay: time.Duration(r.IntN(30_000)) * time.Microsecond, down: time.Duration(r.IntN(200)) * time.Millisecond,
	}
	p.requests = requestsOf(r, 60)
	p.mark()
	return p
}

// extend adds what clients ask while a process is away for a time of its own.
func (p *plan) extend(down time.Duration) {
	r := rand.New(rand.NewPCG(p.seed, 15))
	p.requests = append(p.requests, requestsOf(r, int(50*down.Seconds()))...)
	p.mark()
}

// mark numbers the requests.
func (p *plan) mark() {
	for i := range p.requests {
		p.requests[i].mark = fmt.Sprintf("s%d-r%d-", p.seed, i)
	}
}

// requestsOf draws requests.
func requestsOf(r *rand.Rand, n int) (all []request) {
	for range n {
		q := request{model: asked[r.IntN(len(asked))], way: gatewaytest.Ways[r.IntN(len(gatewaytest.Ways))]}
		ending := endings[r.IntN(len(endings))]
		if strings.HasPrefix(ending, " hang") {
			q.leaves = time.Duration(100+r.IntN(200)) * time.Millisecond
		}
		q.directive = fmt.Sprintf("[[sim tokens=%d pause=%dms%s]]", 1+r.IntN(30), r.IntN(20), ending)
		all = append(all, q)
	}
	return all
}

// seedsVariable says how many seeds are played.
const seedsVariable = "HEADGATE_SEEDS"

// seeds are those that are played: some by default.
func seeds(t *testing.T, some int) (all []uint64) {
	t.Helper()
	first, n := number(t, "HEADGATE_SEED", 1), number(t, seedsVariable, some)
	for i := range n {
		all = append(all, uint64(first+i))
	}
	return all
}

func number(t *testing.T, variable string, otherwise int) int {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", variable, err)
	}
	return n
}
