package names

import (
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/policy/price"
)

// oneBudget holds that a request is held to a wildcard's budget at the price of the model that is
// asked: what a dear one may cost at most is over it, and what a cheap one may cost is not.
func oneBudget(t *testing.T, r *rig) {
	for model, status := range map[string]int{"paid/gpt-5": 413, "paid/gpt-4o-mini": 200} {
		if a := r.ask("ANN", messages, model, "may cost", ""); a.Status != status {
			t.Errorf("%s: status %d, want %d: %s", model, a.Status, status, a.Body)
		}
	}
}

// streamed holds that a stream ends with what the model costs that the name stands for.
func streamed(t *testing.T, r *rig) {
	body := gatewaytest.ChatBody("claude-haiku-4-5", "streamed by a name", true)
	a := r.Chat(body, "tokens=9", "authorization", "Bearer "+keys["ANN"])
	gatewaytest.MustOK(t, a)
	u := r.at["claude"].Find("streamed by a name").Usage
	want := "x-headgate-cost-usd=" + price.FormatNano(int64(u.Input)*haiku45.input+int64(u.Output)*haiku45.output)
	if !strings.Contains(a.Body, want) {
		t.Errorf("no %s in %s", want, a.Body)
	}
}

// embeddings holds that vectors are made, and paid for, by names, too.
func embeddings(t *testing.T, r *rig) {
	const nano = 20 // for a token of the small model
	body := `{"model":"openai/text-embedding-3-small","input":"vectors by a name"}`
	a := r.Ask(gatewaytest.ChatRequest("/v1/embeddings", body, "", "authorization", "Bearer "+keys["ANN"]))
	gatewaytest.MustOK(t, a)
	served := r.at["gpt"].Find("vectors by a name")
	row := r.Row(a.Exchange())
	if want := int64(served.Usage.Input) * nano; served.Model != "text-embedding-3-small" || row.CostNano == nil || *row.CostNano != want || want == 0 {
		t.Errorf("%s is asked, for %d nano-USD; the row has %+v", served.Model, want, row)
	}
}

// ownCalls holds that a guard of the policy may ask a model by a name that a wildcard answers.
func ownCalls(t *testing.T, r *rig) {
	for mark, status := range map[string]int{"where is my parcel": 200, "I will kill": 403} {
		a := r.ask("ANN", chat, "watched", mark, "")
		if a.Status != status {
			t.Errorf("%q: status %d, want %d: %s", mark, a.Status, status, a.Body)
		}
		judged := r.at["gpt"].FindAll(mark, 1)[0]
		if judged.Model != "omni-moderation-latest" || judged.Path != "/v1/moderations" {
			t.Errorf("%q is judged by %s at %s", mark, judged.Model, judged.Path)
		}
	}
}
