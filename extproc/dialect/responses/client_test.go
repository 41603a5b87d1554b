package responses_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/client"
	"github.com/headgate/headgate/extproc/dialect/anthropic"
	"github.com/headgate/headgate/extproc/dialect/openai"
	"github.com/headgate/headgate/extproc/dialect/responses"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/scan"
)

func decoded(t *testing.T, body string) *canon.Request {
	t.Helper()
	r, err := responses.Dialect{}.Decode([]byte(body))
	if err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	return r
}

// TestWhatOthersLack holds what is refused and what is left out by name, whichever dialect
// the server speaks.
func TestWhatOthersLack(t *testing.T) {
	for said, want := range map[string]string{
		`"input":"hi","previous_response_id":"resp_1"`:                                    "meaning previous_response_id: send the earlier items",
		`"input":"hi","conversation":{"id":"c"}`:                                          "meaning conversation: send the earlier items",
		`"input":"hi","background":true`:                                                  "meaning background: leave it out",
		`"input":"hi","prompt":{"id":"p"}`:                                                "meaning prompt: send its text",
		`"input":[{"role":"user","content":"hi"},{"type":"item_reference","id":"msg_1"}]`: "meaning input[1]: send the item itself",
		`"input":[{"role":"user","content":"hi"},{"type":"web_search_call","id":"w"}]`:    "meaning input[1]",
		`"input":[{"role":"user","content":"hi"},{"role":"wizard","content":"x"}]`:        "meaning input[1]",
		`"input":[{"role":"user","content":[{"type":"input_text","text":"hi"}],"odd":1}]`: "meaning input[0].odd: the field is not known",
		`"input":[{"role":"user","content":[{"type":"input_text","text":"hi","odd":1}]}]`: "meaning input[0].content[0].odd: the field is not known",
		`"input":"hi","odd":1`:                          "meaning odd: the field is not known",
		`"input":"hi","text":{"format":{"type":"odd"}}`: "meaning text.format",
		`"input":"hi","tools":[{"type":"web_search"}]`:  "tuning tools[0]",
		`"input":"hi","tools":[{"type":"web_search"},{"type":"function","name":"f"}],"tool_choice":"required"`: "meaning tools[0]",
		`"input":"hi","store":true`:                "tuning store",
		`"input":"hi","truncation":"auto"`:         "tuning truncation",
		`"input":"hi","client_metadata":{"a":"b"}`: "tuning client_metadata",
		`"input":"hi","store":false,"truncation":"disabled","background":false,"previous_response_id":null,"include":["reasoning.encrypted_content"]`: "",
		`"input":[{"type":"message","id":"msg_1","status":"completed","role":"user","content":"hi"}]`:                                                 "",
	} {
		r := decoded(t, `{"model":"m",`+said+`}`)
		for _, to := range []interface {
			Name() string
			Unsupported(*canon.Request, canon.Target) []canon.Unsupported
		}{openai.Dialect{}, anthropic.Dialect{}} {
			var got []string
			for _, u := range to.Unsupported(r, canon.Target{Model: "m"}) {
				got = append(got, fmt.Sprintf("%s %s: %s", [...]string{"tuning", "meaning", "impossible"}[u.Kind], u.Field, u.Why))
			}
			path, why, _ := strings.Cut(want, ": ")
			ok := len(got) == 0
			if want != "" {
				ok = len(got) == 1 && strings.HasPrefix(got[0], path+":") && strings.Contains(got[0], why)
			}
			if !ok {
				t.Errorf("%s to %s: %q, want %q", said, to.Name(), got, want)
			}
		}
	}
}

// TestReadRefusesWhatIsReadInTwoWays holds what is refused before anything is decoded.
func TestReadRefusesWhatIsReadInTwoWays(t *testing.T) {
	for body, param := range map[string]string{
		`{"model":"m","Model":"n"}`: "model", `{"model":"m","max_output_tokens":1,"max_output_tokens":2}`: "max_output_tokens",
		`{"stream":true}`: "model", `{"model":7}`: "model", `{"model":"m","stream":1}`: "stream", `{"model":"m","max_output_tokens":"1"}`: "max_output_tokens",
	} {
		if v := (responses.Dialect{}).Read(&exchange.Request{Body: []byte(body)}); v.Action != exchange.Deny || v.Param != param {
			t.Errorf("%s: %+v", body, v)
		}
	}
	req := exchange.Request{Body: []byte(`{"model":"m","stream":true,"max_output_tokens":5,"safety_identifier":"s","user":"u","metadata":{"a":"b"}}`)}
	if v := (responses.Dialect{}).Read(&req); v.Action != exchange.Pass || req.Model != "m" || !req.Stream || !req.WantUsage || req.MaxTokens != 5 || req.User != "u" || string(req.Metadata) != `{"a":"b"}` {
		t.Errorf("%+v %+v", v, req)
	}
}

