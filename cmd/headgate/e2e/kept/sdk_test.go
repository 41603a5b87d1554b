package kept

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

// TestAnSDKFindsWhatIsKept holds that OpenAI's SDK goes on with, reads, lists, cancels and deletes
// responses, waits for those in the background, and knows what is not there; and that an answer
// in the background costs what is estimated of it, once.
func TestAnSDKFindsWhatIsKept(t *testing.T) {
	t.Parallel()
	r := start(t, "")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, gatewaytest.Python(t), filepath.Join("testdata", "kept.py"), r.URL, keys["ANN"], keys["EVE"])
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	const missing = "NotFoundError response_not_found"
	want := map[string]any{
		"goes on": true, "read": true, "items": []any{"message"}, "one id in a stream": true, "what was streamed is read": true,
		"in the background": "queued", "then": "completed", "has an answer": true, "cancelled": "cancelled", "a stream is taken up again": true,
		"a stranger reads": missing, "a stranger goes on": "NotFoundError previous_response_not_found", "a stranger deletes": missing,
		"a synchronous one is cancelled": "BadRequestError None", "what is deleted": "NotFoundError None", "what was never given": missing,
		"chat completions go on": "BadRequestError unsupported_field",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	estimated := 0
	for _, row := range r.Rows() {
		switch {
		case row.Operation == "chat" && row.UsageSource == "estimated":
			estimated++
		case row.Operation != "chat" && row.Tokens != nil:
			t.Errorf("%s is charged: %+v", row.Operation, row.Tokens)
		}
	}
	if estimated != 2 {
		t.Errorf("%d answers are estimated: those of two in the background are", estimated)
	}
}
