package extproc

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/dialect"
	. "github.com/headgate/headgate/extproc/extproctest"
	"github.com/headgate/headgate/extproc/scan"
)

// maskedPolicy has a model for each dialect of a backend.
func maskedPolicy(guards string) string {
	models := map[string]string{
		"openai":    "{chain: [gpt/gpt-4o], api: chat}",
		"responses": "{chain: [gpt/gpt-4o], api: responses}",
		"anthropic": "claude/claude-sonnet-4-6",
	}
	var b strings.Builder
	b.WriteString("version: 1\nbackends:\n  gpt: {provider: openai, credential: {env: OPENAI_API_KEY}}\n  claude: {provider: anthropic, credential: {env: ANTHROPIC_API_KEY}}\nmodels:\n")
	for _, d := range dialect.All {
		b.WriteString("  " + d.Name() + ": " + models[d.Name()] + "\n")
	}
	return b.String() + "guards: " + guards + "\n"
}

// clientPaths are where clients of each dialect ask for an answer.
var clientPaths = map[string]string{"openai": "/v1/chat/completions", "responses": "/v1/responses", "anthropic": "/v1/messages"}

// maskedTools are the tools of a client, of which one takes a text if its dialect knows such.
var maskedTools = map[string]string{
	"openai":    `[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{"to":{"type":"string"}}}}},{"type":"custom","custom":{"name":"patch"}}]`,
	"responses": `[{"type":"function","name":"f","strict":false,"parameters":{"type":"object","properties":{"to":{"type":"string"}}}},{"type":"custom","name":"patch"}]`,
	"anthropic": `[{"name":"f","input_schema":{"type":"object","properties":{"to":{"type":"string"}}}},{"name":"patch","input_schema":{"type":"object","properties":{"input":{"type":"string"}}}}]`,
}

// maskedRequest is a request in a dialect, in which the user names somebody.
func maskedRequest(client, model, who string, stream bool) string {
	body := `{"model":"` + model + `","tools":` + maskedTools[client]
	if stream {
		body += `,"stream":true`
	}
	switch client {
	case "responses":
		return body + `,"instructions":"Be brief to ` + who + `.","input":[{"role":"user","content":[{"type":"input_text","text":"I am ` + who + `."}]},{"type":"function_call","call_id":"c0","name":"f","arguments":"{\"to\":\"` + who + `\"}"},{"type":"function_call_output","call_id":"c0","output":"sent to ` + who + `"},{"type":"custom_tool_call","call_id":"c1","name":"patch","input":"for ` + who + `"},{"type":"custom_tool_call_output","call_id":"c1","output":"done for ` + who + `"}]}`
	case "anthropic":
		return body + `,"max_tokens":500,"system":"Be brief to ` + who + `.","messages":[{"role":"user","content":"I am ` + who + `."}]}`
	}
	return body + `,"messages":[{"role":"system","content":"Be brief to ` + who + `."},{"role":"user","content":"I am ` + who + `."}]}`
}

// answering are the events of an answer of a backend that says a word everywhere, in two pieces. A
// placeholder is no word of the model's thinking: that stays as it was signed. The backend
// knows no custom tools unless it speaks a dialect of OpenAI's.
func answering(backend, word string, thinks bool) (events []canon.Event) {
	half := len(word) / 2
	add := func(ev canon.Event, before, after string) {
		for _, text := range []string{before + word[:half], word[half:] + after} {
			ev.Text = scan.AppendString(nil, text)
			events = append(events, ev)
		}
	}
	block := canon.Event{Kind: canon.EventBlockEnd}
	events = append(events, canon.Event{Kind: canon.EventStart, ID: scan.Value(`"id-1"`), Model: scan.Value(`"m-1"`), Created: 1})
	if thinks {
		add(canon.Event{Kind: canon.EventThinking}, "of ", " hm")
		events = append(events, block)
	}
	add(canon.Event{Kind: canon.EventText}, "Write to ", " today.")
	events = append(events, block, canon.Event{Kind: canon.EventToolStart, ID: scan.Value(`"call_1"`), Name: scan.Value(`"f"`)})
	add(canon.Event{Kind: canon.EventToolArgs}, `{"to":"`, `"}`)
	events = append(events, block, canon.Event{Kind: canon.EventToolStart, Tool: 1, ID: scan.Value(`"call_2"`), Name: scan.Value(`"patch"`), Custom: backend != "anthropic"})
	if backend == "anthropic" {
		add(canon.Event{Kind: canon.EventToolArgs, Tool: 1}, `{"input":"+ `, `"}`)
	} else {
		add(canon.Event{Kind: canon.EventToolArgs, Tool: 1, Custom: true}, "+ ", "\n")
	}
	usage := &canon.Usage{Input: 10, Output: 20, Seen: canon.BucketInput | canon.BucketOutput}
	return append(events, block, canon.Event{Kind: canon.EventFinish, Finish: canon.FinishToolCalls}, canon.Event{Kind: canon.EventUsage, Usage: usage}, canon.Event{Kind: canon.EventDone})
}

// streamOf is what a backend streams, each event by itself.
func streamOf(backend, word string) (frames []string) {
	e := dialect.ByName(backend).Encoder(canon.Client{Usage: true})
	for _, ev := range answering(backend, word, word == maskedMail) {
		for frame := range strings.SplitAfterSeq(string(e.Append(nil, &ev)), "\n\n") {
			if frame != "" {
				frames = append(frames, frame)
			}
		}
	}
	return frames
}