// signed is an answer of Anthropic's with thinking that it must get back.
const signed = `{"id":"i","type":"message","role":"assistant","model":"m","content":[{"type":"thinking","thinking":"hm","signature":"c2ln"},{"type":"redacted_thinking","data":"ZGF0"},` +
	`{"type":"tool_use","id":"toolu_1","name":"f","input":{"a":1}}],"stop_reason":"tool_use","usage":{"input_tokens":1,"output_tokens":1}}`

// TestThinkingComesBackToAnthropic holds that what Anthropic signed and hid survives a tool
// loop of a client that asks for encrypted reasoning, and only of such a client.
func TestThinkingComesBackToAnthropic(t *testing.T) {
	const ask = `{"model":"m","max_output_tokens":2000,"reasoning":{"effort":"low"},"tools":[{"type":"function","name":"f","parameters":{"type":"object","properties":{}}}],%s"input":[{"role":"user","content":"hi"}`
	for said, kept := range map[string]bool{
		`"store":false,`: true, `"include":["reasoning.encrypted_content"],`: true, `"include":["message.output_text.logprobs","reasoning.encrypted_content"],`: true,
		``: false, `"store":true,`: false, `"include":[],`: false,
	} {
		first := decoded(t, fmt.Sprintf(ask, said)+`]}`)
		answer, err := anthropic.Dialect{}.DecodeAnswer([]byte(signed))
		if err != nil {
			t.Fatal(err)
		}
		asker := canon.Client{Request: first, ID: "e"}
		whole := responses.Dialect{}.EncodeAnswer(nil, answer, asker)
		streamed := []byte{}
		e := responses.Dialect{}.Encoder(asker)
		for _, ev := range answer.Events() {
			streamed = e.Append(streamed, &ev)
		}
		last := streamed[strings.LastIndex(string(streamed), "data: ")+len("data: "):]
		for how, output := range map[string]scan.Value{"whole": scan.Value(whole).Get("output"), "streamed": scan.Value(last).Get("response").Get("output")} {
			again := decoded(t, fmt.Sprintf(ask, said)+","+string(output[1:len(output)-1])+`,{"type":"function_call_output","call_id":"toolu_1","output":"r"}]}`)
			body, _, err := anthropic.Dialect{}.Encode(nil, again, canon.Target{Model: "m"})
			if err != nil {
				t.Fatal(err)
			}
			back := strings.Contains(string(body), `{"type":"thinking","thinking":"hm","signature":"c2ln"}`) && strings.Contains(string(body), `{"type":"redacted_thinking","data":"ZGF0"}`)
			if none := !strings.Contains(string(body), "c2ln") && !strings.Contains(string(body), "ZGF0"); back != kept || none == kept {
				t.Errorf("%s %s: Anthropic gets %s", said, how, body)
			}
		}
	}
}

// TestResponsesRepeatTheirRequest holds what a response says of its request, also one that
// stands on several lines, which an event cannot hold.
func TestResponsesRepeatTheirRequest(t *testing.T) {
	r := decoded(t, "{\"model\":\"m\",\"instructions\":\"Be brief.\",\"input\":\"hi\",\"max_output_tokens\":9,\"temperature\":0.5,\"metadata\":{\n\"a\":\"b\"},"+
		"\"reasoning\":{\"effort\":\"low\"},\"parallel_tool_calls\":false,\"text\":{\"format\":{\"type\":\"json_object\"},\"verbosity\":\"low\"},"+
		"\"tools\":[\n{\"type\":\"function\",\n\"name\":\"f\"}],\"tool_choice\":{\"type\":\"function\",\"name\":\"f\"},\"truncation\":\"auto\",\"user\":\"u\"}")
	answer := &canon.Response{Dialect: "openai", ID: scan.Value(`"i"`), Model: scan.Value(`"m"`), Choices: []canon.Choice{{Finish: canon.FinishStop}}}
	asker := canon.Client{Request: r, ID: "e", Created: 7}
	want := map[string]string{
		"instructions": `"Be brief."`, "max_output_tokens": `9`, "temperature": `0.5`, "top_p": `1.0`, "reasoning": `{"effort":"low"}`, "parallel_tool_calls": `false`,
		"text": `{"format":{"type":"json_object"},"verbosity":"low"}`, "tool_choice": `{"type":"function","name":"f"}`, "truncation": `"auto"`, "user": `"u"`,
		"previous_response_id": `null`, "store": `false`, "created_at": `7`, "status": `"completed"`, "output": `[]`,
	}
	var stream []byte
	e := responses.Dialect{}.Encoder(asker)
	for _, ev := range answer.Events() {
		stream = e.Append(stream, &ev)
	}
	if _, ended, failed := sdkStream(t, stream); !ended || failed {
		t.Fatalf("ended %v, failed %v: %s", ended, failed, stream)
	}
	last := stream[strings.LastIndex(string(stream), "data: ")+len("data: "):]
	for how, body := range map[string]scan.Value{"whole": responses.Dialect{}.EncodeAnswer(nil, answer, asker), "streamed": scan.Value(last).Get("response")} {
		for name, v := range want {
			if got := string(body.Get(name)); got != v {
				t.Errorf("%s: %s is %s, want %s", how, name, got, v)
			}
		}
	}
}

