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

// askFunctions asks a model at a provider of OpenAI's dialect for a call, as a client does
// that knows functions. It returns what the provider gets.
func askFunctions(t *testing.T, provider, member string) (*exchangetest.Visit, string) {
	t.Helper()
	set, err := policy.Parse("policy.yaml", []byte("version: 1\nbackends: {b: {provider: "+provider+", credential: {env: FIRST}}}\nunpriced: flag\nmodels: {m: b/m}\n"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := newTestKind(map[string]string{"FIRST": "sk-1"}).Compile(set)
	if err != nil {
		t.Fatal(err)
	}
	v := exchangetest.Join(t, s, exchangetest.Ask(t, "openai", `{"model":"m",`+member+`"functions":[{"name":"f"}],"messages":[{"role":"user","content":"Hi"}]}`))
	if verdict := v.Request(); verdict.Action != exchange.Pass {
		t.Fatal(verdict.Message)
	}
	at, err := v.Attempt("b", "m")
	if err != nil {
		t.Fatal(err)
	}
	return v, string(at.Out.Body)
}

// TestAServerThatKnowsToolsOnlyAnswersAClientThatKnowsFunctions holds that both get what
// they know, and that a server which knows functions is asked for them.
func TestAServerThatKnowsToolsOnlyAnswersAClientThatKnowsFunctions(t *testing.T) {
	const call = `"tool_calls":[{"index":0,"id":"abcdefghi","type":"function","function":{"name":"f","arguments":"{}"}}]`
	openai := dialect.ByName("openai")
	v, sent := askFunctions(t, "mistral", "")
	if !strings.Contains(sent, `"tools":[{"type":"function"`) || strings.Contains(sent, `"functions"`) {
		t.Errorf("sent: %s", sent)
	}
	v.Respond(200, `{"id":"i","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant",`+call+`},"finish_reason":"tool_calls"}]}`, "content-type", "application/json")
	answer, err := v.Exchange.Response.Canon()
	if err != nil || !v.Exchange.Response.Translates {
		t.Fatal(err, v.Exchange.Response.Translates)
	}
	got := string(openai.EncodeAnswer(nil, answer, client.Of(v.Exchange)))
	if !strings.Contains(got, `"function_call":{"name":"f","arguments":"{}"}`) || !strings.Contains(got, `"finish_reason":"function_call"`) {
		t.Errorf("answered: %s", got)
	}

	v, sent = askFunctions(t, "groq", "")
	if sent != "" {
		t.Errorf("sent: %s", sent)
	}
	v.Respond(200, `{"id":"i","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"x"},"finish_reason":"stop"}]}`, "content-type", "application/json")
	if v.Exchange.Response.Translates {
		t.Error("an answer that can pass is written anew")
	}
}

// TestAStreamOfCallsReachesAClientThatKnowsFunctions holds the same of a stream.
func TestAStreamOfCallsReachesAClientThatKnowsFunctions(t *testing.T) {
	v, _ := askFunctions(t, "mistral", `"stream":true,`)
	v.Stream()
	ex := v.Exchange
	r := ex.Response.Reader
	defer r.Close()
	stream := `data: {"id":"i","model":"m","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"abcdefghi","function":{"name":"f","arguments":"{\"x\":1}"}}]},"finish_reason":"tool_calls"}]}` + "\n\ndata: [DONE]\n\n"
	if err := r.Feed([]byte(stream), true); err != nil {
		t.Fatal(err)
	}
	w := client.NewWriter(dialect.ByName("openai").Encoder(client.Of(ex)), !ex.Response.Translates)
	var out []byte
	for found := r.Next(); found != nil; found = r.Next() {
		for i := range found {
			out = w.Append(out, &found[i])
		}
	}
	out = w.Flush(out)
	for _, want := range []string{`"function_call":{"name":"f"`, `"function_call":{"arguments":`, `"finish_reason":"function_call"`, "[DONE]"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("%s is not in %s", want, out)
		}
	}
}
