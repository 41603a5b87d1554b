package costs

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/record"
)

// apis are those of clients and of backends.
var apis = []string{"openai", "anthropic", "responses"}

// worker is a gateway before a provider that does not count what it is asked for.
type worker struct {
	*gatewaytest.Gateway
	p *gatewaytest.Provider
	t *testing.T
}

const workers = `version: 1
unpriced: flag
backends:
  openai: {provider: simulated, url: "URL"}
  anthropic: {provider: simulated, dialect: anthropic, url: "URL"}
  responses: {provider: simulated, responses: true, url: "URL"}
  other: {provider: simulated, url: "URL"}
prices: {m: {input: 1, output: 2}, vectors: {input: 1, output: 0}PRICES}
models:
  vectors: openai/vectors
`

// startWorker starts a gateway with models for each API of backends. Those with two links have an
// own first one for each way of asking: it is not asked again for a while once it is late.
func startWorker(t *testing.T) *worker {
	t.Helper()
	var models, prices strings.Builder
	for _, b := range apis {
		api := map[string]string{"openai": ", api: chat", "responses": ", api: responses"}[b]
		fmt.Fprintf(&models, "  %s: {chain: [%s/m], retries: 0%s}\n", b, b, api)
		fmt.Fprintf(&models, "  short-%s: {chain: [%s/m], retries: 0, timeout: 500ms, idle_timeout: 500ms%s}\n", b, b, api)
		fmt.Fprintf(&models, "  total-%s: {chain: [%s/m], retries: 0, total: 700ms%s}\n", b, b, api)
		for i, client := range apis {
			for _, stream := range []bool{false, true} {
				late := fmt.Sprintf("m+hang=headers+tokens=%d", 10+2*i+map[bool]int{true: 1}[stream])
				fmt.Fprintf(&models, "  rescued-%s-%s-%t: {chain: [\"%s/%s\", other/m], retries: 0, timeout: 500ms%s}\n", b, client, stream, b, late, api)
				if b == apis[0] {
					fmt.Fprintf(&prices, ", %q: {input: 1, output: 2}", late)
				}
			}
		}
	}
	p := gatewaytest.Simulate(t, gatewaytest.Keyless)
	text := strings.NewReplacer("URL", p.URL, "PRICES", prices.String()).Replace(workers)
	return &worker{gatewaytest.Start(t, text+models.String(), gatewaytest.Options{}), p, t}
}

// request asks as a user who has a tool.
func request(api, model, user, sim string, stream bool) gatewaytest.Request {
	const schema = `{"type":"object","properties":{}}`
	path, body := "/v1/chat/completions", fmt.Sprintf(`"messages":[{"role":"user","content":%q}],"tools":[{"type":"function","function":{"name":"now","parameters":%s}}]`, user, schema)
	switch api {
	case "anthropic":
		path, body = "/v1/messages", fmt.Sprintf(`"max_tokens":512,"messages":[{"role":"user","content":%q}],"tools":[{"name":"now","input_schema":%s}]`, user, schema)
	case "responses":
		path, body = "/v1/responses", fmt.Sprintf(`"store":false,"input":%q,"tools":[{"type":"function","name":"now","parameters":%s}]`, user, schema)
	default:
		if stream {
			body += `,"stream_options":{"include_usage":true}`
		}
	}
	return gatewaytest.ChatRequest(path, fmt.Sprintf(`{"model":%q,"stream":%t,%s}`, model, stream, body), sim, "anthropic-version", "2023-06-01", "x-headgate-user", user)
}

// rowOf waits for the row of a user, who asks once.
func (w *worker) rowOf(user string) (found record.Line) {
	w.t.Helper()
	w.Eventually("the row of "+user, func() bool {
		rows := 0
		for _, row := range w.Rows() {
			if row.User == user {
				found = row
				rows++
			}
		}
		if rows > 1 {
			w.t.Fatalf("%d rows of %s", rows, user)
		}
		return rows == 1
	})
	return found
}

// TestWhateverAProviderWorkedForIsCharged holds that what no provider has counted is charged once, by an
// estimate that says so, however the answer ends and whatever it consists of, and that the client
// is shown the same.
func TestWhateverAProviderWorkedForIsCharged(t *testing.T) {
	t.Parallel()
	w := startWorker(t)
	for _, c := range []struct {
		name, model, sim string
		whole            bool // the answer comes to its end
	}{
		{"a text", "", "no-usage", true},
		{"a call without a text", "", "no-usage;tool=now", true},
		{"a short text after thinking", "", "no-usage;reasoning=20;tokens=1", true},
		{"falls silent", "short-", "hang=6", false},
		{"is cut", "", "cut=6", false},
		{"is late", "short-", "hang=headers", false},
		{"is too late", "total-", "hang=headers", false},
	} {
		for _, client := range apis {
			for _, backend := range apis {
				for _, stream := range []bool{false, true} {
					t.Run(fmt.Sprintf("%s of %s to %s, stream %t", c.name, backend, client, stream), func(t *testing.T) {
						t.Parallel()
						w := &worker{w.With(t), w.p.With(t), t}
						a, _ := w.Try(context.Background(), request(client, c.model+backend, t.Name(), c.sim, stream))
						row := w.rowOf(t.Name())
						said := c.whole || row.Status == 200
						if c.sim == "cut=6" && row.Tokens != nil { // what of it was read is a matter of Envoy's
							said = row.Tokens.Output > 0
						}
						w.checkEstimate(row.Tokens, row.UsageSource, row.CostNano, said)
						if c.whole && client != backend {
							shows(t, client, a.Body, row.Tokens)
						}
					})
				}
			}
		}
	}
}

