package provider

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/dialect"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/sim"
	"github.com/headgate/headgate/policy/catalogue"
	"github.com/headgate/headgate/policy/trait"
)

const toolsOfOpenAI = `,"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{}}}}]`

// demanding are requests with all that some model refuses, by the client's dialect.
func demanding() map[string][]string {
	bodies := map[string][]string{}
	add := func(dialect, body string) { bodies[dialect] = append(bodies[dialect], body) }
	const say = `{"model":"m","messages":[{"role":"user","content":"Hi"}]`
	for _, tools := range []string{"", toolsOfOpenAI} {
		for _, effort := range []string{"", "none", "minimal", "low", "medium", "high", "xhigh", "max"} {
			body := say + tools + `,"max_tokens":3000,"temperature":0,"top_p":0.9,"presence_penalty":1,"stop":["END"]`
			if effort != "" {
				body += `,"reasoning_effort":"` + effort + `"`
			}
			add("openai", body+"}")
		}
	}
	add("openai", say+"}")
	add("openai", say+toolsOfOpenAI+`,"max_tokens":9000000,"tool_choice":"required"}`)
	add("openai", `{"model":"m","messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":"So"}]}`)
	add("openai", say+`,"tools":[{"type":"function","function":{"name":"`+strings.Repeat("a.name", 40)+`"}}]}`)
	add("openai", `{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"Hi"},{"type":"file","file":{"file_data":"data:application/pdf;base64,AAAA"}},{"type":"input_audio","input_audio":{"data":"AAAA","format":"wav"}}]}]}`)
	add("anthropic", say+`,"max_tokens":9000000,"tools":[{"name":"`+strings.Repeat("a.name", 40)+`","input_schema":{"type":"object"}}],"tool_choice":{"type":"any"}}`)
	add("anthropic", `{"model":"m","max_tokens":9000000,"messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":"So"}]}`)
	for _, tools := range []string{"", `,"tools":[{"name":"f","input_schema":{"type":"object"}}]`} {
		for _, thinking := range []string{"", `,"temperature":0.5,"top_p":0.9,"top_k":5`, `,"thinking":{"type":"disabled"}`, `,"thinking":{"type":"between_tools"}`, `,"thinking":{"type":"adaptive"}`, `,"thinking":{"type":"enabled","budget_tokens":1500}`} {
			for _, effort := range []string{"", "low", "medium", "high", "xhigh", "max"} {
				body := say + tools + thinking + `,"max_tokens":3000,"stop_sequences":["END"]`
				if effort != "" {
					body += `,"output_config":{"effort":"` + effort + `"}`
				}
				add("anthropic", body+"}")
			}
		}
	}
	return bodies
}

// leaves returns the body that leaves for a target, of a client of some dialect.
func leaves(t *testing.T, from string, body string, to *target) []byte {
	t.Helper()
	client := dialect.ByName(from)
	ex := &exchange.Exchange{Dialect: from, Request: exchange.Request{Operation: exchange.Chat, Body: []byte(body)}}
	ex.Request.Bind(client, nil)
	if v := client.Read(&ex.Request); v.Action != exchange.Pass {
		t.Fatal(v.Message)
	}
	p := &plan{ex: ex}
	out, _, _, err := p.body(to, false)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestWhatLeavesIsTakenByTheModel plays requests with all that some model refuses to
// every model that is listed, from clients of each dialect, and holds that the simulated
// provider, which refuses what the model does by facts of its own, takes each.
func TestWhatLeavesIsTakenByTheModel(t *testing.T) {
	server, err := sim.New(sim.Options{})
	if err != nil {
		t.Fatal(err)
	}
	played := 0
	for _, row := range catalogue.Builtin().Rows() {
		if dialect.ByName(row.Provider) == nil || row.Set.Reasoning == trait.ReasoningUnknown {
			continue // no vendor of a dialect, or nothing but limits is known
		}
		to := &target{model: row.Model, dialect: dialect.ByName(row.Provider), picky: row.Set.Refuses()}
		to.canon = canon.Target{Model: row.Model, MaxTokens: row.Set.Output, Traits: row.Set}
		for from, bodies := range demanding() {
			for _, body := range bodies {
				out := leaves(t, from, body, to)
				req := httptest.NewRequest("POST", "/v1"+to.dialect.Path(exchange.Chat, row.Model, false), strings.NewReader(string(out)))
				req.Header = http.Header{"Authorization": {"Bearer x"}, "X-Api-Key": {"x"}, "Anthropic-Version": {"2023-06-01"}}
				answer := httptest.NewRecorder()
				server.ServeHTTP(answer, req)
				if played++; answer.Code != 200 {
					t.Errorf("%s:\nfrom %s %s\nto %s", row.Model, from, body, fmt.Sprint(string(out), " ", answer.Body))
				}
			}
		}
	}
	if played < 1000 {
		t.Errorf("only %d requests were played", played)
	}
}
