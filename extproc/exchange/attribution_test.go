package exchange

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestAttribute holds what each gateway's clients say of a request, and that the header beats
// the body.
func TestAttribute(t *testing.T) {
	h := func(pairs ...string) (all Headers) {
		for i := 0; i < len(pairs); i += 2 {
			all = append(all, Header{pairs[i], []byte(pairs[i+1])})
		}
		return all
	}
	const claude = `{"device_id":"d-1","account_uuid":"a-1","session_id":"s-1"}`
	for _, c := range []struct {
		name    string
		request Request
		want    Attribution
	}{
		{"nothing", Request{}, Attribution{}},
		{"Headgate's own", Request{Headers: h("x-headgate-user", " ann ", "x-headgate-team", "core", "x-headgate-feature", "search", "x-headgate-session", "s", "x-headgate-tags", "a, b,,a")},
			Attribution{"ann", "core", "search", "s", []string{"a", "b"}}},
		{"LiteLLM's", Request{Headers: h("x-litellm-end-user-id", "eve", "x-litellm-customer-id", "ann", "x-litellm-session-id", "s", "x-litellm-tags", "a,b", "x-litellm-spend-logs-metadata", `{"project_id":"p","team":"core"}`)},
			Attribution{"ann", "core", "", "s", []string{"a", "b", "project_id:p"}}},
		{"Helicone's", Request{Headers: h("helicone-user-id", "ann", "helicone-session-id", "s", "helicone-property-feature", "search", "helicone-property-plan", "pro")},
			Attribution{"ann", "", "search", "s", []string{"plan:pro"}}},
		{"Cloudflare's", Request{Headers: h("cf-aig-metadata", `{"team":"AI","user":12345,"test":true,"none":null,"deep":{}}`)},
			Attribution{"12345", "AI", "", "", []string{"test:true"}}},
		{"a header that cannot be read", Request{Headers: h("cf-aig-metadata", `{"team":`, "x-headgate-user", "ann")}, Attribution{User: "ann"}},
		{"the body's", Request{User: "ann", Metadata: []byte(`{"session_id":"s","team":"core","feature":"search","tags":["a"],"secret":"x"}`)},
			Attribution{"ann", "core", "search", "s", []string{"a"}}},
		{"both", Request{User: "eve", Headers: h("x-headgate-user", "ann"), Metadata: []byte(`{"user_id":"mallory","team":"core"}`)}, Attribution{User: "ann", Team: "core"}},
		{"Claude Code's", Request{User: claude, Metadata: []byte(fmt.Sprintf(`{"user_id":%q}`, claude))}, Attribution{User: "a-1", Session: "s-1"}},
		{"Claude Code's without an account", Request{User: strings.Replace(claude, "a-1", "", 1)}, Attribution{User: "d-1", Session: "s-1"}},
		{"an older Claude Code's", Request{User: "user_d1_account_a-1_session_s-1"}, Attribution{User: "a-1", Session: "s-1"}},
		{"an older Claude Code's without an account", Request{User: "user_d1_account__session_s-1"}, Attribution{User: "d1", Session: "s-1"}},
		{"what only looks like it", Request{User: "user_7"}, Attribution{User: "user_7"}},
	} {
		if diff := cmp.Diff(c.want, c.request.Attribute()); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}

// TestAttributionIsBounded holds so of texts and of tags, whatever a client sends.
func TestAttributionIsBounded(t *testing.T) {
	long := strings.Repeat("é", 1000)
	var tags []string
	for i := range 100 {
		tags = append(tags, fmt.Sprint(i)+long)
	}
	r := Request{Headers: Headers{{"x-headgate-user", []byte(long + "\xff")}, {"x-headgate-tags", []byte(strings.Join(tags, ","))}}}
	a := r.Attribute()
	if len(a.User) > MaxText || len(a.Tags) != maxTags || len(a.Tags[15]) > MaxText {
		t.Errorf("%d bytes of a user, %d tags", len(a.User), len(a.Tags))
	}
}
