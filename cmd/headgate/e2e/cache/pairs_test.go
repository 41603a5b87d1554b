package cache

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"

	goredis "github.com/redis/go-redis/v9"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/ledger/redis/redistest"
)

// pairs are two pairs, each with an ext_proc server and an Envoy of its own, that have one Redis.
type pairs struct {
	*gatewaytest.Fleet
	at *gatewaytest.Provider
}

// startPairs starts them before a Redis at a URL. A policy may say more of it.
func startPairs(t *testing.T, redis, more string) *pairs {
	t.Helper()
	p := gatewaytest.Simulate(t, gatewaytest.Keyless)
	models := "  faq: {chain: [sim/plain], cache: {masked: true, semantic: {threshold: 0.8}}, guards: {input: [{pii: {action: mask}}]}}\n"
	return &pairs{gatewaytest.StartFleet(t, gatewaytest.FleetOptions{
		Pairs: 2, Policy: gatewaytest.PolicyFor(p, models) + "redis: {url: {env: REDIS_URL}" + more + "}\ncache: {timeout: 250ms}\n",
		Env: []string{gatewaytest.BackendKeyName + "=" + gatewaytest.BackendKey, "REDIS_URL=" + redis},
	}), p}
}

// ask asks a pair.
func (p *pairs) ask(pair int, question, sim string) gatewaytest.Answer {
	return p.Pairs[pair].Chat(gatewaytest.ChatBody("faq", question, false), sim)
}

// rig is one of the pairs.
func (p *pairs) rig(pair int) *rig { return &rig{&p.Pairs[pair].Gateway, p.at} }

// knows waits until a pair has so many questions to compare.
func (p *pairs) knows(t *testing.T, pair, questions int) {
	t.Helper()
	gatewaytest.Eventually(t, fmt.Sprintf("pair %d compares %d questions", pair, questions), func() bool {
		return p.Pairs[pair].Metric("headgate_cache_index_vectors") == float64(questions)
	})
}

// keys are those of the entries in Redis, once there are so many.
func keys(t *testing.T, redis goredis.UniversalClient, n int) (all []string) {
	t.Helper()
	gatewaytest.Eventually(t, fmt.Sprintf("%d entries in Redis", n), func() bool {
		all = keysOf(t, redis)
		return len(all) == n
	})
	return all
}