// TestAnAttemptThatWasLateIsCharged holds that an attempt which got no answer in its time is charged by
// its input although another link answered, and the answer as ever.
func TestAnAttemptThatWasLateIsCharged(t *testing.T) {
	t.Parallel()
	w := startWorker(t)
	for _, client := range apis {
		for _, backend := range apis {
			for _, stream := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s to %s, stream %t", backend, client, stream), func(t *testing.T) {
					t.Parallel()
					w := &worker{w.With(t), w.p.With(t), t}
					a := w.Ask(request(client, fmt.Sprintf("rescued-%s-%s-%t", backend, client, stream), t.Name(), "", stream))
					row := w.rowOf(t.Name())
					if a.Status != 200 || row.UsageSource != "provider" || len(row.Tried) != 2 || row.Tried[1].Tokens != nil {
						t.Fatalf("status %d, usage of %q, tried %+v", a.Status, row.UsageSource, row.Tried)
					}
					late := row.Tried[0]
					w.checkEstimate(late.Tokens, late.UsageSource, late.CostNano, false)
				})
			}
		}
	}
}

// TestWhoLeavesPaysForWhatWasBegun holds that a client that hangs up before anything came is charged the input
// of what the provider was at.
func TestWhoLeavesPaysForWhatWasBegun(t *testing.T) {
	t.Parallel()
	w := startWorker(t)
	for _, backend := range apis {
		for _, stream := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, stream %t", backend, stream), func(t *testing.T) {
				w := &worker{w.With(t), w.p.With(t), t}
				ctx, leave := context.WithCancel(context.Background())
				defer leave()
				left := make(chan error, 1)
				go func() {
					_, err := w.Try(ctx, request(backend, backend, t.Name(), "hang=headers", stream))
					left <- err
				}()
				w.p.Received()
				leave()
				if err := <-left; err == nil {
					t.Fatal("it was answered")
				}
				row := w.rowOf(t.Name())
				if row.Outcome != "cancelled" || row.By != "client" {
					t.Errorf("the row says %s by %s", row.Outcome, row.By)
				}
				w.checkEstimate(row.Tokens, row.UsageSource, row.CostNano, false)
			})
		}
	}
}

// TestWhatElseIsNotCountedIsCharged holds so of embeddings, and of a response in the background.
func TestWhatElseIsNotCountedIsCharged(t *testing.T) {
	t.Parallel()
	w := startWorker(t)
	for name, c := range map[string]struct {
		path, body string
		output     bool
	}{
		"embeddings":        {"/v1/embeddings", `{"model":"vectors","input":"some words"}`, false},
		"in the background": {"/v1/responses", `{"model":"responses","background":true,"store":true,"input":"some words"}`, true},
	} {
		t.Run(name, func(t *testing.T) {
			w := &worker{w.With(t), w.p.With(t), t}
			gatewaytest.MustOK(t, w.Ask(gatewaytest.ChatRequest(c.path, c.body, "no-usage", "x-headgate-user", t.Name())))
			row := w.rowOf(t.Name())
			w.checkEstimate(row.Tokens, row.UsageSource, row.CostNano, c.output)
		})
	}
}

// checkEstimate holds that an exchange, or an attempt, has an estimate that says so, and costs what that does.
func (w *worker) checkEstimate(k *record.Tokens, source string, nano *int64, output bool) {
	w.t.Helper()
	switch {
	case k == nil || nano == nil || source != "estimated" || k.Input == 0 || (k.Output > 0) != output:
		w.t.Errorf("tokens %+v of %q, cost %v; want an estimate, of output: %t", k, source, nano, output)
	case *nano != 1000*k.Input+2000*k.Output:
		w.t.Errorf("%+v cost %d nano-USD", k, *nano)
	}
}

// shows holds that a translated answer says to its client what is charged.
func shows(t *testing.T, client, body string, k *record.Tokens) {
	t.Helper()
	in, out := "input_tokens", "output_tokens"
	if client == "openai" {
		in, out = "prompt_tokens", "completion_tokens"
	}
	for name, n := range map[string]int64{in: k.Input, out: k.Output} {
		if want := fmt.Sprintf("%q:%d,", name, n); !strings.Contains(body, want) && !strings.Contains(body, strings.TrimSuffix(want, ",")+"}") {
			t.Errorf("the client is shown no %s: %s", want, body)
		}
	}
}
