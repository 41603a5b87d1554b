package caller_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/extproc/caller"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/exchange/exchangetest"
	"github.com/headgate/headgate/policy"
)

const (
	ciKey  = "the-key-of-ci-0123456789"
	webKey = "hg_web_0123456789abcdef0123456789"
	other  = "the-key-of-nobody-at-all"
)

// hash is how a policy names a key that it does not hold.
func hash(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:])
}

// document is a policy with two models and with what a test adds.
func document(rest string) string {
	return `
version: 1
unpriced: flag
backends: {b: {provider: openai-compatible, url: "http://127.0.0.1:1/v1"}}
models: {m: b/x, other: b/y}
tiers: {free: {rpm: 10}, none: {rpm: 1}}
` + rest
}

// known are a policy's callers: two, of which one may ask for one model.
var known = document(`
callers:
  ci: {key: {env: CI_KEY}, user: build, team: search, tier: free, models: [m], tags: [nightly], quota: {rpm: 5, tpm: 6, usd_per_day: 7, usd_per_month: 8, mode: shadow}}
  web: {key: {sha256: ` + hash(webKey) + `}}
`)

func parse(t testing.TB, text string) *policy.Set {
	t.Helper()
	set, err := policy.Parse("policy.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// compile makes the stage of a policy in an environment with the key of ci.
func compile(t testing.TB, text string, managed caller.Managed) exchange.Stage {
	t.Helper()
	s, err := options(managed, time.Now).Compile(parse(t, text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// options make a kind in an environment with the key of ci.
func options(managed caller.Managed, now func() time.Time) *caller.Kind {
	return caller.NewKind(caller.Options{LookupEnv: environment("CI_KEY", ciKey), Managed: managed, Warn: func(string) {}, Now: now})
}

func environment(pairs ...string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1], true
			}
		}
		return "", false
	}
}

// ask lets the stage see a request's headers.
func ask(t testing.TB, s exchange.Stage, headers ...string) (*exchangetest.Visit, exchange.Verdict) {
	t.Helper()
	v := exchangetest.Join(t, s, exchangetest.Ask(t, "openai", `{"model":"m","messages":[]}`))
	return v, v.Headers(headers...)
}

// keyring are keys of a control plane.
type keyring struct {
	keys  map[string]*exchange.Caller
	known bool
}

func (k keyring) Find(secret []byte, _ time.Time) *exchange.Caller { return k.keys[string(secret)] }
func (k keyring) Known() bool                                      { return k.known }

// TestWhoAsks holds in which headers a key is found, and what is done without one.
func TestWhoAsks(t *testing.T) {
	both := known + "managed_keys: true\n"
	ring := keyring{map[string]*exchange.Caller{"hg_app_1": {Name: "app"}}, true}
	open := known + "anonymous: true\nanonymous_tier: none\n"
	for _, c := range []struct {
		name, policy string
		managed      caller.Managed
		headers      []string
		want         string // the caller's name, or a status
	}{
		{"a bearer token", known, nil, []string{"authorization", "Bearer " + ciKey}, "ci"},
		{"the scheme in lower case, blanks around", known, nil, []string{"authorization", " bearer   " + ciKey + " "}, "ci"},
		{"as Anthropic's clients send it", known, nil, []string{"x-api-key", ciKey}, "ci"},
		{"as Azure's clients send it", known, nil, []string{"api-key", ciKey}, "ci"},
		{"in the gateway's own header, whatever else there is", known, nil, []string{"authorization", "Bearer " + other, "x-headgate-key", ciKey}, "ci"},
		{"a key by its hash", known, nil, []string{"authorization", "Bearer " + webKey}, "web"},
		{"a provider's key beside the gateway's", known, nil, []string{"authorization", "Bearer " + other, "x-api-key", ciKey}, "ci"},
		{"a wrong one in the gateway's own header", known, nil, []string{"authorization", "Bearer " + ciKey, "x-headgate-key", other}, "401 does not know"},
		{"an unknown key", known, nil, []string{"authorization", "Bearer " + other}, "401 does not know"},
		{"the hash in place of the key", known, nil, []string{"authorization", "Bearer " + hash(webKey)}, "401 does not know"},
		{"a key and something after it", known, nil, []string{"authorization", "Bearer " + ciKey + "x"}, "401 does not know"},
		{"half a key", known, nil, []string{"authorization", "Bearer " + ciKey[:16]}, "401 does not know"},
		{"another scheme", known, nil, []string{"authorization", "Basic " + ciKey}, "401 needs a key"},
		{"a scheme alone", known, nil, []string{"authorization", "Bearer "}, "401 needs a key"},
		{"no header", known, nil, nil, "401 needs a key"},
		{"an empty one", known, nil, []string{"x-api-key", ""}, "401 needs a key"},
		{"its name alone", known, nil, []string{"x-headgate-user", "ci", "authorization", "ci"}, "401 needs a key"},

		{"anonymous, without a key", open, nil, nil, "anonymous"},
		{"anonymous, with the key that an SDK must send", open, nil, []string{"authorization", "Bearer any"}, "anonymous"},
		{"anonymous allowed, but somebody", open, nil, []string{"authorization", "Bearer " + ciKey}, "ci"},
		{"anonymous allowed, a key of the gateway's that is unknown", open, nil, []string{"authorization", "Bearer hg_gone_1"}, "401 does not know"},
		{"anonymous allowed, any in the gateway's own header", open, nil, []string{"x-headgate-key", other}, "401 does not know"},
		{"no callers", document("anonymous_tier: none\n"), nil, []string{":authority", "localhost", "authorization", "Bearer hg_any_1"}, "anonymous"},

		{"the control plane's", both, ring, []string{"x-api-key", "hg_app_1"}, "app"},
		{"the policy's beside them", both, ring, []string{"x-api-key", ciKey}, "ci"},
		{"the control plane's, which the policy does not take", known, ring, []string{"x-api-key", "hg_app_1"}, "401 does not know"},
		{"one that it revoked", both, ring, []string{"x-api-key", "hg_app_2"}, "401 does not know"},
		{"before it has said which there are", both, keyring{}, []string{"x-api-key", "hg_app_1"}, "503 not learned"},
		{"the policy's, before it has", both, keyring{}, []string{"x-api-key", ciKey}, "ci"},
		{"one that cannot be its own, before it has", both, keyring{}, []string{"x-api-key", other}, "401 does not know"},
		{"none, before it has", both, keyring{}, nil, "401 needs a key"},
		{"a gateway without a control plane", both, nil, []string{"x-api-key", "hg_app_1"}, "401 does not know"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v, verdict := ask(t, compile(t, c.policy, c.managed), c.headers...)
			got := v.Exchange.Caller.Name
			switch {
			case verdict.Action == exchange.Deny:
				got = fmt.Sprint(verdict.Status)
				if status, words, _ := strings.Cut(c.want, " "); got != status || !strings.Contains(verdict.Message, words) {
					t.Errorf("%+v, want %q", verdict, c.want)
				}
				return
			case got == "" && v.Exchange.Caller.Tier == "none":
				got = "anonymous"
			}
			if got != c.want {
				t.Errorf("%q asks, want %q", got, c.want)
			}
		})
	}
}