func keysOf(t *testing.T, redis goredis.UniversalClient) (all []string) {
	t.Helper()
	cluster, ok := redis.(*goredis.ClusterClient)
	if !ok {
		return redis.Keys(t.Context(), "headgate:cache:e:*").Val()
	}
	var mu sync.Mutex
	err := cluster.ForEachMaster(t.Context(), func(ctx context.Context, node *goredis.Client) error {
		found, err := node.Keys(ctx, "headgate:cache:e:*").Result()
		mu.Lock()
		defer mu.Unlock()
		all = append(all, found...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestPairsShareAnswers holds of one Redis and of a cluster that an answer of one pair is given by
// the other, to equal requests and to questions that mean the same, also once that was started
// again; that Redis has nothing that a guard masked; and that what somebody spoilt in it is a miss.
func TestPairsShareAnswers(t *testing.T) {
	t.Parallel()
	t.Run("one", func(t *testing.T) {
		t.Parallel()
		s := redistest.Start(t)
		checkPairs(t, startPairs(t, s.URL(), ""), s.Client())
	})
	t.Run("a cluster", func(t *testing.T) {
		t.Parallel()
		c := redistest.StartCluster(t)
		checkPairs(t, startPairs(t, c.URL(), ", cluster: true"), c.Client())
	})
}

func checkPairs(t *testing.T, p *pairs, redis goredis.UniversalClient) {
	question := "How do I reset the password of " + mail + "?"
	first := p.ask(0, question, "text=first")
	wants(t, first, "miss unknown")
	p.rig(0).stored(t, first)
	spoilt := keys(t, redis, 1)[0]
	p.knows(t, 1, 1)
	p.checkShared(t, question)
	if kept := redis.Get(t.Context(), spoilt).Val(); !strings.Contains(kept, "EMAIL_ADDRESS_1") || strings.Contains(kept, mail) {
		t.Errorf("Redis has %q", kept)
	}
	p.Pairs[1].ExtProc.Kill()
	p.StartExtProc(p.Pairs[1])
	p.AwaitAnswer(p.Pairs[1])
	p.knows(t, 1, 1)
	p.checkShared(t, question)
	p.checkSpoilt(t, redis, question, spoilt)
}

// checkShared holds that the second pair gives the answer that the first one kept.
func (p *pairs) checkShared(t *testing.T, question string) {
	t.Helper()
	a := p.ask(1, strings.Replace(question, "?", ", please?", 1), "text=second")
	wants(t, a, "semantic-hit")
	a = p.ask(1, question, "text=second")
	wants(t, a, "hit")
	if !strings.Contains(a.Body, `"first"`) {
		t.Errorf("it gives %s", a.Body)
	}
}

// checkSpoilt spoils the entry, and has a pair that has forgotten it asked again.
func (p *pairs) checkSpoilt(t *testing.T, redis goredis.UniversalClient, question, key string) {
	t.Helper()
	kept := redis.Get(t.Context(), key).Val()
	for name, value := range map[string]string{"foreign": "not ours", "corrupt": kept[:len(kept)-3] + "xyz", "short": kept[:20]} {
		redis.Set(t.Context(), key, value, 0)
		p.Pairs[1].ExtProc.Kill()
		p.StartExtProc(p.Pairs[1])
		p.AwaitAnswer(p.Pairs[1])
		p.knows(t, 1, 1)
		a := p.ask(1, question, "text=fresh")
		if wants(t, a, "miss unreadable"); !strings.Contains(a.Body, `"fresh"`) {
			t.Errorf("%s: it gives %s", name, a.Body)
		}
		gatewaytest.Eventually(t, "another entry", func() bool { return redis.Get(t.Context(), key).Val() != value })
	}
}

// TestAnswersGoOnWithoutRedis holds that without Redis requests are answered, by what is in memory,
// too, that rows say why there was no hit, and that pairs share again once it is back: it was
// killed, or stands still.
func TestAnswersGoOnWithoutRedis(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	p := startPairs(t, s.URL(), "")
	p.rig(0).stored(t, p.ask(0, "What is before?", "text=before"))
	keys(t, s.Client(), 1)
	for name, c := range map[string]struct{ lose, back func() }{"killed": {s.Kill, s.Run}, "standing still": {s.Stop, s.Continue}} {
		t.Run(name, func(t *testing.T) {
			c.lose()
			for i := range 6 {
				question := fmt.Sprintf("What is it %s, %d?", name, i)
				a := p.ask(i%2, question, "text=fresh")
				wants(t, a, "miss store")
				if u := p.rig(i%2).used(t, a); u.Reason != "store" || u.Stored == "" {
					t.Errorf("the row says %+v", u)
				}
				wants(t, p.ask(i%2, question, ""), "hit")
			}
			wants(t, p.ask(0, "What is before?", ""), "hit")
			c.back()
			n := 0
			gatewaytest.Eventually(t, "they share again", func() bool {
				n++
				question := fmt.Sprintf("What is it again, %s, %d?", name, n)
				p.rig(0).stored(t, p.ask(0, question, "text=shared"))
				return strings.HasSuffix(p.ask(1, question, "text=own").Header.Get("x-headgate-cache"), "hit")
			})
		})
	}
}

// TestARedisThatRefusesCostsNoAnswer holds that with a password which Redis does not take requests
// are answered, by what is in memory, too.
func TestARedisThatRefusesCostsNoAnswer(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	if err := s.Client().ConfigSet(t.Context(), "requirepass", "right").Err(); err != nil {
		t.Fatal(err)
	}
	at, err := url.Parse(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	at.User = url.UserPassword("default", "wrong")
	p := startPairs(t, at.String(), "")
	for i := range 6 {
		question := fmt.Sprintf("What is it, %d?", i)
		wants(t, p.ask(0, question, ""), "miss store")
		p.rig(0).stored(t, p.ask(0, question+" Now.", ""))
		wants(t, p.ask(0, question+" Now.", ""), "hit")
	}
	if strings.Contains(p.Pairs[0].Log(), "wrong") {
		t.Error("the log has the password")
	}
}
