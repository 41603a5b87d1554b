package guards

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// seen are guards of each kind, by what they do.
var seen = map[string]string{
	"words-in":    `{input: [{words: {words: [swordfish], action: deny}}]}`,
	"pattern-in":  `{input: [{pattern: {patterns: {ticket: "TICKET-[0-9]+"}, action: deny}}]}`,
	"secrets-in":  `{input: [{secrets: {action: deny}}]}`,
	"length-in":   `{input: [{length: {max_chars: 100, action: deny}}]}`,
	"pii-in":      `{input: [{pii: {action: mask}}]}`,
	"words-out":   `{output: [{words: {words: [swordfish], action: deny}}]}`,
	"pattern-out": `{output: [{pattern: {patterns: {ticket: "TICKET-[0-9]+"}, action: deny}}]}`,
	"secrets-out": `{output: [{secrets: {action: mask}}]}`,
	"pii-out":     `{output: [{pii: {action: mask}}]}`,
	"leak-out":    `{output: [{leak: {action: deny}}]}`,
	"format-out":  `{output: [{format: {json: true, action: deny}}]}`,
}

const (
	awsKey  = "AKIAIOSFODNN7EXAMPLF"
	prompts = "You are the harbour master of a small town and you never say which ship is due tomorrow morning"
)

// TestGuardsSeeResponses holds that guards of each kind see what clients of OpenAI's Responses
// ask and get, in each place where a text may stand, whole and streamed, from a backend that has
// the API and from one of another dialect.
func TestGuardsSeeResponses(t *testing.T) {
	t.Parallel()
	r := start(t, seen, "", "")
	for _, backend := range backends {
		for _, stream := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, stream %t", backend, stream), func(t *testing.T) {
				r.with(t).refuses(t, backend, stream)
				r.with(t).masksBothWays(t, backend, stream)
				r.with(t).stops(t, backend, stream)
			})
		}
	}
}

// respond asks for a response with these members.
func (r *rig) respond(model, members, sim string, stream bool) gatewaytest.Answer {
	return r.Ask(gatewaytest.ChatRequest("/v1/responses", fmt.Sprintf(`{"model":%q,"stream":%t,%s}`, model, stream, members), sim))
}

// inEachPlace are the members of requests that say a text, by where it stands.
func inEachPlace(text string) map[string]string {
	const call = `{"type":"function_call","call_id":"c1","name":"f","arguments":"{}"}`
	const tools = `"tools":[{"type":"function","name":"f","parameters":{"type":"object","properties":{}}}],`
	return map[string]string{
		"a string":     fmt.Sprintf(`"input":%q`, text),
		"a message":    fmt.Sprintf(`"input":[{"role":"user","content":%q}]`, text),
		"a part":       fmt.Sprintf(`"input":[{"type":"message","role":"user","content":[{"type":"input_text","text":%q}]}]`, text),
		"a result":     fmt.Sprintf(`%s"input":[{"role":"user","content":"go"},%s,{"type":"function_call_output","call_id":"c1","output":%q}]`, tools, call, text),
		"instructions": fmt.Sprintf(`"instructions":%q,"input":"hello"`, text),
	}
}

func (r *rig) refuses(t *testing.T, backend string, stream bool) {
	for guard, text := range map[string]string{"words": "a swordfish", "pattern": "see TICKET-12", "secrets": "use " + awsKey} {
		for place, members := range inEachPlace(text) {
			a := r.respond(guard+"-in-"+backend, members, "", stream)
			if a.Status != 403 || a.Header.Get("x-headgate-refused-by") != "gateway" || !strings.Contains(a.Body, `"error":{`) {
				t.Errorf("%s in %s: status %d: %s", guard, place, a.Status, a.Body)
			}
			if row := r.Row(a.Exchange()); row.Dialect != "responses" || row.Outcome != "blocked" || row.By != "client" {
				t.Errorf("%s in %s: row %+v", guard, place, row)
			}
		}
	}
	if a := r.respond("length-in-"+backend, inEachPlace(strings.Repeat("long ", 30))["a part"], "", stream); a.Status != 403 {
		t.Errorf("length: status %d: %s", a.Status, a.Body)
	}
	if a := r.respond("words-in-"+backend, inEachPlace("a herring")["a part"], "", stream); a.Status != 200 {
		t.Errorf("what is not found: status %d: %s", a.Status, a.Body)
	}
}

func (r *rig) masksBothWays(t *testing.T, backend string, stream bool) {
	before := len(r.at.Settled())
	a := r.respond("pii-in-"+backend, inEachPlace("Is it " + mail + "?")["a part"], "echo", stream)
	checkAbsent(t, "the provider", string(r.at.Last(before+1).Body), mail)
	if got := saidIn(t, a, stream); got != "Is it "+mail+"?" {
		t.Errorf("it comes back as %q", got)
	}
	for guard, secret := range map[string]string{"pii": mail, "secrets": awsKey} {
		a := r.respond(guard+"-out-"+backend, inEachPlace("Say " + secret + ".")["a message"], "echo", stream)
		checkAbsent(t, guard, a.Body, secret)
		if got := saidIn(t, a, stream); !strings.HasPrefix(got, "Say [") || !strings.HasSuffix(got, ".") {
			t.Errorf("%s: the client gets %q", guard, got)
		}
	}
}

// stops holds answers that must not reach the client: whole ones are refused, streams are cut
// before what was found and end with a refusal.
func (r *rig) stops(t *testing.T, backend string, stream bool) {
	for guard, c := range map[string]struct{ members, text, absent string }{
		"words":   {`"input":"hello"`, "here is the swordfish at last", "swordfish"},
		"pattern": {`"input":"hello"`, "here is TICKET-99 at last", "TICKET-99"},
		"leak":    {fmt.Sprintf(`"instructions":%q,"input":"hello"`, prompts), "well: " + prompts, "ship is due tomorrow"},
		"format":  {`"input":"hello"`, "this is no JSON", ""},
	} {
		a := r.respond(guard+"-out-"+backend, c.members, "text="+c.text, stream)
		answer := a.Body
		if guard == "leak" { // the response repeats the client's own instructions
			answer = strings.ReplaceAll(answer, prompts, "")
		}
		if c.absent != "" {
			checkAbsent(t, guard, answer, c.absent)
		}
		if !stream && a.Status < 400 || stream && !strings.Contains(a.Body, `{"type":"refusal","refusal":"The gateway's guard `+guard+" refused this answer") {
			t.Errorf("%s: status %d: %s", guard, a.Status, a.Body)
		}
		if row := r.Row(a.Exchange()); row.Outcome != "blocked" {
			t.Errorf("%s: row %+v", guard, row)
		}
	}
}

// saidIn is the text of a whole response, or of the one with which a stream ends.
func saidIn(t *testing.T, a gatewaytest.Answer, stream bool) string {
	t.Helper()
	gatewaytest.MustOK(t, a)
	body := a.Body
	if stream {
		_, last, _ := strings.Cut(body, "event: response.completed\ndata: ")
		last, _, _ = strings.Cut(last, "\n")
		body = last
	}
	var said struct {
		Output   []struct{ Content []struct{ Text string } }
		Response struct {
			Output []struct{ Content []struct{ Text string } }
		}
	}
	if err := json.Unmarshal([]byte(body), &said); err != nil {
		t.Fatalf("%v: %s", err, a.Body)
	}
	output := said.Output
	if stream {
		output = said.Response.Output
	}
	text := ""
	for _, item := range output {
		for _, part := range item.Content {
			text += part.Text
		}
	}
	return text
}