// TestARefusedKey holds how a key is refused: the same for one that is unknown as for one that
// is almost right, and with what it would take.
func TestARefusedKey(t *testing.T) {
	s := compile(t, known, nil)
	_, unknown := ask(t, s, "authorization", "Bearer "+other)
	_, almost := ask(t, s, "authorization", "Bearer "+ciKey[:len(ciKey)-1]+"x")
	if diff := cmp.Diff(unknown, almost); diff != "" {
		t.Errorf("a wrong key is refused in other words than an unknown one:\n%s", diff)
	}
	if unknown.Reason != exchange.ReasonKey || unknown.Retry != 0 || string(unknown.Headers.Get("www-authenticate")) != "Bearer" {
		t.Errorf("refused by %+v", unknown)
	}
	if strings.Contains(fmt.Sprintf("%+v", unknown), other) {
		t.Error("the refusal names the key")
	}
}

// TestWhatACallerIs holds what a key gives: all that the policy says of it.
func TestWhatACallerIs(t *testing.T) {
	v, _ := ask(t, compile(t, known, nil), "authorization", "Bearer "+ciKey, "x-headgate-user", "ann", "x-headgate-team", "finance", "x-headgate-tags", "mine")
	want := exchange.Caller{Name: "ci", User: "build", Team: "search", Tier: "free", Models: []string{"m"}, Tags: []string{"nightly"},
		Quota: exchange.Quota{RPM: 5, TPM: 6, PerDay: 7e9, PerMonth: 8e9, Shadow: true}}
	if diff := cmp.Diff(want, v.Exchange.Caller); diff != "" {
		t.Errorf("the caller differs (-want +got):\n%s", diff)
	}
	if by := v.Exchange.Attribution(); by.User != "build" || by.Team != "search" || !cmp.Equal(by.Tags, []string{"nightly", "mine"}) {
		t.Errorf("what a request says counts above its key: %+v", by)
	}
}

