package spool

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// TestSDKsComeAgainAfterARefusal holds what the official clients make of a full spool: an error of
// theirs for a server that fails, after one more try when the gateway says.
func TestSDKsComeAgainAfterARefusal(t *testing.T) {
	t.Parallel()
	python := gatewaytest.Python(t)
	r := startRig(t, "when_full: stop, spool: 16MiB")
	r.database.Kill()
	r.fillUp()
	cmd := exec.CommandContext(t.Context(), python, filepath.Join("testdata", "refused.py"), r.pair.URL)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var got map[string][]any
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	want := map[string][]any{
		"openai":    {"InternalServerError", 503.0, "journal_full", []any{10.0}},
		"anthropic": {"ServiceUnavailableError", 503.0, "overloaded_error", []any{10.0}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
