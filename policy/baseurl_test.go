package policy

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/policy/policypb"
)

// backendAt reads a policy with one backend.
func backendAt(t *testing.T, provider, dialect, base string) *Set {
	t.Helper()
	text := "version: 1\nbackends: {b: {provider: " + provider + ", credential: {env: A}, url: \"" + base + "\"" + dialect + "}}"
	set, err := Parse("policy.yaml", []byte(text))
	if err != nil {
		t.Fatalf("%s: %v", base, err)
	}
	return set
}

// TestBaseURLs holds what the base URLs that vendors print become, in the canonical form
// and on the wire, too, and that a pair of a version which completes nothing asks at the
// same place.
func TestBaseURLs(t *testing.T) {
	const free, claude = "openai-compatible", ", dialect: anthropic"
	for _, c := range []struct{ provider, dialect, base, want string }{
		{"openai", "", "https://api.openai.com", "https://api.openai.com/v1"},
		{"openai", "", "https://api.openai.com/", "https://api.openai.com/v1"},
		{"openai", "", "https://api.openai.com/v1/", "https://api.openai.com/v1"},
		{"openai", "", "https://api.openai.com/v1/chat/completions", "https://api.openai.com/v1"},
		{"openai", "", "https://proxy.example", "https://proxy.example/v1"},
		{"openai", "", "https://proxy.example/team", "https://proxy.example/team"},
		{"groq", "", "https://api.groq.com/openai/v1", "https://api.groq.com/openai/v1"},
		{"groq", "", "https://api.groq.com", "https://api.groq.com/openai/v1"},
		{"groq", "", "https://proxy.example", "https://proxy.example/openai/v1"},
		{"openrouter", "", "https://openrouter.ai", "https://openrouter.ai/api/v1"},
		{"deepseek", "", "https://api.deepseek.com", "https://api.deepseek.com/v1"},
		{"deepseek", "", "https://api.deepseek.com/beta", "https://api.deepseek.com/beta"},
		{"mistral", "", "https://api.mistral.ai", "https://api.mistral.ai/v1"},
		{"anthropic", "", "https://api.anthropic.com", "https://api.anthropic.com/v1"},
		{"anthropic", "", "https://api.anthropic.com/v1/", "https://api.anthropic.com/v1"},
		{"anthropic", "", "https://api.anthropic.com/v1/messages", "https://api.anthropic.com/v1"},
		{"anthropic", "", "https://api.anthropic.com/v1/messages/count_tokens", "https://api.anthropic.com/v1"},
		{free, claude, "https://api.deepseek.com/anthropic", "https://api.deepseek.com/anthropic/v1"},
		{free, claude, "https://h.example/v1beta", "https://h.example/v1beta"},
		{free, claude, "https://h.example/mine/messages", "https://h.example/mine"},
		{free, claude, "https://h.example/mine//", "https://h.example/mine"},
		{free, "", "http://127.0.0.1:11434", "http://127.0.0.1:11434/v1"},
		{free, "", "http://127.0.0.1:11434/", "http://127.0.0.1:11434/v1"},
		{free, "", "http://localhost:8000/v1", "http://localhost:8000/v1"},
		{free, "", "https://api.groq.com:443", "https://api.groq.com:443/openai/v1"},
		{free, "", "https://api.z.ai/api/paas/v4", "https://api.z.ai/api/paas/v4"},
		{free, "", "https://api.z.ai", "https://api.z.ai/api/paas/v4"},
		{free, "", "https://generativelanguage.googleapis.com/v1beta/openai/", "https://generativelanguage.googleapis.com/v1beta/openai"},
		{free, "", "https://Team.OpenAI.azure.com/", "https://Team.OpenAI.azure.com/openai/v1"},
		{free, "", "https://team.openai.azure.com/openai/v1", "https://team.openai.azure.com/openai/v1"},
		{free, "", "https://deep.team.openai.azure.com", "https://deep.team.openai.azure.com/v1"},
		{free, "", "https://bedrock-runtime.eu-west-1.amazonaws.com", "https://bedrock-runtime.eu-west-1.amazonaws.com/openai/v1"},
		{free, "", "https://eu-aiplatform.googleapis.com", "https://eu-aiplatform.googleapis.com/v1"},
		{free, "", "https://api.perplexity.ai", "https://api.perplexity.ai"},
		{free, "", "https://api.perplexity.ai/chat/completions", "https://api.perplexity.ai"},
		{free, "", "https://h.example/chat/completions/", "https://h.example"},
		{free, "", "https://h.example//", "https://h.example"},
		{free, "", "https://h.example/a%2Fb/", "https://h.example/a%2Fb"},
		{"simulated", "", "http://127.0.0.1:9", "http://127.0.0.1:9/v1"},
		{"simulated", claude, "http://127.0.0.1:9", "http://127.0.0.1:9/v1"},
	} {
		set := backendAt(t, c.provider, c.dialect, c.base)
		b := set.Backends["b"]
		if got := b.URL.Scheme + "://" + b.URL.Host + b.PathPrefix(); got != c.want {
			t.Errorf("%s of %s%s is %s, want %s", c.base, c.provider, c.dialect, got, c.want)
		}
		if read := strings.TrimRight(b.URL.String(), "/"); read != c.want {
			t.Errorf("%s: an earlier pair asks at %s, want %s", c.base, read, c.want)
		}
		again, err := Parse("policy.json", set.Canonical())
		sent, wireErr := FromWire(set.Wire())
		if err != nil || wireErr != nil || !cmp.Equal(set, again, sameSet) || !cmp.Equal(set, sent, sameSet) {
			t.Errorf("%s: as %s it means something else: %v, %v", c.base, set.Canonical(), err, wireErr)
		}
	}
}

