package callers

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/anthropics/anthropic-sdk-go"
	anthropicoption "github.com/anthropics/anthropic-sdk-go/option"
	"github.com/google/go-cmp/cmp"
	"github.com/openai/openai-go/v3"
	openaioption "github.com/openai/openai-go/v3/option"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/cmd/headgate/gatewaytest/sdk"
)

// TestSDKsKnowARefusedKey holds that the official SDKs raise their own errors for a key that is
// not known, and for a model that it may not ask for, and that they send such a request once.
func TestSDKsKnowARefusedKey(t *testing.T) {
	t.Parallel()
	r := start(t, "")
	t.Run("go", func(t *testing.T) {
		for _, c := range []struct {
			key, model string
			status     int
			kind       string
		}{
			{unknown, "plain", 401, "authentication_error"},
			{ciKey, "renamed", 403, "permission_error"},
			{ciKey, "plain", 0, ""},
		} {
			_, err := chat(t, r.With(t), c.key, c.model)
			var o *openai.Error
			if errors.As(err, &o); (err == nil) != (c.status == 0) || err != nil && (o == nil || o.StatusCode != c.status || o.Type != c.kind) {
				t.Errorf("openai, %s: %v", c.model, err)
			}
			err = message(t, r.With(t), c.key, c.model)
			var a *anthropic.Error
			if errors.As(err, &a); (err == nil) != (c.status == 0) || err != nil && (a == nil || a.StatusCode != c.status || string(a.Type()) != c.kind) {
				t.Errorf("anthropic, %s: %v", c.model, err)
			}
		}
	})
	t.Run("python", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		cmd := exec.CommandContext(ctx, gatewaytest.Python(t), filepath.Join("testdata", "refused.py"), r.URL, ciKey)
		cmd.Stderr = os.Stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		got := map[string][]any{}
		if err := json.Unmarshal(out, &got); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		authentication, permission := []any{"AuthenticationError", 401.0}, []any{"PermissionDeniedError", 403.0}
		want := map[string][]any{
			"openai, no such key": authentication, "openai, no such model for the key": permission, "openai, good": {},
			"anthropic, no such key": authentication, "anthropic, no such model for the key": permission, "anthropic, good": {},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("errors differ (-want +got):\n%s", diff)
		}
	})
	r.sentOnce(t, 2*2+1) // two by each SDK, and the probe of the start
}

// sentOnce holds that there are so many refusals for a key, and as many for a model, but for the
// gateway's own probe.
func (r *rig) sentOnce(t *testing.T, keys int) {
	t.Helper()
	count := func() map[string]int {
		n := map[string]int{}
		for _, row := range r.Rows() {
			n[row.Reason]++
		}
		return n
	}
	r.Eventually("the rows", func() bool { return count()["model_not_allowed"] >= keys-1 && count()["invalid_api_key"] >= keys })
	if got := count(); got["invalid_api_key"] != keys || got["model_not_allowed"] != keys-1 {
		t.Errorf("refused %v, want %d and %d: a hopeless request is sent once", got, keys, keys-1)
	}
}

func chat(t *testing.T, g *gatewaytest.Gateway, key, model string) (*openai.ChatCompletion, error) {
	client := sdk.OpenAI(g, openaioption.WithAPIKey(key), openaioption.WithMaxRetries(2))
	return client.Chat.Completions.New(t.Context(), sdk.ChatParams(model, "hi"))
}

func message(t *testing.T, g *gatewaytest.Gateway, key, model string) error {
	client := sdk.Claude(g, anthropicoption.WithAPIKey(key), anthropicoption.WithMaxRetries(2))
	_, err := client.Messages.New(t.Context(), sdk.MessageParams(model, "hi"))
	return err
}

// TestSDKsListTheModelsOfTheirKey holds that a caller sees its own models, and no other by name.
func TestSDKsListTheModelsOfTheirKey(t *testing.T) {
	t.Parallel()
	r := start(t, "")
	client := sdk.OpenAI(r.Gateway, openaioption.WithAPIKey(ciKey))
	list, err := client.Models.List(t.Context())
	if err != nil || len(list.Data) != 2 || list.Data[0].ID != "plain" || list.Data[1].ID != "plain-claude" {
		t.Errorf("%v %+v", err, list)
	}
	if one, err := client.Models.Get(t.Context(), "plain"); err != nil || one.ID != "plain" {
		t.Errorf("%v %+v", err, one)
	}
	var o *openai.Error
	if _, err := client.Models.Get(t.Context(), "renamed"); !errors.As(err, &o) || o.StatusCode != 404 {
		t.Errorf("another's model: %v", err)
	}
	claude := sdk.Claude(r.Gateway, anthropicoption.WithAPIKey(ciKey))
	page, err := claude.Models.List(t.Context(), anthropic.ModelListParams{})
	if err != nil || len(page.Data) != 2 || page.Data[0].ID != "plain" {
		t.Errorf("%v %+v", err, page)
	}
}
