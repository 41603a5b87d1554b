package cache

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// people are callers, and the team that the policy names for them; nobody has no key.
var people = map[string]string{"ann": "red", "bob": "red", "cid": "blue", "dan": "", "eve": "", "nobody": ""}

// shared are models with a cache of each scope; of the last a backend takes the clients' own
// credentials.
const sharing = `
  caller: {chain: [sim/plain], cache: {scope: caller, semantic: {threshold: 0.8, rules: basic}}}
  team: {chain: [sim/plain], cache: {scope: team, coalesce: all, semantic: {threshold: 0.8, rules: basic}}}
  shared: {chain: [claude/plain-claude], cache: {scope: shared, coalesce: all, semantic: {threshold: 0.8, rules: basic}}}
  theirs: {chain: [theirs/plain], cache: {scope: shared, coalesce: all, semantic: {threshold: 0.8, rules: basic}}}
`

// wordings are questions, each in wordings that mean the same.
var wordings = [][]string{
	{"How do I reset my password?", "how do I reset my password", "How do I reset my password please?"},
	{"What are your opening hours?", "what are your opening hours?", "What are your opening hours please?"},
	{"Where is my order?", "where is my order", "Where is my order please?"},
	{"Can I return a used product?", "can I return a used product", "Can I return a used product please?"},
}

// asking is a request of somebody.
type asking struct {
	who, model, credential, question string
	way                              gatewaytest.Way
}

// randomAsking makes a request.
func randomAsking(random *rand.Rand, names []string) asking {
	of := wordings[random.IntN(len(wordings))]
	return asking{
		names[random.IntN(len(names))], []string{"caller", "team", "shared", "theirs"}[random.IntN(4)],
		[]string{"sk-one", "sk-two"}[random.IntN(2)], of[random.IntN(len(of))], gatewaytest.Ways[random.IntN(len(gatewaytest.Ways))],
	}
}

// mayShare reports whether one may have the answer to another's request.
func mayShare(a, b asking) bool {
	same := a.who == b.who
	switch a.model {
	case "caller":
		return same
	case "team":
		return same || people[a.who] != "" && people[a.who] == people[b.who]
	case "theirs":
		return a.credential == b.credential
	default:
		return true
	}
}

func (a *asking) mark() string { return a.who + " of " + a.model + " with " + a.credential }

// readMark reads who asked for the answer first.
func readMark(text string) (a asking) {
	_, _ = fmt.Sscanf(text, "%s of %s with %s", &a.who, &a.model, &a.credential)
	return a
}

// TestNobodyGetsAForeignAnswer lets random callers ask the same questions at once, and each finds
// in the answer who was the first to ask: never anybody with whom the policy does not let them
// share, by an equal request, a like question or one that is under way.
func TestNobodyGetsAForeignAnswer(t *testing.T) {
	t.Parallel()
	callers, names := map[string]string{}, []string{}
	for _, name := range []string{"ann", "bob", "cid", "dan", "eve", "nobody"} {
		names = append(names, name)
		if name != "nobody" {
			callers[name] = "tags: [" + name + "]"
		}
		if team := people[name]; team != "" {
			callers[name] = "team: " + team
		}
	}
	p := gatewaytest.Simulate(t, gatewaytest.Keyless)
	text, env := callersOf(callers)
	text = strings.Replace(gatewaytest.PolicyFor(p, sharing), "backends:\n", "backends:\n  theirs: {provider: simulated, url: \""+p.URL+"\", credential: caller}\n", 1) +
		"anonymous: true\n" + text
	r := &rig{gatewaytest.Start(t, text, gatewaytest.Options{Env: append(env, gatewaytest.BackendKeyName+"="+gatewaytest.BackendKey)}), p}
	const workers, each = 4, 150
	var working sync.WaitGroup
	var mu sync.Mutex
	seen := map[string]int{}
	for worker := range workers {
		working.Go(func() {
			random := rand.New(rand.NewPCG(17, uint64(worker)))
			for range each {
				one := randomAsking(random, names)
				got := r.checkOwn(t, one)
				mu.Lock()
				seen[got]++
				mu.Unlock()
			}
		})
	}
	working.Wait()
	t.Logf("what came of them: %v", seen)
	for _, want := range []string{"miss", "hit", "semantic-hit", "hit of another", "semantic-hit of another"} {
		if seen[want] == 0 {
			t.Errorf("there is no %s among %v", want, seen)
		}
	}
}

// checkOwn asks, and holds whose answer it is. It returns what came of it.
func (r *rig) checkOwn(t *testing.T, one asking) string {
	req := one.way.Request(one.model, one.question, "x-sim", fmt.Sprintf("text=%q", one.mark()), "x-headgate-team", "red", "x-headgate-user", "ann")
	if one.who != "nobody" {
		req.Header["x-headgate-key"] = keyOf(one.who)
	}
	req.Header["authorization"] = "Bearer " + one.credential
	a, err := r.Try(t.Context(), req)
	if err != nil || a.Status != 200 || a.Err != nil {
		t.Errorf("%+v: %v %d %v %s", one, err, a.Status, a.Err, a.Body)
		return "an error"
	}
	text := readAnswer(t, one.way.Claude(), one.way.Stream, a.Body).Choices[0].Text
	first := readMark(text)
	got := a.Header.Get("x-headgate-cache")
	if first.model != one.model || !mayShare(one, first) {
		t.Errorf("%s got the answer to %q: %s", one.mark(), text, result(a))
	}
	if first.who != one.who {
		got += " of another"
	}
	return got
}
