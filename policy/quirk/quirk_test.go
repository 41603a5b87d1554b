package quirk_test

import (
	"testing"

	"github.com/headgate/headgate/policy/quirk"
)

// TestAModelsQuirksJoinItsServers holds which models differ, and that a server's own
// quirks stay.
func TestAModelsQuirksJoinItsServers(t *testing.T) {
	server := quirk.Set{NoImages: true, ShortToolIDs: true}
	newest := server
	newest.NoSampling, newest.AdaptiveThinking = true, true
	for model, want := range map[string]quirk.Set{
		"claude-opus-5":            newest,
		"claude-opus-5-20260501":   newest,
		"claude-sonnet-5":          newest,
		"claude-fable-5":           newest,
		"claude-sonnet-4-5":        server,
		"anthropic/claude-opus-5x": server,
		"":                         server,
	} {
		if got := server.For(model); got != want {
			t.Errorf("%q: %+v, want %+v", model, got, want)
		}
	}
}
