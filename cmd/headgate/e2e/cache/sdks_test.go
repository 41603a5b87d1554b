package cache

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// TestSDKsReadWhatIsGivenAgain holds that the official SDKs for Python make the same of an answer
// that is given again as of the first one, to its end.
func TestSDKsReadWhatIsGivenAgain(t *testing.T) {
	t.Parallel()
	python := gatewaytest.Python(t)
	r := start(t, "  again-openai: {chain: [sim/plain], cache: {tool_calls: true}}\n  again-anthropic: {chain: [claude/plain-claude], cache: {tool_calls: true}}\n", "", nil)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, python, filepath.Join("testdata", "again.py"), r.URL)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var all map[string][2]map[string]any
	if err := json.Unmarshal(out, &all); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if len(all) != 16 {
		t.Errorf("%d cases: %s", len(all), out)
	}
	for name, both := range all {
		first, again := both[0], both[1]
		if first["cache"] != "miss" || again["cache"] != "hit" {
			t.Errorf("%s: %v, then %v", name, first, again)
		}
		delete(first, "cache")
		delete(again, "cache")
		if d := cmp.Diff(first, again); d != "" {
			t.Errorf("%s (-first +again):\n%s", name, d)
		}
	}
}