// TestCallsOfCustomToolsComeBackAsTexts holds what a client gets of the function that stood
// for its custom tool, whole and in pieces.
func TestCallsOfCustomToolsComeBackAsTexts(t *testing.T) {
	r := decoded(t, `{"model":"m","input":"hi","tools":[{"type":"custom","name":"p"},{"type":"function","name":"f"}]}`)
	const text = `a \"b\"\n\\ é`
	args := `{"input":"` + text + `"}`
	call := func(tool int, name string, pieces ...string) (events []canon.Event) {
		events = append(events, canon.Event{Kind: canon.EventToolStart, Tool: tool, ID: scan.Value(fmt.Sprintf(`"c%d"`, tool)), Name: scan.Value(`"` + name + `"`)})
		for _, p := range pieces {
			events = append(events, canon.Event{Kind: canon.EventToolArgs, Tool: tool, Text: scan.AppendString(nil, p)})
		}
		return events
	}
	events := slices.Concat([]canon.Event{{Kind: canon.EventStart, ID: scan.Value(`"i"`), Model: scan.Value(`"m"`)}},
		call(0, "p", args[:5], args[5:14], args[14:]), call(1, "f", `{"a"`, `:1}`), call(2, "f"), call(3, "p", "no object"),
		[]canon.Event{{Kind: canon.EventFinish, Finish: canon.FinishToolCalls}, {Kind: canon.EventDone}})
	var stream []byte
	e := responses.Dialect{}.Encoder(canon.Client{Request: r, ID: "e"})
	for i := range events {
		stream = e.Append(stream, &events[i])
	}
	h, _, _ := sdkStream(t, stream)
	want := []string{"custom c0 p a \"b\"\n\\ é", `function c1 f {"a":1}`, `function c2 f {}`, "custom c3 p no object"}
	if diff := cmp.Diff(want, h.Blocks); diff != "" {
		t.Errorf("in pieces: %s", diff)
	}
	answer := &canon.Response{Dialect: "openai", Choices: []canon.Choice{{Parts: []canon.Part{
		{Kind: canon.ToolCall, ID: scan.Value(`"c0"`), Name: scan.Value(`"p"`), Args: scan.Value(args)},
		{Kind: canon.ToolCall, ID: scan.Value(`"c1"`), Name: scan.Value(`"f"`), Args: scan.Value(`{"a":1}`)},
	}}}}
	if diff := cmp.Diff(want[:2], sdkAnswer(t, responses.Dialect{}.EncodeAnswer(nil, answer, canon.Client{Request: r, ID: "e", Model: "m"})).Blocks); diff != "" {
		t.Errorf("whole: %s", diff)
	}
}

// TestAChangedTextIsNowhereAsItWas holds that a stream of this dialect of which a text is
// changed on its way says the change everywhere, and goes on as the server's would.
func TestAChangedTextIsNowhereAsItWas(t *testing.T) {
	in := secretStream(t)
	var split scan.Splitter
	split.Feed(in)
	d := responses.Dialect{}.Decoder(true)
	w := client.NewWriter(responses.Dialect{}.Encoder(canon.Client{ID: "e"}), true)
	var out []byte
	for ev, err := split.Next(); ev != nil && err == nil; ev, err = split.Next() {
		found := d.Next(ev)
		if len(found) == 0 {
			found = []canon.Event{{Kind: canon.EventBlank}}
		}
		frame := &canon.Frame{Raw: ev, Events: len(found)}
		for i := range found {
			e := &found[i]
			if e.Frame = frame; e.Kind == canon.EventText {
				start, _ := scan.Within(ev, e.Text)
				e.TextAt = canon.Span{Start: start, End: start + len(e.Text)}
				e.Text = scan.Value(`"***"`)
			}
			out = w.Append(out, e)
		}
	}
	h, ended, failed := sdkStreamOf(t, out, true)
	if !ended || failed || len(h.Blocks) == 0 || h.Blocks[0] != "text ***" || strings.Contains(string(out), "secret") {
		t.Errorf("ended %v, failed %v, %q: %s", ended, failed, h.Blocks, out)
	}
	if !strings.Contains(string(out), `"item_id":"msg_7"`) || strings.Contains(string(out), "msg_hg_") {
		t.Errorf("the encoder does not go on with the server's ids: %s", out)
	}
}

// secretStream is a server's stream of one message that says a secret.
func secretStream(t *testing.T) []byte {
	t.Helper()
	answer := &canon.Response{Dialect: "openai", ID: scan.Value(`"i"`), Model: scan.Value(`"m"`), Choices: []canon.Choice{{Finish: canon.FinishStop, Parts: []canon.Part{
		{Kind: canon.Text, Text: scan.Value(`"secret"`)}}}}}
	var out []byte
	e := responses.Dialect{}.Encoder(canon.Client{ID: "x"})
	for _, ev := range answer.Events() {
		out = e.Append(out, &ev)
	}
	return []byte(strings.ReplaceAll(string(out), "msg_hg_x_0", "msg_7"))
}
