package limits

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// raised is what an SDK for Python raised.
type raised struct {
	Class, Type, Code string
	Status            int
}

// TestPythonSDKsKnowWhatRanOut holds what the official SDKs for Python raise once a quota is used
// up, and how often they ask with the two retries that they make by default.
func TestPythonSDKsKnowWhatRanOut(t *testing.T) {
	t.Parallel()
	python := gatewaytest.Python(t)
	models, callers := "", map[string]string{}
	for _, c := range sdkCases {
		for _, by := range []string{"openai", "streamed", "anthropic"} {
			models += "  py-" + c.name + "-" + by + ": sim/plain\n"
			callers["py-"+c.name+"-"+by] = c.quota
		}
	}
	r := start(t, models, "", callers)
	for _, c := range sdkCases {
		for _, by := range []string{"openai", "streamed", "anthropic"} {
			if c.name == "waits" {
				continue // the script does it: it drains while the others ask
			}
			for range c.before {
				gatewaytest.MustOK(t, r.chat("py-"+c.name+"-"+by, "py-"+c.name+"-"+by, "tokens=700"))
			}
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, python, filepath.Join("testdata", "sdks.py"), r.URL)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]raised
	if err := json.Unmarshal(out, &all); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for name, want := range map[string]raised{
		"py-spent-openai":    {"RateLimitError", "insufficient_quota", "insufficient_quota", 429},
		"py-spent-streamed":  {"RateLimitError", "insufficient_quota", "insufficient_quota", 429},
		"py-spent-anthropic": {"RateLimitError", "rate_limit_error", "insufficient_quota", 429},
		"py-never-openai":    {"BadRequestError", "invalid_request_error", "request_exceeds_quota", 400},
		"py-never-streamed":  {"BadRequestError", "invalid_request_error", "request_exceeds_quota", 400},
		"py-never-anthropic": {"ContentTooLargeError", "request_too_large", "request_exceeds_quota", 413},
		"py-waits-openai":    {},
		"py-waits-streamed":  {},
		"py-waits-anthropic": {},
	} {
		got := all[name]
		if got != want {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
		if got == (raised{}) {
			r.waited(name)
			continue
		}
		before := 0
		if strings.HasPrefix(name, "py-spent") {
			before = 1
		}
		r.Eventually("the rows", func() bool { return len(r.of(name)) > before })
		if n := len(r.of(name)) - before; n != 1 {
			t.Errorf("%s asked %d times", name, n)
		}
	}
}

// waited holds that a client was refused, waited, and was served.
func (r *rig) waited(name string) {
	refused := func() (n int) {
		for _, row := range r.of(name) {
			if row.Status == 429 {
				n++
			}
		}
		return n
	}
	r.Eventually("a refusal before the answer", func() bool { return refused() == 2 && len(r.of(name)) >= 13 }) // the first ended the drain
}
