package gatewaytest

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/record"
	"github.com/headgate/headgate/extproc/sim"
	"github.com/headgate/headgate/policy/price"
)

// DirectAnswer is the text that the provider gives by itself, asked without a gateway.
func DirectAnswer(t *testing.T, p *Provider) string {
	t.Helper()
	resp, err := http.Post(p.URL+"/chat/completions", "application/json", strings.NewReader(ChatBody("plain", "asked directly", false)))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var c struct {
		Choices []struct{ Message struct{ Content string } }
	}
	if err := json.NewDecoder(resp.Body).Decode(&c); err != nil {
		t.Fatal(err)
	}
	return c.Choices[0].Message.Content
}

// CheckUsage compares a row with what the provider would bill.
func CheckUsage(t *testing.T, row record.Line, u sim.Usage) {
	t.Helper()
	if k := row.Tokens; k == nil || k.Input != int64(u.Input) || k.CacheRead != int64(u.CacheRead) || k.Output != int64(u.Output) ||
		k.Reasoning != int64(u.Reasoning) || row.UsageSource != "provider" {
		t.Errorf("row's tokens %+v (%s), the provider's %+v", k, row.UsageSource, u)
		return
	}
	if cost := Nano(u); row.CostNano == nil || *row.CostNano != cost || row.CostUSD != price.FormatNano(cost) {
		t.Errorf("row's cost %v (%s), want %d", row.CostNano, row.CostUSD, cost)
	}
}

// MarkOf is the text of a request by which the provider's log is searched.
func MarkOf(body string) string {
	var r struct {
		Input    string `json:"input"`
		Messages []struct{ Content string }
	}
	_ = json.Unmarshal([]byte(body), &r)
	if r.Input != "" {
		return r.Input
	}
	return r.Messages[len(r.Messages)-1].Content
}
