package callers

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/record"
)

// who is what a row says of who asked.
type who struct{ caller, tier, user, team, tags string }

func whoOf(r record.Line) who {
	return who{r.Caller, r.Tier, r.User, r.Team, strings.Join(r.Tags, " ")}
}

// spoofed are headers by which a client would be somebody else, go another way, or have more.
var spoofed = []string{
	"x-headgate-caller", "web", "x-headgate-tier", "enterprise", "x-headgate-int-caller", "web", "x-headgate-int-route", "renamed/json",
	"x-envoy-original-path", "/v1/models", "x-forwarded-client-cert", "Subject=\"CN=web\";URI=spiffe://web",
}

// TestRowsSayWhoAsked holds whom an exchange is charged to: the key's user and team, and below
// them what the request says, which never makes it another caller.
func TestRowsSayWhoAsked(t *testing.T) {
	t.Parallel()
	r := start(t, "")
	named := []string{"x-headgate-user", "ann", "x-headgate-team", "finance", "x-headgate-tags", "mine"}
	ci, web := []string{"authorization", "Bearer " + ciKey}, []string{"x-headgate-key", webKey}
	for name, c := range map[string]struct {
		headers []string
		body    string
		want    who
	}{
		"a key with a user and a team": {ci, "", who{"ci", "free", "build", "search", "nightly"}},
		"one that names others":        {append(named, ci...), "", who{"ci", "free", "build", "search", "nightly mine"}},
		"one that names others within": {ci, `"user":"web","safety_identifier":"web","metadata":{"team":"finance","user_id":"web"},`, who{"ci", "free", "build", "search", "nightly"}},
		"a key without":                {web, "", who{"web", "", "", "", ""}},
		"one that names somebody":      {append(named, web...), "", who{"web", "", "ann", "finance", "mine"}},
		"one that goes by another":     {append([]string{"x-headgate-user", "ci"}, web...), "", who{"web", "", "ci", "", ""}},
		"one that would be another":    {append(spoofed, web...), "", who{"web", "", "", "", ""}},
	} {
		t.Run(name, func(t *testing.T) {
			body := `{"model":"plain",` + c.body + `"messages":[{"role":"user","content":"` + name + `"}]}`
			a := r.With(t).Chat(body, "tokens=3", c.headers...)
			gatewaytest.MustOK(t, a)
			if diff := cmp.Diff(c.want, whoOf(r.With(t).Row(a.Exchange())), cmp.AllowUnexported(who{})); diff != "" {
				t.Errorf("the row says (-want +got):\n%s", diff)
			}
			for h := range r.provider.With(t).Find(name).Header {
				if strings.HasPrefix(strings.ToLower(h), "x-headgate-") || h == "Authorization" {
					t.Errorf("the provider gets %s", h)
				}
			}
		})
	}
	op := r.Operator(t)
	r.Eventually("the journal", func() bool {
		return strings.Count(op.Says(0, []string{"exchanges", "--caller", "web", "-o", "json"}), `"exchange":`) == 4
	})
	if all := op.Says(0, []string{"exchanges", "--caller", "ci", "--tier", "free", "-o", "json"}, `"caller": "ci"`, `"tier": "free"`); strings.Count(all, `"exchange":`) != 3 {
		t.Errorf("ci has other exchanges: %s", all)
	}
	op.Says(0, []string{"cost", "--by", "caller,tier", "-o", "csv"}, "caller,tier,requests", "ci,free,3,", "web,,4,")
}

// TestWhoHasNoKeyIsRefused holds what a client gets that has none, or one that is unknown, in
// whatever way it asks, also before it has sent a large body.
func TestWhoHasNoKeyIsRefused(t *testing.T) {
	t.Parallel()
	r := start(t, "")
	large := strings.Repeat("word ", 1<<20)
	for _, way := range gatewaytest.Ways {
		for name, headers := range map[string][]string{
			"no key": nil, "an unknown key": {"authorization", "Bearer " + unknown}, "a wrong one": {"x-api-key", ciKey + "x"}, "a hash": {"x-headgate-key", "9f86d081884c7d659a2feaa0c55ad015"},
			"another's name": append([]string{"x-headgate-user", "ci"}, spoofed...),
		} {
			path, body := "/v1/chat/completions", gatewaytest.ChatBody("plain", large, way.Stream)
			if way.Claude() {
				path, body = "/v1/messages", gatewaytest.MessageBody("plain", large, way.Stream)
			}
			a := r.Ask(gatewaytest.ChatRequest(path, body, "", headers...))
			if a.Status != 401 || a.Header.Get("x-headgate-refused-by") != "gateway" || a.Header.Get("www-authenticate") != "Bearer" || a.Header.Get("x-should-retry") != "false" {
				t.Errorf("%s, %s: %d %v", way, name, a.Status, a.Header)
			}
			gatewaytest.CheckRefusal(t, a, way.Claude(), "authentication_error", "invalid_api_key")
			if row := r.Row(a.Exchange()); row.Outcome != "client_error" || row.Reason != "invalid_api_key" || row.Caller != "" || row.User != map[string]string{"another's name": "ci"}[name] {
				t.Errorf("%s, %s: row %+v", way, name, row)
			}
		}
	}
	if served := r.provider.Served(); len(served) != 0 {
		t.Errorf("the provider was asked %d times", len(served))
	}
}

