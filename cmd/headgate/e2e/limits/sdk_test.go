package limits

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/anthropics/anthropic-sdk-go"
	anthropicoption "github.com/anthropics/anthropic-sdk-go/option"
	"github.com/openai/openai-go/v3"
	openaioption "github.com/openai/openai-go/v3/option"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/cmd/headgate/gatewaytest/sdk"
)

// sdkCases are quotas, and what an SDK that tries twice more by default makes of them.
var sdkCases = []struct {
	name, quota string
	before      int // requests that use the quota up
	status      int // that the SDK reports; 0: it gets an answer
	asks        int // exchanges of the SDK's
}{
	{"waits", "{rpm: 10}", 10, 0, 2}, // six seconds: longer than it takes to use them up
	{"spent", "{usd_per_day: 0.005}", 1, http.StatusTooManyRequests, 1},
	{"never", "{tpm: 5}", 0, http.StatusBadRequest, 1},
}

// TestSDKsKnowWhatRanOut holds what the official SDKs for Go raise once a quota is used up, and
// how often they ask.
func TestSDKsKnowWhatRanOut(t *testing.T) {
	t.Parallel()
	models, callers := "", map[string]string{}
	for _, c := range sdkCases {
		for _, dialect := range []string{"openai", "anthropic"} {
			models += "  " + c.name + "-" + dialect + ": sim/plain\n"
			callers[c.name+"-"+dialect] = c.quota
		}
	}
	r := start(t, models, "", callers)
	for _, c := range sdkCases {
		for _, dialect := range []string{"openai", "anthropic"} {
			t.Run(c.name+" "+dialect, func(t *testing.T) {
				t.Parallel()
				r, name, want := r.with(t), c.name+"-"+dialect, c.status
				for range c.before {
					gatewaytest.MustOK(t, r.chat(name, name, "tokens=700"))
				}
				if dialect == "anthropic" && want == http.StatusBadRequest {
					want = http.StatusRequestEntityTooLarge
				}
				if got := askBySDK(t, r, dialect, name); got != want {
					t.Errorf("status %d, want %d", got, want)
				}
				r.Eventually("the rows", func() bool { return len(r.of(name)) >= c.before+c.asks })
				if n := len(r.of(name)) - c.before; n != c.asks {
					t.Errorf("it asked %d times, want %d", n, c.asks)
				}
			})
		}
	}
}

// askBySDK asks with the official SDK and its own retries, and returns the status of the error
// that it reports; 0: none.
func askBySDK(t *testing.T, r *rig, dialect, name string) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var err error
	if dialect == "openai" {
		client := sdk.OpenAI(r.Gateway, openaioption.WithAPIKey(key(name)), openaioption.WithMaxRetries(2))
		_, err = client.Chat.Completions.New(ctx, sdk.ChatParams(name, "Again?"))
	} else {
		client := sdk.Claude(r.Gateway, anthropicoption.WithAPIKey(key(name)), anthropicoption.WithMaxRetries(2))
		_, err = client.Messages.New(ctx, sdk.MessageParams(name, "Again?"))
	}
	var o *openai.Error
	var a *anthropic.Error
	switch {
	case errors.As(err, &o):
		return o.StatusCode
	case errors.As(err, &a):
		return a.StatusCode
	case err != nil:
		t.Fatal(err)
	}
	return 0
}
