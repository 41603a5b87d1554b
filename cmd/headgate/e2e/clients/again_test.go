package clients

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
	"github.com/headgate/headgate/extproc/sim"
)

// TestSDKsTryAgainOnlyWhereWaitingHelps holds how often the official SDKs, with the two
// retries that they make by default, ask a chain that refuses: once more after the wait
// that it names, and not at all if it names none, or one that nobody waits for.
func TestSDKsTryAgainOnlyWhereWaitingHelps(t *testing.T) {
	t.Parallel()
	cases := []againCase{
		{"failing", sim.Behaviour{Status: 500}, 0, http.StatusServiceUnavailable, 1},
		{"limited-for-a-second", sim.Behaviour{Status: 429, RetryAfter: "1"}, 1, 0, 2},
		{"limited-for-an-hour", sim.Behaviour{Status: 429, RetryAfter: "3600"}, 0, http.StatusTooManyRequests, 1},
		{"limited-for-who-knows-how-long", sim.Behaviour{Status: 429}, 0, http.StatusTooManyRequests, 1},
	}
	models, rules := "", sim.Script(nil)
	for _, c := range cases {
		for _, dialect := range []string{"openai", "anthropic"} {
			name := c.name + "-" + dialect
			models += "  " + name + ": {chain: [a/" + name + ", c/" + name + "], retries: 0}\n"
			rules = append(rules, sim.Rule{Match: sim.Match{Model: name}, Times: c.times, Do: c.does})
		}
	}
	rig := gatewaytest.StartChains(t, models, rules, gatewaytest.Options{})
	for _, c := range cases {
		for _, dialect := range []string{"openai", "anthropic"} {
			t.Run(c.name+" "+dialect, func(t *testing.T) {
				t.Parallel()
				c.check(t, rig.With(t), dialect)
			})
		}
	}
}

// againCase is what both backends of a chain answer, and what an SDK makes of it.
type againCase struct {
	name   string
	does   sim.Behaviour
	times  int // how many requests each backend answers so; 0: any number
	status int // that the SDK reports; 0: it gets an answer
	asks   int // exchanges
}

func (c *againCase) check(t *testing.T, rig *gatewaytest.Chains, dialect string) {
	model := c.name + "-" + dialect
	if got := askTwiceMore(t, rig.Gateway, dialect, model); got != c.status {
		t.Errorf("status %d, want %d", got, c.status)
	}
	asked := func() (n int) {
		for _, row := range rig.Rows() {
			if row.Model == model {
				n++
			}
		}
		return n
	}
	rig.Eventually("the rows", func() bool { return asked() >= c.asks })
	if n := asked(); n != c.asks {
		t.Errorf("%d exchanges, want %d", n, c.asks)
	}
	if n := len(rig.At["a"].FindAll(`"`+model+`"`, c.asks)); n != c.asks {
		t.Errorf("the first backend was asked %d times, want %d", n, c.asks)
	}
}

// askTwiceMore asks with the official SDK and its own retries, and returns the status of
// the error that it reports; 0: none.
func askTwiceMore(t *testing.T, g *gatewaytest.Gateway, dialect, model string) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second) // Anthropic's for Go would wait for an hour
	defer cancel()
	var err error
	if dialect == "openai" {
		client := sdk.OpenAI(g, openaioption.WithMaxRetries(2))
		_, err = client.Chat.Completions.New(ctx, sdk.ChatParams(model, "Again?"))
	} else {
		client := sdk.Claude(g, anthropicoption.WithMaxRetries(2))
		_, err = client.Messages.New(ctx, sdk.MessageParams(model, "Again?"))
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
