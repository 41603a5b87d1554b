package own

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/self"
)

// judges are models that moderate, and one that cannot.
const judges = `version: 1
backends:
  gpt:    {provider: simulated, url: "URL"}
  claude: {provider: simulated, dialect: anthropic, url: "URL"}
models:
  judge: gpt/omni-moderation-latest
  judges: {retries: 0, chain: ["gpt/omni-moderation-latest+status=500", claude/claude-sonnet-4-6, gpt/omni-moderation-latest]}
  claude: claude/claude-sonnet-4-6
prices: {"omni-moderation-latest+status=500": {input: 0, output: 0}}
`

func serveJudges(t *testing.T) (*gatewaytest.Gateway, *gatewaytest.Provider) {
	t.Helper()
	p := gatewaytest.Simulate(t, gatewaytest.Keyless)
	return gatewaytest.Start(t, strings.ReplaceAll(judges, "URL", p.URL), gatewaytest.Options{}), p
}

// TestModerations holds that the official SDK gets what the provider says, byte for byte, alone
// and in a chain, and that it is in the row and free.
func TestModerations(t *testing.T) {
	t.Parallel()
	g, p := serveJudges(t)
	client := openai.NewClient(option.WithBaseURL(g.URL+"/v1"), option.WithAPIKey("any"), option.WithMaxRetries(0))
	for _, model := range []string{"judge", "judges"} {
		var raw *http.Response
		got, err := client.Moderations.New(t.Context(), openai.ModerationNewParams{Model: model, Input: openai.ModerationNewParamsInputUnion{
			OfStringArray: []string{"where is my parcel", "kill"},
		}}, option.WithResponseInto(&raw))
		if err != nil {
			t.Fatal(err)
		}
		if len(got.Results) != 2 || got.Results[0].Flagged || !got.Results[1].Categories.Violence || got.Model != "omni-moderation-latest" {
			t.Errorf("%s: %s", model, got.RawJSON())
		}
		row := g.Row(raw.Header.Get("x-headgate-exchange-id"))
		if row.Operation != "moderations" || row.Backend != "gpt" || row.Tokens != nil || row.Unpriced || row.CostNano == nil || *row.CostNano != 0 || row.Price == "" {
			t.Errorf("%s: row %+v", model, row)
		}
	}
	if sent, want := string(p.Last(1).Body), `{"input":["where is my parcel","kill"],"model":"omni-moderation-latest"}`; sent != want {
		t.Errorf("sent %s, want %s", sent, want)
	}
	metric := `headgate_unpriced_total{`
	if strings.Contains(g.Metrics(), metric) {
		t.Error("something is counted as without a price")
	}
}

// TestModerationsThatCannotBe holds that a model which moderates nothing refuses them by their
// name, and that mistakes are refused by the provider or the gateway in OpenAI's form.
func TestModerationsThatCannotBe(t *testing.T) {
	t.Parallel()
	g, p := serveJudges(t)
	for _, c := range []struct {
		name, body string
		status     int
		says       string
	}{
		{"a model that has no such operation", `{"model":"claude","input":"a"}`, 400, "it has no moderations"},
		{"no model", `{"input":"a"}`, 400, "You must provide a model parameter"},
		{"an unknown model", `{"model":"omni-moderation-latest","input":"a"}`, 404, "is not served by this gateway"},
		{"no input", `{"model":"judge"}`, 400, "Missing required parameter: 'input'."},
	} {
		a := g.Ask(gatewaytest.ChatRequest("/v1/moderations", c.body, ""))
		refused := gatewaytest.Decoded(t, []byte(a.Body))["error"].(map[string]any)
		if message := refused["message"].(string); a.Status != c.status || !strings.Contains(message, c.says) {
			t.Errorf("%s: status %d: %s", c.name, a.Status, message)
		}
	}
	if n := len(p.Settled()); n != 1 {
		t.Errorf("the provider was asked %d times, want 1", n)
	}
}

// TestOwnModerations holds that an own call gets what a client does.
func TestOwnModerations(t *testing.T) {
	r := start(t, "")
	body := `{"model":"judge","input":"kill"}`
	a := must(t, r.own, self.Call{Feature: self.Guard, Path: "/v1/moderations", Body: []byte(body)})
	client := r.Ask(gatewaytest.ChatRequest("/v1/moderations", body, ""))
	strip := func(b []byte) any { m := gatewaytest.Decoded(t, b); delete(m, "id"); return m }
	if diff := cmp.Diff(strip([]byte(client.Body)), strip(a.Body)); diff != "" {
		t.Errorf("a client gets (-client +own):\n%s", diff)
	}
	if a.CostNano != 0 || !a.Priced {
		t.Errorf("it costs %d, priced %v", a.CostNano, a.Priced)
	}
	if _, err := r.own.Do(t.Context(), self.Call{Feature: self.Guard, Path: "/v1/moderations", Body: []byte(body), MaxBytes: 10}); !errors.Is(err, self.ErrTooLarge) {
		t.Errorf("error %v", err)
	}
}
