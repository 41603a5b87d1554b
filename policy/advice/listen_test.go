package advice

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/policy"
)

// TestKeysInPlain holds which policies have keys cross a network in plain, said once however
// many models there are.
func TestKeysInPlain(t *testing.T) {
	const models = "version: 1\nunpriced: flag\nbackends: {gpt: {provider: openai, credential: {env: A}}}\nmodels: {a: gpt/a, b: gpt/b, c: {chain: [gpt/c], total: 1h}}\n"
	const theirs = "version: 1\nunpriced: flag\nbackends: {claude: {provider: anthropic, credential: caller}}\nmodels: {a: claude/a}\n"
	warned := func(address string) []string {
		return []string{"warning listen: clients send their keys to " + address + " over plain HTTP: whoever can read that network has them; say listen: {address: ..., tls: {cert: FILE, key: FILE}}, unless what stands before the gateway ends TLS next to it"}
	}
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"loopback":                     {models + "callers: {a: {key: {env: A_KEY}}}", nil},
		"loopback of IPv6":             {models + "listen: \"[::1]:8080\"\ncallers: {a: {key: {env: A_KEY}}}", nil},
		"nobody has a key":             {models + "listen: 0.0.0.0:8080\nanonymous: true", nil},
		"callers":                      {models + "listen: 0.0.0.0:8080\ncallers: {a: {key: {env: A_KEY}}}", warned("0.0.0.0:8080")},
		"keys of the control plane":    {models + "listen: 10.1.2.3:80\nmanaged_keys: true", warned("10.1.2.3:80")},
		"some have a key":              {models + "listen: \"[::]:8080\"\nanonymous: true\ncallers: {a: {key: {env: A_KEY}}}", warned("[::]:8080")},
		"credentials of providers":     {theirs + "listen: 0.0.0.0:8080\nanonymous: true", warned("0.0.0.0:8080")},
		"credentials on loopback":      {theirs, nil},
		"TLS":                          {models + "listen: {address: \"0.0.0.0:8443\", tls: {cert: /tls.crt, key: /tls.key}}\ncallers: {a: {key: {env: A_KEY}}}", nil},
		"an address without TLS of it": {models + "listen: {address: \"0.0.0.0:8443\"}\ncallers: {a: {key: {env: A_KEY}}}", warned("0.0.0.0:8443")},
	} {
		set, err := policy.Parse("policy.yaml", []byte(c.text))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(c.want, of(Advise(set, Expectation{}), KeysInPlain)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		var grouped []Advice
		_, found := Groups(set, Expectation{})
		for _, f := range found {
			grouped = append(grouped, f.Advice)
		}
		if diff := cmp.Diff(c.want, of(grouped, KeysInPlain)); diff != "" {
			t.Errorf("%s, by group: %s", name, diff)
		}
	}
}

// TestPagesOfAnybody holds that every origin is warned of if no key is needed.
func TestPagesOfAnybody(t *testing.T) {
	const models = "version: 1\nunpriced: flag\nbackends: {b: {provider: simulated}}\nmodels: {a: b/a}\n"
	for text, want := range map[string]int{
		"":                         0,
		"cors: {origins: [\"*\"]}": 1,
		"cors: {origins: [\"https://*.example.com\"]}":                                 0,
		"cors: {origins: [\"*\"]}\ncallers: {a: {key: {env: A_KEY}}}":                  0,
		"cors: {origins: [\"*\"]}\nanonymous: true\ncallers: {a: {key: {env: A_KEY}}}": 1,
	} {
		set, err := policy.Parse("policy.yaml", []byte(models+text))
		if err != nil {
			t.Fatal(err)
		}
		if got := of(Advise(set, Expectation{}), PagesOfAnybody); len(got) != want {
			t.Errorf("%s: %q", text, got)
		}
	}
}
