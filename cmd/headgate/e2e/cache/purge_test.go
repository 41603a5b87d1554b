package cache

import (
	"slices"
	"testing"
	"time"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/ledger/redis/redistest"
	"github.com/headgate/headgate/extproc/sim"
	"github.com/headgate/headgate/xds/store/storetest"
)

// apart are two pairs, each linked to a control plane of its own. Both control planes share a
// database.
type apart struct {
	*gatewaytest.Fleet
	t        *testing.T
	operator *gatewaytest.Operator // of the first control plane
}

// startApart starts two pairs, which share a Redis or keep answers in memory alone.
func startApart(t *testing.T, redis bool) *apart {
	t.Helper()
	at, more := gatewaytest.Simulate(t, sim.Options{Keyless: true}), ""
	env := []string{gatewaytest.BackendKeyName + "=" + gatewaytest.BackendKey}
	if redis {
		more = "redis: {url: {env: REDIS_URL}}\n"
		env = append(env, "REDIS_URL="+redistest.Start(t).URL())
	}
	f := gatewaytest.StartFleet(t, gatewaytest.FleetOptions{
		XDS: 2, XDSEnv: []string{"DATABASE_URL=" + storetest.StartServer(t).URL("postgres")}, Env: env,
		Policy: gatewaytest.PolicyFor(at, "") + "store: {postgres: {env: DATABASE_URL}}\ncache: {every_model: {ttl: 1h}}\n" + more,
	})
	s := &apart{Fleet: f, t: t, operator: gatewaytest.NewOperator(t, f.XDS[0].Admin)}
	s.startSecond(f.AddPair())
	for _, p := range f.Pairs {
		gatewaytest.Eventually(t, p.Node+" to know of both", func() bool { return p.Metric("headgate_fleet_pairs") == 2 })
	}
	return s
}

// startSecond starts the ext_proc server of the second pair at the second control plane, and its
// Envoy unless that runs.
func (s *apart) startSecond(p *gatewaytest.Pair) {
	s.t.Helper()
	slices.Reverse(s.XDS) // which it tries in their order
	s.StartExtProc(p)
	slices.Reverse(s.XDS)
	if p.Envoy == nil {
		s.StartEnvoy(p)
	}
	s.AwaitAnswer(p)
}

// ask asks a pair, and returns what came of looking for an answer, and the entry that it is from.
func (s *apart) ask(pair int, model, text string) (result, entry string) {
	s.t.Helper()
	a := s.Pairs[pair].Chat(gatewaytest.ChatBody(model, text, false), "")
	gatewaytest.MustOK(s.t, a)
	return a.Header.Get("x-headgate-cache"), a.Header.Get("x-headgate-cache-key")
}

// keep has the answer to a question kept, and returns the entries of which the pairs give it.
func (s *apart) keep(model, text string) (entries [2]string) {
	s.t.Helper()
	if result, _ := s.ask(0, model, text); result != "miss" {
		s.t.Fatalf("%s of %s is a %s at first", text, model, result)
	}
	for i, p := range s.Pairs {
		gatewaytest.Eventually(s.t, p.Node+" to give it again", func() bool {
			result, entry := s.ask(i, model, text)
			entries[i] = entry
			return result == "hit"
		})
	}
	return entries
}

// gone waits until a pair does not give an entry any more, and returns what comes in its place and
// how long that took.
func (s *apart) gone(pair int, model, text, entry string) (result string, took time.Duration) {
	s.t.Helper()
	began := time.Now()
	gatewaytest.Eventually(s.t, s.Pairs[pair].Node+" to forget it", func() bool {
		var of string
		result, of = s.ask(pair, model, text)
		return of != entry
	})
	return result, time.Since(began)
}

// TestWhatIsPurgedIsNotGivenAgain holds that an answer which was purged is a miss: at once where
// the command was given, and soon under the other control plane, whether the pairs share a Redis,
// which had it, or not; and that others are given on.
func TestWhatIsPurgedIsNotGivenAgain(t *testing.T) {
	t.Parallel()
	for name, redis := range map[string]bool{"with Redis": true, "in memory alone": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startApart(t, redis)
			first, second, third := s.keep("once", "one"), s.keep("once", "two"), s.keep("renamed", "three")
			s.operator.Says(0, []string{"cache", "purge", "--model", "once", "--reason", "it is wrong"}, "in effect at 1 of 1 pair,", "1 pair of other control planes")
			result, took := s.gone(1, "once", "two", second[1])
			t.Logf("under the other control plane it was gone %v after the command had ended", took)
			if result != "miss" {
				t.Errorf("under the other control plane %s is a %s", second[1], result)
			}
			if result, _ := s.ask(0, "once", "one"); result != "miss" {
				t.Errorf("where it was purged %s is a %s", first[0], result)
			}
			fourth := s.keep("renamed", "four")
			s.operator.Says(0, []string{"cache", "evict", third[0], third[1]}, "in effect at 1 of 1 pair,")
			if _, entry := s.ask(0, "renamed", "three"); entry == third[0] {
				t.Errorf("%s is given after it was evicted", entry)
			}
			s.gone(1, "renamed", "three", third[1])
			for i := range s.Pairs {
				if result, entry := s.ask(i, "renamed", "four"); result != "hit" || entry != fourth[i] {
					t.Errorf("pair %d: what was neither purged nor evicted is a %s of %s, and not of %s", i+1, result, entry, fourth[i])
				}
			}
		})
	}
}

// TestAPairThatWasAwayGivesNothingThatWasPurged holds that an answer in Redis which was purged while
// a pair was away is not given by it when it is back.
func TestAPairThatWasAwayGivesNothingThatWasPurged(t *testing.T) {
	t.Parallel()
	s := startApart(t, true)
	entries := s.keep("once", "one")
	away := s.Pairs[1]
	away.ExtProc.Kill()
	s.operator.Says(0, []string{"cache", "purge", "--all", "-y"}, "in effect at 1 of 1 pair,")
	s.startSecond(away)
	if result, entry := s.ask(1, "once", "one"); result == "hit" {
		t.Errorf("%s is a %s of %s", entries[1], result, entry)
	}
	gatewaytest.Eventually(t, "it to have the purge", func() bool { return away.Metric("headgate_cache_purges_total") == 1 })
	s.keep("once", "two")
}
