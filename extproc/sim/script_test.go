package sim

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParseScript(t *testing.T) {
	got, err := ParseScript("s.yaml", []byte(`
rules:
  - match: {model: "gpt-4o*", host: "*:80", path: /v1/chat/completions, key: "sk-a*", nth: 2, header: {x-tenant: acme}}
    times: 3
    do: {status: 429, retry-after: 2, quota: }
  - do: ttft=200ms text="a b"
`))
	if err != nil {
		t.Fatal(err)
	}
	want := Script{
		{Match{"gpt-4o*", "*:80", "/v1/chat/completions", "sk-a*", 2, map[string]string{"x-tenant": "acme"}}, 3, Behaviour{Status: 429, RetryAfter: "2", Quota: true}},
		{Match{}, 0, Behaviour{TTFT: 200 * time.Millisecond, Text: new("a b")}},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if got, err := ParseScript("empty", nil); err != nil || got != nil {
		t.Errorf("empty: %v %v", got, err)
	}
}

// TestBustedScripts pins the faults of each file in testdata/busted, all of them.
func TestBustedScripts(t *testing.T) {
	files, _ := filepath.Glob("testdata/busted/*.yaml")
	if len(files) < 3 {
		t.Fatalf("only %d files", len(files))
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		_, err = ParseScript(filepath.Base(file), data)
		if err == nil {
			t.Errorf("%s: no fault found", file)
			continue
		}
		golden(t, "busted/"+strings.TrimSuffix(filepath.Base(file), ".yaml")+".txt", []byte(err.Error()+"\n"))
	}
}

func TestRulesAreUsedInOrder(t *testing.T) {
	script, err := ParseScript("s", []byte(`
rules:
  - {match: {model: "gpt-*", nth: 2}, do: {status: 503}}
  - {match: {header: {x-tenant: "a*e"}}, times: 2, do: {status: 402}}
  - {match: {key: "*-9"}, do: {status: 403}}
  - {match: {path: /v1/messages, host: "127.*"}, do: {status: 529}}
  - {match: {host: nowhere}, do: {status: 500}}
`))
	if err != nil {
		t.Fatal(err)
	}
	_, r := start(t, Options{Script: script})
	for i, c := range []struct {
		path, body, header string
		want               int
	}{
		{"/v1/chat/completions", chatBody, "X: y", 200},
		{"/v1/chat/completions", chatBody, "X: y", 503}, // the second gpt-*
		{"/v1/chat/completions", chatBody, "X: y", 200},
		{"/v1/chat/completions", chatBody, "X-Tenant: acme", 402},
		{"/v1/chat/completions", chatBody, "X-Tenant: ace", 402},
		{"/v1/chat/completions", chatBody, "X-Tenant: ae", 200}, // used up
		{"/v1/chat/completions", chatBody, "Authorization: Bearer k-9", 403},
		{"/v1/messages", msgBody, "X: y", 529},
		{"/v1/messages", msgBody, "X-Sim: status=500", 500}, // the header overwrites
	} {
		if got := ask(t, r, "POST", c.path, c.body, c.header); got.status != c.want {
			t.Errorf("request %d: %d, want %d", i, got.status, c.want)
		}
	}
}

func TestSourcesOverwriteSingleKeys(t *testing.T) {
	script, _ := ParseScript("s", []byte("rules: [{do: {tokens: 1, finish: rule, snapshot: rule, cached: 1}}]"))
	s, r := start(t, Options{Script: script})
	body := `{"model":"m+tokens=2+finish=model+snapshot=model","messages":[{"role":"user","content":"[[sim tokens=3 finish=message]]"}]}`
	got := ask(t, r, "POST", "/v1/chat/completions", body, "X-Sim: tokens=4")
	if u := last(t, s, 1).Usage; u.Output != 4 || u.CacheRead != 1 {
		t.Errorf("usage %+v", u)
	}
	if !strings.Contains(got.body, `"finish_reason":"message"`) || !strings.Contains(got.body, `"model":"model"`) {
		t.Errorf("got %s", got.body)
	}
}

func TestGlob(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{
		{"", "x", true}, {"*", "", true}, {"a", "a", true}, {"a", "ab", false}, {"a*", "ab", true}, {"*b", "ab", true},
		{"a*c", "abc", true}, {"a*c", "ac", true}, {"a*a", "a", false}, {"*b*", "abc", true}, {"a*b*c", "acb", false}, {"*/x", "a/b/x", true},
	} {
		if got := glob(c.pattern, c.text); got != c.want {
			t.Errorf("glob(%q, %q) = %v", c.pattern, c.text, got)
		}
	}
}

func TestOptionsAndScriptAreChecked(t *testing.T) {
	bad := Rule{Do: Behaviour{RetryAfter: "2"}}
	for _, opt := range []Options{{Keep: -1}, {Keyless: true, Keys: []string{"x"}}, {Script: Script{bad}}} {
		if _, err := New(opt); err == nil {
			t.Errorf("accepted %+v", opt)
		}
	}
	s, r := start(t, Options{Script: Script{{Do: Behaviour{Status: 500}}}})
	if err := s.Script(bad); err == nil {
		t.Error("accepted a bad rule")
	}
	if got := ask(t, r, "POST", "/v1/messages", msgBody); got.status != 500 {
		t.Errorf("the old rules are gone: %d", got.status)
	}
	if err := s.Script(); err != nil {
		t.Error(err)
	}
	if got := ask(t, r, "POST", "/v1/messages", msgBody); got.status != 200 {
		t.Errorf("the old rules stay: %d", got.status)
	}
}
