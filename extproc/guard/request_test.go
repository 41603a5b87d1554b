package guard

import (
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/exchange/exchangetest"
	"github.com/headgate/headgate/policy"
)

// TestEveryTextOfARequestIsMasked holds where guards look, in both dialects, and that all else of
// the body stays as it came.
func TestEveryTextOfARequestIsMasked(t *testing.T) {
	s := compiled(t, model+`guards: {input: [{pii: {}}]}`)
	file := base64.StdEncoding.EncodeToString([]byte("mail: a@example.com"))
	hidden := base64.StdEncoding.EncodeToString([]byte("mail: [EMAIL_ADDRESS_1]"))
	slashed := base64.StdEncoding.EncodeToString([]byte("??? a@example.com"))
	unslashed := base64.StdEncoding.EncodeToString([]byte("??? [EMAIL_ADDRESS_1]"))
	for _, c := range []struct{ name, client, body, want string }{
		{"system and user", "openai", `{"model":"m","messages":[{"role":"system","content":"a@example.com"},{"role":"user","content":[{"type":"text","text":"b@example.com, a@example.com"}]}] , "x":1}`,
			`{"model":"m","messages":[{"role":"system","content":"[EMAIL_ADDRESS_1]"},{"role":"user","content":[{"type":"text","text":"[EMAIL_ADDRESS_2], [EMAIL_ADDRESS_1]"}]}] , "x":1}`},
		{"escapes", "openai", `{"model":"m","messages":[{"role":"user","content":"x\na\u0040example.com \"é\""}]}`,
			`{"model":"m","messages":[{"role":"user","content":"x\n[EMAIL_ADDRESS_1] \"é\""}]}`},
		{"disguises", "openai", "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"４１１１ 1111\u200b 1111 1111!\"}]}",
			`{"model":"m","messages":[{"role":"user","content":"[CREDIT_CARD_1]!"}]}`},
		{"calls and results", "openai", `{"model":"m","messages":[{"role":"user","content":"?"},{"role":"assistant","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{\"to\":\"a\\u0040example.com\",\"n\":4111111111111111}"}}]},{"role":"tool","tool_call_id":"c","content":"sent to a@example.com"}]}`,
			`{"model":"m","messages":[{"role":"user","content":"?"},{"role":"assistant","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{\"to\":\"[EMAIL_ADDRESS_1]\",\"n\":\"[CREDIT_CARD_1]\"}"}}]},{"role":"tool","tool_call_id":"c","content":"sent to [EMAIL_ADDRESS_1]"}]}`},
		{"definitions", "openai", `{"model":"m","messages":[{"role":"user","content":"?"}],"tools":[{"type":"function","function":{"name":"f","description":"of a@example.com","parameters":{"type":"object","properties":{"x":{"type":"string","description":"or b@example.com"}}}}}]}`,
			`{"model":"m","messages":[{"role":"user","content":"?"}],"tools":[{"type":"function","function":{"name":"f","description":"of [EMAIL_ADDRESS_1]","parameters":{"type":"object","properties":{"x":{"type":"string","description":"or [EMAIL_ADDRESS_2]"}}}}}]}`},
		{"members of a schema with names that ids have elsewhere", "openai", `{"model":"m","messages":[{"role":"user","content":"?"}],"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{"id":{"description":"of a@example.com"},"data":{"enum":["b@example.com"]}}}}}]}`,
			`{"model":"m","messages":[{"role":"user","content":"?"}],"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{"id":{"description":"of [EMAIL_ADDRESS_1]"},"data":{"enum":["[EMAIL_ADDRESS_2]"]}}}}}]}`},
		{"Anthropic's", "anthropic", `{"model":"m","max_tokens":9,"system":"a@example.com","messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"b@example.com"}]},{"role":"assistant","content":[{"type":"tool_use","id":"u","name":"f","input":{"to":"b@example.com"}}]}]}`,
			`{"model":"m","max_tokens":9,"system":"[EMAIL_ADDRESS_1]","messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"[EMAIL_ADDRESS_2]"}]},{"role":"assistant","content":[{"type":"tool_use","id":"u","name":"f","input":{"to":"[EMAIL_ADDRESS_2]"}}]}]}`},
		{"attachments", "anthropic", `{"model":"m","max_tokens":9,"messages":[{"role":"user","content":[{"type":"document","title":"of a@example.com","source":{"type":"base64","media_type":"text/plain","data":"` + file + `"}}]}]}`,
			`{"model":"m","max_tokens":9,"messages":[{"role":"user","content":[{"type":"document","title":"of [EMAIL_ADDRESS_1]","source":{"type":"base64","media_type":"text/plain","data":"` + hidden + `"}}]}]}`},
		{"files", "openai", `{"model":"m","messages":[{"role":"user","content":[{"type":"file","file":{"filename":"a.txt","file_data":"data:text/plain;base64,` + file + `"}}]}]}`,
			`{"model":"m","messages":[{"role":"user","content":[{"type":"file","file":{"filename":"a.txt","file_data":"data:text/plain;base64,` + hidden + `"}}]}]}`},
		{"files whose slashes are escaped", "openai", `{"model":"m","messages":[{"role":"user","content":[{"type":"file","file":{"filename":"a.txt","file_data":"data:text\/plain;base64,` + strings.ReplaceAll(slashed, "/", `\/`) + `"}}]}]}`,
			`{"model":"m","messages":[{"role":"user","content":[{"type":"file","file":{"filename":"a.txt","file_data":"data:text/plain;base64,` + unslashed + `"}}]}]}`},
		{"what is signed stays", "anthropic", `{"model":"m","max_tokens":9,"messages":[{"role":"assistant","content":[{"type":"thinking","thinking":"a@example.com","signature":"s"},{"type":"text","text":"b@example.com"}]},{"role":"user","content":"?"}]}`,
			`{"model":"m","max_tokens":9,"messages":[{"role":"assistant","content":[{"type":"thinking","thinking":"a@example.com","signature":"s"},{"type":"text","text":"[EMAIL_ADDRESS_1]"}]},{"role":"user","content":"?"}]}`},
		{"reasoning in two forms", "openai", `{"model":"m","messages":[{"role":"assistant","content":"x","reasoning_content":"of a@example.com","reasoning_details":[{"type":"reasoning.text","text":"of a@example.com"}]},{"role":"user","content":"?"}]}`,
			`{"model":"m","messages":[{"role":"assistant","content":"x","reasoning_content":"of [EMAIL_ADDRESS_1]","reasoning_details":[{"type":"reasoning.text","text":"of [EMAIL_ADDRESS_1]"}]},{"role":"user","content":"?"}]}`},
		{"reasoning that is signed, and its text beside it", "openai", `{"model":"m","messages":[{"role":"assistant","content":"x","reasoning_content":"of a@example.com","reasoning_details":[{"type":"reasoning.text","text":"of a@example.com","signature":"s"}]},{"role":"user","content":"?"}]}`,
			`{"model":"m","messages":[{"role":"assistant","content":"x","reasoning_content":"of [EMAIL_ADDRESS_1]","reasoning_details":[{"type":"reasoning.text","text":"of a@example.com","signature":"s"}]},{"role":"user","content":"?"}]}`},
		{"the text of a custom tool's call", "openai", `{"model":"m","messages":[{"role":"user","content":"?"},{"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"custom","custom":{"name":"f","input":"to \"a@example.com\""}}]},{"role":"tool","tool_call_id":"c","content":"done"}]}`,
			`{"model":"m","messages":[{"role":"user","content":"?"},{"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"custom","custom":{"name":"f","input":"to \"[EMAIL_ADDRESS_1]\""}}]},{"role":"tool","tool_call_id":"c","content":"done"}]}`},
		{"placeholders that stand there", "openai", `{"model":"m","messages":[{"role":"user","content":"[EMAIL_ADDRESS_1] a@example.com"}]}`,
			`{"model":"m","messages":[{"role":"user","content":"[EMAIL_ADDRESS_1] [EMAIL_ADDRESS_2]"}]}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := exchangetest.Join(t, s, exchangetest.Ask(t, c.client, c.body))
			if verdict := v.Request(); verdict.Action != exchange.Pass {
				t.Fatalf("%+v", verdict)
			}
			if got := string(v.Exchange.Request.Body); got != c.want {
				t.Errorf("%s", cmp.Diff(c.want, got))
			}
		})
	}
}

// TestEmbeddingsAreMasked holds that guards see what is to be embedded.
func TestEmbeddingsAreMasked(t *testing.T) {
	s := compiled(t, model+`guards: {input: [{pii: {}}]}`)
	for body, want := range map[string]string{
		`{"model":"m","input":"a@example.com"}`:       `{"model":"m","input":"[EMAIL_ADDRESS_1]"}`,
		`{"model":"m","input":["x","a@example.com"]}`: `{"model":"m","input":["x","[EMAIL_ADDRESS_1]"]}`,
		`{"model":"m","input":[1,2]}`:                 `{"model":"m","input":[1,2]}`,
	} {
		ex := exchangetest.Ask(t, "openai", body)
		ex.Request.Operation = exchange.Embeddings
		v := exchangetest.Join(t, s, ex)
		if v.Request(); string(ex.Request.Body) != want {
			t.Errorf("%s, want %s", ex.Request.Body, want)
		}
	}
}

// TestARoundTripRestores holds of a whole answer that what was masked comes back, also where the
// answer calls a tool, and that its log probabilities, which say the text again, are gone.
func TestARoundTripRestores(t *testing.T) {
	s := compiled(t, model+`guards: {input: [{pii: {}}]}`)
	v, _ := asks(t, s, user(`a"b@example.com ann@example.com`))
	answer := `{"id":"x","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"to [EMAIL_ADDRESS_1]","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{\"to\":\"[EMAIL_ADDRESS_2]\"}"}}]},"logprobs":{"content":[]},"finish_reason":"stop"}]}`
	v.Exchange.Response.DecodeBy(decodeOpenAI)
	if verdict := v.Respond(200, answer, "content-type", "application/json"); verdict.Action != exchange.Pass {
		t.Fatalf("%+v", verdict)
	}
	want := strings.NewReplacer("[EMAIL_ADDRESS_1]", "b@example.com", "[EMAIL_ADDRESS_2]", "ann@example.com", `{"content":[]}`, "null").Replace(answer)
	if got := string(v.Exchange.Response.Body); got != want {
		t.Error(cmp.Diff(want, got))
	}
}

// TestWhoseGuardsCount holds that guards of models, tiers and callers stand beside those for all,
// and in the place of those of the same name.
func TestWhoseGuardsCount(t *testing.T) {
	s := compiled(t, `models: {m: {chain: [sim/x], guards: {input: [{words: {words: [falcon]}}]}}, n: sim/x}
tiers: {free: {guards: {input: [{pii: {action: deny}}]}}, own: {}}
callers: {ci: {key: {env: K}, guards: {input: [{pii: {mode: "off"}}]}}}
guards: {input: [{pii: {action: flag}}]}
`)
	const mail, falcon = "a@example.com", "falcon"
	for _, c := range []struct {
		name, model, text string
		who               exchange.Caller
		want              exchange.Reason
		flagged           string
	}{
		{"for all", "n", mail, exchange.Caller{}, "", "pii"},
		{"the model's", "m", falcon, exchange.Caller{}, exchange.ReasonWord, ""},
		{"another model's", "n", falcon, exchange.Caller{}, "", ""},
		{"the tier's in its place", "n", mail, exchange.Caller{Tier: "free"}, exchange.ReasonPII, ""},
		{"a tier without guards", "n", mail, exchange.Caller{Tier: "own"}, "", "pii"},
		{"the caller's in its place", "n", mail, exchange.Caller{Name: "ci", Tier: "free"}, "", ""},
		{"a caller of a hop with the same name", "n", mail, exchange.Caller{Name: "ci", Hop: true}, "", "pii"},
	} {
		t.Run(c.name, func(t *testing.T) {
			ex := exchangetest.Ask(t, "openai", strings.Replace(user(c.text), `"m"`, `"`+c.model+`"`, 1))
			ex.Caller = c.who
			got := exchangetest.Join(t, s, ex).Request()
			if got.Reason != c.want || string(got.Headers.Get(FlagHeader)) != c.flagged {
				t.Errorf("%+v", got)
			}
		})
	}
}

// TestGuardsOfRequestsThatAsk holds that a guard after one that masks sees what that left, and
// what happens if one cannot decide.
func TestGuardsOfRequestsThatAsk(t *testing.T) {
	masks := &Guard{GuardTerms: terms(policy.GuardMask), Checker: names{}}
	denies := &Guard{GuardTerms: terms(policy.GuardDeny), Reason: exchange.ReasonEntity, Checker: names{}}
	fails := func(how policy.OnError) *Guard {
		g := &Guard{GuardTerms: terms(policy.GuardDeny), Reason: exchange.ReasonEntity, Checker: names{err: errors.New("down")}}
		g.OnError = how
		return g
	}
	for i, g := range []*Guard{masks, denies} {
		g.Name = strconv.Itoa(i)
	}
	for _, c := range []struct {
		name   string
		guards []*Guard
		body   string
		reason exchange.Reason
	}{
		{"masks, and the next finds nothing", []*Guard{masks, denies}, "Hi [PERSON_1]", ""},
		{"denies before one masks", []*Guard{denies, masks}, "Hi Bob", exchange.ReasonEntity},
		{"fails open", []*Guard{fails(policy.FailOpen), masks}, "Hi [PERSON_1]", ""},
		{"fails closed", []*Guard{fails(policy.FailClosed), masks}, "Hi Bob", exchange.ReasonGuardUnavailable},
	} {
		v, verdict := asks(t, with(t, c.guards, nil), user("Hi Bob"))
		if got := string(v.Exchange.Request.Body); got != user(c.body) || verdict.Reason != c.reason {
			t.Errorf("%s: %s %+v", c.name, got, verdict)
		}
	}
}

// TestManyFindingsInArguments holds that what masking takes grows with the length of a JSON document
// alone: with its square, this would take minutes.
func TestManyFindingsInArguments(t *testing.T) {
	s := compiled(t, model+`guards: {input: [{pii: {timeout: 1m}}]}`)
	args := `{\"to\":\"` + strings.Repeat(`a@example.com `, 150_000) + `\"}`
	ex := exchangetest.Ask(t, "openai", `{"model":"m","messages":[{"role":"user","content":"?"},{"role":"assistant","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"`+args+`"}}]},{"role":"tool","tool_call_id":"c","content":"x"}]}`)
	if v, err := s.Join(ex).Request(t.Context(), &ex.Request); err != nil || v.Action != exchange.Pass {
		t.Fatal(v, err)
	}
	if got := strings.Count(string(ex.Request.Body), "[EMAIL_ADDRESS_1]"); got != 150_000 {
		t.Errorf("%d placeholders", got)
	}
}