// TestURLsOnTheWireAreComplete holds that what a control plane of an earlier version sends
// is asked where it meant.
func TestURLsOnTheWireAreComplete(t *testing.T) {
	for _, c := range []struct{ provider, dialect, base string }{
		{"openai-compatible", "openai", "https://h.example"},
		{"openai-compatible", "openai", "https://api.groq.com"},
		{"openai-compatible", "openai", "https://h.example/v1/messages"},
		{"openai-compatible", "openai", "https://h.example/chat/completions"},
		{"openai-compatible", "anthropic", "https://h.example/anthropic"},
		{"simulated", "anthropic", "http://127.0.0.1:9"},
	} {
		document := fmt.Sprintf(`{"backends":{"b":{"dialect":%q,"provider":%q,"url":%q}},"version":1}`, c.dialect, c.provider, c.base)
		set, err := FromWire(&policypb.Policy{Revision: "r", Shape: "s", Document: []byte(document)})
		if err != nil {
			t.Fatal(err)
		}
		u, err := url.Parse(c.base)
		if err != nil {
			t.Fatal(err)
		}
		if got := set.Backends["b"].PathPrefix(); got != u.Path {
			t.Errorf("%s of dialect %s has path %q, want %q", c.base, c.dialect, got, u.Path)
		}
		again, err := Parse("policy.json", set.Canonical())
		if err != nil || again.Backends["b"].PathPrefix() != u.Path {
			t.Errorf("%s of dialect %s: %s means something else: %v", c.base, c.dialect, set.Canonical(), err)
		}
	}
}

// TestAnyPathComesBack holds of paths of all kinds that their canonical form is accepted,
// means the same, and stays as it is.
func TestAnyPathComesBack(t *testing.T) {
	pieces, accepted := []string{"", "/", "/v1", "/x", "/messages", "/chat/completions", "/embeddings", "/%2F"}, 0
	for _, who := range []string{"openai-compatible", "openai-compatible, dialect: anthropic", "groq", "anthropic"} {
		for i := range len(pieces) * len(pieces) * len(pieces) {
			base := "https://api.groq.com" + pieces[i%8] + pieces[i/8%8] + pieces[i/64]
			set, err := Parse("policy.yaml", []byte("version: 1\nbackends: {b: {url: \""+base+"\", credential: {env: A}, provider: "+who+"}}"))
			if err != nil {
				continue
			}
			accepted++
			again, err := Parse("policy.json", set.Canonical())
			sent, wireErr := FromWire(set.Wire())
			if err != nil || wireErr != nil || !cmp.Equal(set, again, sameSet) || !cmp.Equal(set, sent, sameSet) || string(again.Canonical()) != string(set.Canonical()) {
				t.Fatalf("%s of %s: as %s it means something else: %v, %v", base, who, set.Canonical(), err, wireErr)
			}
		}
	}
	if accepted < 1000 {
		t.Errorf("only %d URLs were accepted", accepted)
	}
}

// TestUsualURLsKeepTheirForm holds that the canonical form, and so the revision, of URLs
// that were complete before is what it was.
func TestUsualURLsKeepTheirForm(t *testing.T) {
	for _, base := range []string{
		"https://api.z.ai/api/paas/v4", "https://generativelanguage.googleapis.com/v1beta/openai", "http://localhost:8000/v1", "https://proxy.example/team",
	} {
		if form := string(backendAt(t, "openai-compatible", "", base).Canonical()); !strings.Contains(form, `"url":"`+base+`"`) {
			t.Errorf("%s is written %s", base, form)
		}
	}
}
