package provider

import (
	"errors"
	"slices"
	"testing"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/canon/leaftest"
	"github.com/headgate/headgate/extproc/dialect"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/catalogue"
)

// targetAt is a model at a provider of the list, with what the catalogue knows of it.
func targetAt(t testing.TB, provider, model string) *target {
	t.Helper()
	i := slices.IndexFunc(policy.Providers, func(p policy.Provider) bool { return p.Name == provider })
	if i < 0 {
		t.Fatalf("there is no provider %q", provider)
	}
	p := policy.Providers[i]
	traits := catalogue.Builtin().Look(provider, "", model)
	to := &target{backend: &policy.Backend{Name: p.Name, Provider: p}, model: model, dialect: dialect.ByName(p.Dialect)}
	to.canon = canon.Target{Model: model, MaxTokens: traits.Output, Quirks: p.Quirks, Traits: traits}
	return to
}

// becomes returns what becomes of requests of a client of some dialect at a target. What
// changes their meaning is left out and named, as the policy may say.
func becomes(t *testing.T, from string, to *target) func([]byte) leaftest.Sent {
	return func(body []byte) (s leaftest.Sent) {
		client := dialect.ByName(from)
		ex := &exchange.Exchange{Dialect: from, Request: exchange.Request{Operation: exchange.Chat, Body: body}}
		ex.Request.Bind(client, nil)
		if v := client.Read(&ex.Request); v.Action != exchange.Pass {
			return leaftest.Sent{Named: []string{v.Param}}
		}
		impossible := false
		if to.translates(ex) {
			r, err := ex.Request.Canon()
			if fault := (*canon.RequestError)(nil); errors.As(err, &fault) {
				return leaftest.Sent{Named: []string{fault.Field}}
			}
			if err != nil {
				t.Fatalf("%v: %s", err, body)
			}
			for _, u := range to.dialect.Unsupported(r, to.canon) {
				impossible = impossible || u.Kind == canon.Impossible
				s.Named = append(s.Named, u.Field)
			}
		}
		out, dropped, _, err := (&plan{ex: ex}).body(to, ex.Request.Stream)
		if err != nil && !impossible {
			t.Errorf("%v: %s", err, body)
		}
		s.Body, s.Named = out, append(s.Named, dropped...)
		return s
	}
}

// TestNothingOfATextIsLost holds that each change of the simplest request is seen,
// whichever way it goes.
func TestNothingOfATextIsLost(t *testing.T) {
	for _, from := range []string{"openai", "anthropic"} {
		for provider, model := range map[string]string{"openai": "gpt-4o", "anthropic": "claude-sonnet-4-6", "mistral": "mistral-large-latest"} {
			t.Run(from+" to "+provider, func(t *testing.T) {
				send := becomes(t, from, targetAt(t, provider, model))
				leaftest.NothingSilent(t, []byte(`{"model":"m","max_tokens":10,"messages":[{"role":"user","content":"Hi"}]}`), send,
					map[string]string{"model": "the model is the target's own"})
			})
		}
	}
}
