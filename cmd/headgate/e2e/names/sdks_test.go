package names

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// sdks holds that the SDKs of OpenAI and Anthropic list the names that a caller may ask for, by
// pages of one name too, and find one that has a slash.
func sdks(t *testing.T, r *rig) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, gatewaytest.Python(t), filepath.Join("testdata", "names.py"), r.URL, keys["BOB"])
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	names := r.listed(t, "BOB")
	if len(names) < 5 {
		t.Errorf("few names: %v", names)
	}
	want := map[string]any{
		"OpenAI's list": names, "Anthropic's pages": names,
		"OpenAI's one": []any{"openai/gpt-5", "headgate"}, "Anthropic's one": "openai/gpt-5",
		"OpenAI's none": 404.0, "Anthropic's none": 404.0,
		"made before": 0.0,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// listed are the names that a caller may ask for, as a plain client reads them.
func (r *rig) listed(t *testing.T, caller string) (names []any) {
	t.Helper()
	a := r.Ask(gatewaytest.Request{Method: http.MethodGet, Path: "/v1/models", Header: map[string]string{"authorization": "Bearer " + keys[caller]}})
	gatewaytest.MustOK(t, a)
	var list struct{ Data []struct{ ID string } }
	if err := json.Unmarshal([]byte(a.Body), &list); err != nil {
		t.Fatal(err)
	}
	for _, m := range list.Data {
		names = append(names, m.ID)
	}
	return names
}