// TestWhatARequestSaysCountsBelowTheKey holds that names in a request fill what the key leaves
// open, and make nobody of it.
func TestWhatARequestSaysCountsBelowTheKey(t *testing.T) {
	v, _ := ask(t, compile(t, known, nil), "authorization", "Bearer "+webKey, "x-headgate-user", "ci", "x-headgate-team", "search")
	if who := v.Exchange.Caller; who.Name != "web" || who.Team != "" || who.Tier != "" || who.User != "" {
		t.Errorf("the caller is %+v", who)
	}
	if by := v.Exchange.Attribution(); by.User != "ci" || by.Team != "search" {
		t.Errorf("attributed to %+v", by)
	}
}

// TestWhichModelsACallerMayAskFor holds that the model decides, once it is known.
func TestWhichModelsACallerMayAskFor(t *testing.T) {
	for _, c := range []struct {
		key, model string
		operation  exchange.Operation
		refused    bool
	}{
		{ciKey, "m", exchange.Chat, false},
		{ciKey, "other", exchange.Chat, true},
		{ciKey, "other", exchange.Embeddings, true},
		{ciKey, "other", exchange.CountTokens, true},
		{ciKey, "", exchange.Models, false},
		{ciKey, "other-*", exchange.GetResponse, false},
		{webKey, "other", exchange.Chat, false},
	} {
		v, _ := ask(t, compile(t, known, nil), "authorization", "Bearer "+c.key)
		v.Exchange.Model, v.Exchange.Name, v.Exchange.Request.Operation = c.model, c.model, c.operation
		d := v.Request()
		if refused := d.Action == exchange.Deny; refused != c.refused {
			t.Errorf("%s for %q: %+v", c.operation, c.model, d)
		} else if refused && (d.Status != 403 || d.Reason != exchange.ReasonForbidden || d.Param != "model" || !strings.Contains(d.Message, "other")) {
			t.Errorf("%s for %q is refused by %+v", c.operation, c.model, d)
		}
	}
}

// TestWithoutCallersNothingIsDone holds that a policy without callers costs nothing: beyond
// loopback it takes part in nothing, and there nothing but headers are looked at.
func TestWithoutCallersNothingIsDone(t *testing.T) {
	for listen, phases := range map[string]exchange.Phases{"": exchange.OnHeaders, "listen: 0.0.0.0:80\nanonymous: true\n": 0} {
		s := compile(t, document("anonymous_tier: none\n"+listen), nil)
		if s.Phases() != phases {
			t.Errorf("it takes part in %v, want %v", s.Phases(), phases)
		}
		ex, ctx := &exchange.Exchange{}, t.Context()
		req := &exchange.Request{Headers: exchange.Headers{{Name: ":authority", Value: []byte("localhost:8080")}}}
		n := testing.AllocsPerRun(100, func() {
			if visit, ok := s.Join(ex).(interface {
				Headers(context.Context, *exchange.Request) (exchange.Verdict, error)
			}); ok {
				_, _ = visit.Headers(ctx, req)
			}
		})
		if n > 2 || ex.Caller.Tier != "none" { // the host and its address as texts
			t.Errorf("%v allocations, tier %q", n, ex.Caller.Tier)
		}
	}
}

// TestFindingAKeyDoesNotAllocate holds what a key costs beside the visit.
func TestFindingAKeyDoesNotAllocate(t *testing.T) {
	s := compile(t, known, nil)
	req := &exchange.Request{Headers: exchange.Headers{{Name: "authorization", Value: []byte("Bearer " + ciKey)}}}
	ex := &exchange.Exchange{}
	if n := testing.AllocsPerRun(100, func() {
		if v, err := s.Join(ex).Headers(t.Context(), req); err != nil || v.Action != exchange.Pass {
			t.Fatal(v, err)
		}
	}); n > 1 {
		t.Errorf("%v allocations, want that of the visit", n)
	}
}
