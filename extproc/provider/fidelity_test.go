package provider

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/policy/quirk"
)

// loosen takes from two requests what servers take to be the same: a stop sequence alone
// and in a list, and no content and null.
func loosen(asked, sent map[string]any) {
	if stop, ok := asked["stop"].(string); ok {
		asked["stop"] = []any{stop}
	}
	for _, m := range sent["messages"].([]any) {
		if m := m.(map[string]any); m["content"] == nil {
			delete(m, "content")
		}
	}
}

// TestARewrittenRequestKeepsAllElse holds that a request of a server's own dialect that is
// written anew for one member says all else as it did.
func TestARewrittenRequestKeepsAllElse(t *testing.T) {
	to := targetAt(t, "openai-compatible", "m")
	to.canon.Quirks = quirk.Set{MaxTokensOnly: true}
	for name, request := range requestsOf(t, "openai") {
		t.Run(name, func(t *testing.T) {
			var want, got map[string]any
			if err := json.Unmarshal(request, &want); err != nil {
				t.Fatal(err)
			}
			limit := want["max_tokens"]
			if limit == nil {
				limit = want["max_completion_tokens"]
			}
			delete(want, "max_tokens")
			want["max_completion_tokens"] = limit
			asked, err := json.Marshal(want)
			if err != nil {
				t.Fatal(err)
			}
			sent := becomes(t, "openai", to)(asked)
			if err := json.Unmarshal(sent.Body, &got); err != nil {
				t.Fatalf("%v: %s", err, sent.Body)
			}
			delete(want, "max_completion_tokens")
			loosen(want, got)
			want["max_tokens"] = limit
			if diff := cmp.Diff(want, got); diff != "" || len(sent.Named) > 0 {
				t.Errorf("named %q, (-asked +sent): %s", sent.Named, diff)
			}
		})
	}
}