// wholeOf is the same answer as a whole.
func wholeOf(t *testing.T, backend, word string) string {
	t.Helper()
	d := dialect.ByName(backend)
	fold := d.Fold()
	for _, frame := range streamOf(backend, word) {
		if f := fold.Frame([]byte(frame)); f != nil {
			t.Fatalf("%s: %s", f.Message, frame)
		}
	}
	body, ok := fold.Answer(nil)
	if !ok {
		t.Fatal("no answer")
	}
	return string(body)
}

// exchangeOf plays an exchange: what a backend of one dialect got, and what a client of another one
// gets of an answer that says a word.
func exchangeOf(t *testing.T, r *rig, client, backend, who, word string, stream bool) (sent, got string) {
	t.Helper()
	s := r.Open("router")
	defer s.Cancel()
	s.RequestHeaders(Post(clientPaths[client], "anthropic-version", "2023-06-01"), false)
	body := maskedRequest(client, backend, who, stream)
	reply := s.RequestBody(body)
	if reply.Immediate() != nil || reply.Err != nil {
		t.Fatalf("%v", reply)
	}
	sent, changed := reply.Body()
	if !changed {
		sent = body
	}
	if !stream {
		s.ResponseHeaders(Answered("200", "application/json"), false)
		whole := wholeOf(t, backend, word)
		if got, changed = s.ResponseBody(whole, true).Body(); !changed {
			got = whole
		}
		return sent, got
	}
	s.ResponseHeaders(Answered("200", "text/event-stream"), false)
	got, _ = play(s, streamOf(backend, word), false)
	return sent, got
}

// eachMaskedWay runs a test for all dialects of clients and of backends, of whole answers and streams.
func eachMaskedWay(t *testing.T, guards string, run func(t *testing.T, r *rig, client, backend string, stream bool)) {
	r := newRig(t, maskedPolicy(guards))
	for _, client := range dialect.All {
		for _, backend := range dialect.All {
			for way, stream := range map[string]bool{"whole": false, "streamed": true} {
				t.Run(client.Name()+" of "+backend.Name()+" "+way, func(t *testing.T) {
					run(t, r, client.Name(), backend.Name(), stream)
				})
			}
		}
	}
}

const maskedMail = "ann@example.com"

// TestNoByteOfAnAnswerHoldsWhatIsMasked holds that what a guard masks is nowhere in what a client
// gets: not in pieces, and not where an event or the end says again what was said.
func TestNoByteOfAnAnswerHoldsWhatIsMasked(t *testing.T) {
	eachMaskedWay(t, "{output: [{pii: {action: mask}}]}", func(t *testing.T, r *rig, client, backend string, stream bool) {
		_, got := exchangeOf(t, r, client, backend, "Bob", maskedMail, stream)
		for _, leak := range []string{maskedMail, "ann@", "ample.com"} {
			if strings.Contains(got, leak) {
				t.Fatalf("%q is in %s", leak, got)
			}
		}
		if n := strings.Count(got, "EMAIL_ADDRESS"); n < 3 {
			t.Errorf("%d placeholders: %s", n, got)
		}
	})
}

// TestWhatWasMaskedComesBackEverywhere holds that a backend gets placeholders alone, and that a
// client gets what stood there in their place, in every event that says it.
func TestWhatWasMaskedComesBackEverywhere(t *testing.T) {
	eachMaskedWay(t, "{input: [{pii: {}}]}", func(t *testing.T, r *rig, client, backend string, stream bool) {
		sent, got := exchangeOf(t, r, client, backend, maskedMail, "[EMAIL_ADDRESS_1]", stream)
		if strings.Contains(sent, maskedMail) || strings.Count(sent, "[EMAIL_ADDRESS_1]") < 2 {
			t.Errorf("sent: %s", sent)
		}
		got = strings.ReplaceAll(got, `"instructions":"Be brief to [EMAIL_ADDRESS_1]."`, "") // what was asked
		if strings.Contains(got, "EMAIL_AD") || strings.Contains(got, "DRESS_1") || !strings.Contains(got, maskedMail) {
			t.Errorf("got: %s", got)
		}
	})
}

// TestEachItemOfAMaskedStreamBeginsOnce holds that a client of Responses can build the answer
// from the events of a stream whose texts were changed: each item begins once and ends once, in
// its place, and the events are numbered in their order.
func TestEachItemOfAMaskedStreamBeginsOnce(t *testing.T) {
	r := newRig(t, maskedPolicy("{output: [{pii: {action: mask}}]}"))
	for _, backend := range dialect.All {
		_, got := exchangeOf(t, r, "responses", backend.Name(), "Bob", maskedMail, true)
		seen, last := map[string]int{}, int64(-1)
		for frame := range strings.SplitAfterSeq(got, "\n\n") {
			data := scan.Value(strings.TrimSpace(string(scan.Event(frame).Data())))
			n, ok := data.Get("sequence_number").Int()
			if !ok {
				continue
			}
			if n <= last {
				t.Errorf("%s: event %d comes after %d: %s", backend.Name(), n, last, frame)
			}
			last = n
			if kind := canon.Str(data.Get("type")); strings.HasPrefix(kind, "response.output_item.") {
				seen[kind[len("response.output_item."):]+" "+string(data.Get("output_index"))+" "+canon.Str(data.Get("item").Get("type"))]++
			}
		}
		want := map[string]int{}
		items := []string{"reasoning", "message", "function_call", "custom_tool_call"}
		for i, kind := range items {
			want[fmt.Sprint("added ", i, " ", kind)], want[fmt.Sprint("done ", i, " ", kind)] = 1, 1
		}
		if diff := cmp.Diff(want, seen); diff != "" {
			t.Errorf("of %s: %s", backend.Name(), diff)
		}
	}
}