// TestAnonymousIfThePolicySaysSo holds that without a key somebody may ask who is nobody.
func TestAnonymousIfThePolicySaysSo(t *testing.T) {
	t.Parallel()
	r := start(t, "anonymous: true\nanonymous_tier: free\n")
	for _, c := range []struct {
		headers []string
		want    who
	}{
		{nil, who{tier: "free"}},
		{[]string{"authorization", "Bearer sk-any", "x-headgate-user", "ann"}, who{tier: "free", user: "ann"}},
		{[]string{"authorization", "Bearer " + webKey}, who{caller: "web"}},
	} {
		a := r.Chat(gatewaytest.ChatBody("renamed", "anonymous", false), "", c.headers...)
		gatewaytest.MustOK(t, a)
		if got := whoOf(r.Row(a.Exchange())); got != c.want {
			t.Errorf("%q: the row says %+v, want %+v", c.headers, got, c.want)
		}
	}
	if a := r.Chat(gatewaytest.ChatBody("plain", "revoked", false), "", "authorization", "Bearer hg_a1b2_revoked"); a.Status != 401 {
		t.Errorf("a key of the gateway's that is not known: status %d", a.Status)
	}
}

// TestAKeyInAFileIsExchanged holds that the key in a file counts that is in it, and the one
// before no more, without a restart.
func TestAKeyInAFileIsExchanged(t *testing.T) {
	t.Parallel()
	r := start(t, "")
	ask := func(key string) int {
		return r.Chat(gatewaytest.ChatBody("plain", "exchanged", false), "", "authorization", "Bearer "+key).Status
	}
	const next = "canary-key-in-a-file-22"
	if old, new := ask(fileKey), ask(next); old != 200 || new != 401 {
		t.Errorf("before: %d with the key, %d with the next one", old, new)
	}
	put(t, r.file, next)
	r.Eventually("the next key", func() bool { return ask(next) == 200 })
	if status := ask(fileKey); status != 401 {
		t.Errorf("the key before is still good: %d", status)
	}
}

// TestKeysOfCallersAreNowhere holds that a caller's key, and one that is refused, are in nothing
// that the gateway writes, and reach no provider.
func TestKeysOfCallersAreNowhere(t *testing.T) {
	t.Parallel()
	r := start(t, "")
	for _, headers := range [][]string{
		{"authorization", "Bearer " + ciKey}, {"x-api-key", ciKey}, {"api-key", ciKey}, {"x-headgate-key", ciKey, "authorization", "Bearer " + unknown},
		{"authorization", "Bearer " + fileKey}, {"authorization", "Bearer " + webKey}, {"authorization", "Bearer " + unknown}, {"x-headgate-key", unknown},
	} {
		for _, model := range []string{"plain", "plain-claude", "keyed", "nothing"} {
			r.Chat(gatewaytest.ChatBody(model, "nowhere", false), "tokens=2", headers...)
			r.Messages(gatewaytest.MessageBody(model, "nowhere", true), "tokens=2", headers...)
		}
	}
	for _, s := range r.provider.Settled() {
		for name, values := range s.Header {
			for _, v := range values {
				if strings.Contains(v, "canary-key") {
					t.Errorf("the provider gets %s: %s", name, v)
				}
			}
		}
	}
	r.Stop()
	found := func(where, text string) {
		if i := strings.Index(text, "canary-key"); i >= 0 {
			t.Errorf("%s has a key: %q", where, text[max(0, i-80):min(len(text), i+40)])
		}
	}
	found("the log", r.Log())
	err := filepath.WalkDir(r.Data, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		found(path, string(b))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
