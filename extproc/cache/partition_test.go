package cache

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/policy"
)

// asker is who asks in a test, and how.
type asker struct {
	caller              exchange.Caller
	model, arm          string
	credential, key     string
	betas               string // a header for each
	version, openai     string
	azure               string // a credential as Azure's clients send it
	policy, user, inKey string
}

func (a *asker) exchange() *exchange.Exchange {
	ex := &exchange.Exchange{Caller: a.caller, Model: a.model, KeyHeader: a.key}
	ex.Route.Arm = a.arm
	ex.Request.Headers = exchange.Headers{{Name: "authorization", Value: []byte(a.credential)}, {Name: "x-api-key", Value: []byte(a.inKey)}, {Name: "x-headgate-user", Value: []byte(a.user)}}
	if a.azure != "" {
		ex.Request.Headers = append(ex.Request.Headers, exchange.Header{Name: "api-key", Value: []byte(a.azure)})
	}
	for name, values := range map[string]string{"anthropic-beta": a.betas, "anthropic-version": a.version, "openai-beta": a.openai} {
		for value := range strings.FieldsSeq(values) {
			ex.Request.Headers = append(ex.Request.Headers, exchange.Header{Name: name, Value: []byte(value)})
		}
	}
	return ex
}

// The policies of the test: models of each scope, one asked with the clients' own credentials.
const shared = `version: 1
backends: {b: {provider: openai-compatible, url: "http://127.0.0.1:1/v1"}, theirs: {provider: openai-compatible, url: "http://127.0.0.1:2/v1", credential: caller}, claude: {provider: openai-compatible, dialect: anthropic, url: "http://127.0.0.1:3/v1"}}
unpriced: flag
models:
  caller: {chain: [b/x], cache: {}}
  team: {chain: [b/x], cache: {scope: team}}
  shared: {chain: [b/x], cache: {scope: shared}}
  claude: {chain: [claude/x], cache: {scope: shared}}
  either: {chain: [b/x, claude/x], cache: {scope: shared}}
  theirs: {chain: [theirs/x], cache: {scope: shared}}
  guarded: {chain: [b/x], cache: {scope: shared}, guards: {output: [{secrets: {}}]}}
tiers: {free: {rpm: 1}, watched: {guards: {output: [{pii: {}}]}}}
callers: {ann: {key: {env: ANN}, guards: {output: [{pii: {name: mine}}]}}, bob: {key: {env: BOB}}, cid: {key: {env: CID}}}
`

var policies = map[string]string{
	"one":        shared,
	"next epoch": shared + "cache: {epoch: 1}\n",
	"guards":     shared + "guards: {output: [{words: {words: [falcon]}}]}\n",
}

// TestNobodySharesUnlessThePolicySaysSo holds of random callers, models and policies that two
// exchanges have one partition exactly if nothing between them differs that keeps answers
// separate, and the scope lets them share.
func TestNobodySharesUnlessThePolicySaysSo(t *testing.T) {
	stages := map[string]*stage{}
	for name, document := range policies {
		set, err := policy.Parse("policy.yaml", []byte(document))
		if err != nil {
			t.Fatal(err)
		}
		s := &stage{set: set, models: map[string]*model{}, revisions: revisionsOf(set)}
		for name, m := range set.Models {
			s.models[name] = s.newModel(m, set.CacheOf(name))
		}
		stages[name] = s
	}
	r := rand.New(rand.NewPCG(1, 2))
	same := 0
	for range 200_000 {
		a, b := random(r), random(r)
		if r.IntN(2) == 0 { // near each other, so that many share
			b = a
			mutate(r, &b)
		}
		pa := stages[a.policy].partitionOf(stages[a.policy].models[a.model], a.exchange())
		pb := stages[b.policy].partitionOf(stages[b.policy].models[b.model], b.exchange())
		got, want := string(pa) == string(pb), mayShare(&a, &b)
		if got != want {
			t.Fatalf("%+v and %+v: shared %t", a, b, got)
		}
		if got {
			same++
		}
	}
	if same < 1000 {
		t.Errorf("only %d pairs shared", same)
	}
}

// mayShare says by the policies of the test, and in its own way, whether two may share answers.
func mayShare(a, b *asker) bool {
	if a.policy != b.policy || a.model != b.model || a.arm != b.arm {
		return false
	}
	// What asks a backend of the other dialect for something changes no answer.
	if a.model != "claude" && a.openai != b.openai || (a.model == "claude" || a.model == "either") && a.betas != b.betas {
		return false
	}
	if (a.caller.Tier == "watched") != (b.caller.Tier == "watched") {
		return false // other guards look at their answers
	}
	guarded := func(x *asker) bool { return x.caller.Name == "ann" && !x.caller.Hop }
	if guarded(a) != guarded(b) {
		return false
	}
	if a.model == "theirs" {
		for _, x := range []func(*asker) string{theirs("authorization"), theirs("x-api-key"), theirs("api-key")} {
			if x(a) != x(b) {
				return false
			}
		}
	}
	self := func(x *asker) string { return fmt.Sprint(x.caller.Name, x.caller.Name != "" && x.caller.Hop) }
	switch a.model {
	case "caller":
		return self(a) == self(b)
	case "team":
		if a.caller.Team != "" || b.caller.Team != "" {
			return a.caller.Team == b.caller.Team
		}
		return self(a) == self(b)
	}
	return true
}

// theirs is what a client brings as a credential of its own in a header.
func theirs(header string) func(*asker) string {
	return func(x *asker) string {
		if x.key == header {
			return "the key"
		}
		switch header {
		case "authorization":
			return x.credential
		case "api-key":
			return x.azure
		}
		return x.inKey
	}
}

func pick[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }

func random(r *rand.Rand) asker {
	a := asker{}
	for _, change := range changes {
		change(r, &a)
	}
	return a
}

func mutate(r *rand.Rand, a *asker) { pick(r, changes...)(r, a) }

var changes = []func(*rand.Rand, *asker){
	func(r *rand.Rand, a *asker) { a.policy = pick(r, "one", "next epoch", "guards") },
	func(r *rand.Rand, a *asker) {
		a.model = pick(r, "caller", "team", "shared", "theirs", "guarded", "claude", "either")
	},
	func(r *rand.Rand, a *asker) { a.arm = pick(r, "x", "y") },
	func(r *rand.Rand, a *asker) { a.caller.Name = pick(r, "", "ann", "bob", "cid", "shared", "team") },
	func(r *rand.Rand, a *asker) { a.caller.Team = pick(r, "", "search", "bob", "ann") },
	func(r *rand.Rand, a *asker) { a.caller.Tier = pick(r, "", "free", "watched") },
	func(r *rand.Rand, a *asker) { a.caller.Hop = r.IntN(2) == 0 },
	func(r *rand.Rand, a *asker) {
		a.credential, a.inKey = pick(r, "", "Bearer 1", "Bearer 2"), pick(r, "", "k1", "k2")
	},
	func(r *rand.Rand, a *asker) { a.key = pick(r, "", "authorization", "x-api-key") },
	func(r *rand.Rand, a *asker) { a.azure = pick(r, "", "a1", "a2") },
	func(r *rand.Rand, a *asker) { a.betas = pick(r, "", "b1", "b2", "b1 b2") },
	func(r *rand.Rand, a *asker) { a.version = pick(r, "", "2023-06-01", "2026-10-21") },
	func(r *rand.Rand, a *asker) { a.openai = pick(r, "", "b1") },
	func(r *rand.Rand, a *asker) { a.user = pick(r, "u", "v") },
}
