package provider

import (
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/client"
	"github.com/headgate/headgate/extproc/dialect"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/exchange/exchangetest"
	"github.com/headgate/headgate/policy"
)

// TestAServerOfFunctionsAnswersAClientWithCustomTools holds that both get what they know, and that
// a server which knows custom tools gets the client's bytes.
func TestAServerOfFunctionsAnswersAClientWithCustomTools(t *testing.T) {
	const (
		asked    = `{"model":"m","tools":[{"type":"custom","custom":{"name":"f"}}],"messages":[{"role":"user","content":"Hi"}]}`
		function = `{"id":"i","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":null,"tool_calls":[{"id":"abcdefghi","type":"function","function":{"name":"f","arguments":"{\"input\":\"x\"}"}}]},"finish_reason":"tool_calls"}]}`
	)
	for name, knows := range map[string]bool{"openai": true, "groq": false, "mistral": false, "deepseek": false, "openrouter": false, "openai-compatible": false} {
		t.Run(name, func(t *testing.T) {
			address := ""
			if name == "openai-compatible" {
				address = "url: http://127.0.0.1:1/v1, "
			}
			set, err := policy.Parse("policy.yaml", []byte("version: 1\nbackends: {b: {provider: "+name+", "+address+"credential: {env: FIRST}}}\nunpriced: flag\nmodels: {m: b/m}\n"))
			if err != nil {
				t.Fatal(err)
			}
			s, err := newTestKind(map[string]string{"FIRST": "sk-1"}).Compile(set)
			if err != nil {
				t.Fatal(err)
			}
			v := exchangetest.Join(t, s, exchangetest.Ask(t, "openai", asked))
			if verdict := v.Request(); verdict.Action != exchange.Pass {
				t.Fatal(verdict.Message)
			}
			at, err := v.Attempt("b", "m")
			if err != nil {
				t.Fatal(err)
			}
			if sent := string(at.Out.Body); strings.Contains(sent, `"type":"function","function":{"name":"f"`) == knows || knows && sent != "" {
				t.Errorf("sent: %s", sent)
			}
			v.Respond(200, function, "content-type", "application/json")
			if got := v.Exchange.Response.Translates; got == knows {
				t.Fatalf("written anew: %v", got)
			}
			if knows {
				return
			}
			answer, err := v.Exchange.Response.Canon()
			if err != nil {
				t.Fatal(err)
			}
			got := string(dialect.ByName("openai").EncodeAnswer(nil, answer, client.Of(v.Exchange)))
			if !strings.Contains(got, `"type":"custom","custom":{"name":"f","input":"x"}`) {
				t.Errorf("answered: %s", got)
			}
		})
	}
}
