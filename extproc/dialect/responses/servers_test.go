package responses_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/dialect/responses"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/scan"
)

// stream writes the events of a stream, whose data name them.
func stream(data ...string) []byte {
	var b strings.Builder
	for _, d := range data {
		b.WriteString("event: " + canon.Str(scan.Value(d).Get("type")) + "\ndata: " + d + "\n\n")
	}
	return []byte(b.String())
}

// heardOf is what the decoder makes of a stream, in short.
func heardOf(raw []byte, native bool) (all []string) {
	d := responses.Dialect{}.Decoder(native)
	var split scan.Splitter
	split.Feed(raw)
	var events []canon.Event
	for ev, err := split.Next(); ev != nil && err == nil; ev, err = split.Next() {
		for _, e := range d.Next(ev) {
			events = append(events, *e.Clone())
		}
	}
	events = append(events, d.End(nil)...)
	for i := range events {
		ev := &events[i]
		switch ev.Kind {
		case canon.EventText, canon.EventRefusal, canon.EventThinking, canon.EventSignature, canon.EventRedacted, canon.EventToolArgs:
			all = append(all, fmt.Sprintf("%s %s", kinds[ev.Kind], canon.Str(ev.Text)))
		case canon.EventToolStart:
			all = append(all, fmt.Sprintf("call %d %s %s %v", ev.Tool, canon.Str(ev.ID), canon.Str(ev.Name), ev.Custom))
		case canon.EventFinish:
			all = append(all, fmt.Sprintf("finish %d", ev.Finish))
		case canon.EventFailed:
			all = append(all, fmt.Sprintf("failed %s %s", ev.Fault.Kind, ev.Fault.Message))
		case canon.EventOther, canon.EventOtherDelta:
			all = append(all, fmt.Sprintf("%s %s", kinds[ev.Kind], ev.Raw))
		case canon.EventBlockEnd, canon.EventStart, canon.EventUsage, canon.EventDone, canon.EventBlank, canon.EventBlockStart, canon.EventComment:
			all = append(all, kinds[ev.Kind])
		}
	}
	return all
}

var kinds = map[canon.EventKind]string{canon.EventText: "text", canon.EventRefusal: "refusal", canon.EventThinking: "thinking", canon.EventSignature: "signature",
	canon.EventRedacted: "redacted", canon.EventToolArgs: "args", canon.EventOther: "other", canon.EventOtherDelta: "delta", canon.EventBlockEnd: "end",
	canon.EventStart: "start", canon.EventUsage: "usage", canon.EventDone: "done", canon.EventBlank: "blank"}

const (
	created   = `{"type":"response.created","response":{"id":"resp_1","model":"m","status":"in_progress","output":[]}}`
	completed = `{"type":"response.completed","response":{"id":"resp_1","model":"m","status":"completed","output":[]}}`
	message   = `{"type":"message","id":"msg_1","role":"assistant","content":[{"type":"output_text","text":"hi","annotations":[]},{"type":"refusal","refusal":"no"}]}`
	thought   = `{"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"a"},{"type":"summary_text","text":"b"}],"encrypted_content":"gAAA="}`
)

func added(index int, item string) string {
	return fmt.Sprintf(`{"type":"response.output_item.added","output_index":%d,"item":%s}`, index, item)
}

func done(index int, item string) string {
	return fmt.Sprintf(`{"type":"response.output_item.done","output_index":%d,"item":%s}`, index, item)
}

// TestWhatServersLeaveOutIsReadWhereTheySayIt holds that a text counts once, whether it
// comes in pieces, as a whole, or in the last event only.
func TestWhatServersLeaveOutIsReadWhereTheySayIt(t *testing.T) {
	const emptyCall, call = `{"type":"function_call","call_id":"c1","name":"f","arguments":""}`, `{"type":"function_call","call_id":"c1","name":"f","arguments":"{\"a\":1}"}`
	start, over := []string{"start"}, []string{"finish 1", "done"}
	called := []string{"call 0 c1 f false", `args {"a":1}`, "end", "finish 5", "done"}
	for _, c := range []struct {
		name string
		data []string
		want []string
	}{
		{"pieces and wholes", []string{created, added(0, `{"type":"message","content":[]}`),
			`{"type":"response.output_text.delta","output_index":0,"content_index":0,"delta":"h"}`, `{"type":"response.output_text.delta","output_index":0,"content_index":0,"delta":"i"}`,
			`{"type":"response.output_text.done","output_index":0,"content_index":0,"text":"hi"}`, done(0, `{"type":"message","content":[{"type":"output_text","text":"hi"}]}`), completed},
			append(append(start[:1:1], "text h", "text i", "end"), over...)},
		{"parts that are whole", []string{created, added(0, `{"type":"message","content":[]}`), `{"type":"response.output_text.done","output_index":0,"content_index":0,"text":"hi"}`,
			`{"type":"response.refusal.done","output_index":0,"content_index":1,"refusal":"no"}`, done(0, message), completed}, append(append(start[:1:1], "text hi", "end", "refusal no", "end"), over...)},
		{"items that are whole", []string{created, done(0, message), completed}, append(append(start[:1:1], "text hi", "end", "refusal no", "end"), over...)},
		{"the last event only", []string{strings.Replace(completed, `"output":[]`, `"output":[`+message+`]`, 1)}, append(append(start[:1:1], "text hi", "end", "refusal no", "end"), over...)},
		{"pieces of items that have not begun", []string{created, `{"type":"response.output_text.delta","output_index":0,"delta":"hi"}`, completed}, append(append(start[:1:1], "text hi"), over...)},
		{"no places", []string{created, `{"type":"response.output_item.added","item":` + emptyCall + `}`, `{"type":"response.function_call_arguments.delta","delta":"{\"a\":1}"}`,
			`{"type":"response.function_call_arguments.done","arguments":"{\"a\":1}"}`, done(0, call), completed}, append(start[:1:1], called...)},
		{"arguments that are whole", []string{created, added(0, emptyCall), `{"type":"response.function_call_arguments.done","output_index":0,"arguments":"{\"a\":1}"}`, done(0, call), completed},
			append(start[:1:1], called...)},
		{"calls that are whole", []string{created, done(0, call), completed}, append(start[:1:1], called...)},
		{"a call of no name", []string{created, added(0, `{"type":"function_call","call_id":"c1","arguments":""}`)}, []string{"start", "failed malformed The provider's answer cannot be read: a tool call without a name."}},
		{"arguments of no call", []string{created, `{"type":"response.function_call_arguments.delta","output_index":0,"delta":"{"}`},
			[]string{"start", "failed malformed The provider's answer cannot be read: arguments of a call that has not begun."}},
		{"a reasoning that is whole", []string{created, done(0, thought), completed}, append(append(start[:1:1], "thinking a", "end", "thinking b", "signature hg1.openai.rs_1.gAAA=", "end"), over...)},
		{"a reasoning in pieces", []string{created, added(0, `{"type":"reasoning","id":"rs_1","summary":[]}`), `{"type":"response.reasoning_summary_text.delta","output_index":0,"summary_index":0,"delta":"a"}`,
			`{"type":"response.reasoning_summary_text.delta","output_index":0,"summary_index":1,"delta":"b"}`, done(0, thought), completed},
			append(append(start[:1:1], "thinking a", "end", "thinking b", "signature hg1.openai.rs_1.gAAA=", "end"), over...)},
		{"a reasoning that is hidden", []string{created, done(0, `{"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"gAAA="}`), completed},
			append(append(start[:1:1], "redacted hg1.openai.rs_1.gAAA=", "end"), over...)},
		{"what the model thought, and its summary", []string{created, added(0, `{"type":"reasoning","id":"rs_1","summary":[]}`), `{"type":"response.reasoning_text.delta","output_index":0,"content_index":0,"delta":"a"}`,
			`{"type":"response.reasoning_summary_text.delta","output_index":0,"summary_index":0,"delta":"s"}`, completed}, append(append(start[:1:1], "thinking a"), over...)},
		{"a custom call", []string{created, added(0, `{"type":"custom_tool_call","call_id":"c1","name":"f","input":""}`), `{"type":"response.custom_tool_call_input.delta","output_index":0,"delta":"null"}`,
			done(0, `{"type":"custom_tool_call","call_id":"c1","name":"f","input":"null"}`), completed}, []string{"start", "call 0 c1 f true", "args null", "end", "finish 5", "done"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, heardOf(stream(c.data...), false)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestHowAStreamEnds holds which ends are good, and what all others mean.
func TestHowAStreamEnds(t *testing.T) {
	end := func(kind, members string) string {
		return `{"type":"response.` + kind + `","response":{"id":"resp_1","model":"m",` + members + `,"output":[]}}`
	}
	for name, c := range map[string]struct{ last, want string }{
		"completed":                    {completed, "done"},
		"no status":                    {end("completed", `"object":"response"`), "done"},
		"cut short":                    {end("incomplete", `"status":"incomplete","incomplete_details":{"reason":"max_output_tokens"}`), "finish 3"},
		"cut short for another reason": {end("incomplete", `"status":"incomplete"`), "finish 3"},
		"filtered":                     {end("incomplete", `"status":"incomplete","incomplete_details":{"reason":"content_filter"}`), "finish 6"},
		"failed":                       {end("failed", `"status":"failed","error":{"code":"server_error","message":"oh"}`), "failed server oh"},
		"failed, with another code":    {end("failed", `"status":"failed","error":{"code":"rate_limit_exceeded","message":"oh"}`), "failed rate_limit oh"},
		"failed for its prompt":        {end("failed", `"status":"failed","error":{"code":"invalid_prompt","message":"oh"}`), "failed bad_request oh"},
		"failed for no reason":         {end("failed", `"status":"failed","error":null`), "failed server The provider failed to answer, and does not say why."},
		"cancelled":                    {end("cancelled", `"status":"cancelled"`), "failed server The answer was cancelled at the provider."},
		"an error":                     {`{"type":"error","code":"rate_limit_exceeded","message":"oh","param":null}`, "failed rate_limit oh"},
		"an error within":              {`{"type":"error","error":{"type":"invalid_request_error","message":"oh"}}`, "failed bad_request oh"},
		"an end that is none":          {end("completed", `"status":"in_progress"`), "failed malformed The provider's answer cannot be read: a stream that ends while its response goes on."},
		"no end":                       {created, "failed cut " + canon.Cut().Message},
	} {
		got := heardOf(stream(created, c.last), false)
		if !strings.Contains(strings.Join(got, "\n"), c.want) {
			t.Errorf("%s: heard %q, want %q", name, got, c.want)
		}
	}
}

// TestWhatOnlyThisDialectKnowsPassesWithin holds that a client of another dialect hears
// nothing of a tool that the provider runs, and that one of this dialect gets all.
func TestWhatOnlyThisDialectKnowsPassesWithin(t *testing.T) {
	const search = `{"type":"web_search_call","id":"ws_1","status":"completed"}`
	const going = `{"type":"response.web_search_call.searching","output_index":0,"item_id":"ws_1"}`
	raw := stream(created, added(0, search), going, done(0, search), completed)
	if diff := cmp.Diff([]string{"start", "end", "finish 1", "done"}, heardOf(raw, false)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"start", "delta " + going, "other " + search, "end", "finish 1", "done"}, heardOf(raw, true)); diff != "" {
		t.Error(diff)
	}
}

// TestAStreamOfTooManyItemsIsGivenUp holds that of the decoder and of what folds.
func TestAStreamOfTooManyItemsIsGivenUp(t *testing.T) {
	d, f := responses.Dialect{}.Decoder(false), responses.Dialect{}.Fold()
	for i := range 2000 {
		ev := stream(added(i, `{"type":"message","content":[]}`))
		heard, fault := d.Next(ev), f.Frame(ev)
		if failed := len(heard) > 0 && heard[0].Kind == canon.EventFailed; failed != (fault != nil) || failed && i != 1024 {
			t.Fatalf("item %d: failed %v, fault %v", i, failed, fault)
		} else if failed {
			return
		}
	}
	t.Error("never given up")
}

// TestTheLastEventNeedNotRepeatTheItems holds that a whole answer has all items that came,
// in their order, whatever of them the last event says, and that none is there if one of
// them never came to its end.
func TestTheLastEventNeedNotRepeatTheItems(t *testing.T) {
	one, two := `{"type":"message","content":[]}`, `{"type":"function_call","call_id":"c","name":"f","arguments":"{}"}`
	for _, last := range []string{completed, strings.Replace(completed, `,"output":[]`, "", 1), strings.Replace(completed, `"output":[]`, `"output":[`+one+`]`, 1)} {
		body, ok := fold(t, stream(created, added(1, two), added(0, one), done(1, two), done(0, one), last))
		if got := string(scan.Value(body).Get("output")); !ok || got != "["+one+","+two+"]" {
			t.Errorf("%v: %s", ok, body)
		}
	}
	if body, ok := fold(t, stream(created, added(0, one), added(1, two), done(0, one), completed)); ok {
		t.Errorf("an answer without the end of its call: %s", body)
	}
	if _, ok := fold(t, stream(created, added(0, one), done(0, one))); ok {
		t.Error("an answer without its end")
	}
}

func fold(t *testing.T, raw []byte) ([]byte, bool) {
	t.Helper()
	f := responses.Dialect{}.Fold()
	var split scan.Splitter
	split.Feed(raw)
	for ev, err := split.Next(); ev != nil && err == nil; ev, err = split.Next() {
		if fault := f.Frame(ev); fault != nil {
			t.Fatal(fault)
		}
	}
	return f.Answer(nil)
}

// TestAnAnswerThatIsNotThereYetIsNone holds that a response made in the background is no
// answer to translate, and passes within the dialect.
func TestAnAnswerThatIsNotThereYetIsNone(t *testing.T) {
	const queued = `{"id":"resp_1","object":"response","model":"m","status":"queued","output":[]}`
	_, err := responses.Dialect{}.DecodeAnswer([]byte(queued))
	var fault *canon.Fault
	if !errors.As(err, &fault) || fault.Kind != canon.FaultMalformed {
		t.Errorf("read as %v", err)
	}
	resp := exchange.Response{Body: []byte(queued)}
	if err := (responses.Dialect{}).ReadResponse(exchange.Chat, &resp, &canon.Usage{}); err != nil || resp.ID != "resp_1" {
		t.Errorf("%q, %v", resp.ID, err)
	}
	if (responses.Dialect{}).Streamable([]byte(`{"model":"m","background":true}`), nil) {
		t.Error("an answer that is made in the background is asked for as a stream")
	}
}

// TestACountIsNoUsage holds that counting tokens costs nothing.
func TestACountIsNoUsage(t *testing.T) {
	var usage canon.Usage
	resp := exchange.Response{Body: []byte(`{"object":"response.input_tokens","input_tokens":16}`)}
	if err := (responses.Dialect{}).ReadResponse(exchange.CountTokens, &resp, &usage); err != nil || usage != (canon.Usage{}) {
		t.Errorf("%v, %+v", err, usage)
	}
	resp.Body = []byte(`{"odd":1}`)
	if err := (responses.Dialect{}).ReadResponse(exchange.CountTokens, &resp, &usage); err == nil {
		t.Error("a body that is no answer is one")
	}
}

// TestAMemberOfAnyNameIsNoText holds that what a response repeats of its request is not
// taken for text that was generated, and that its end is seen.
func TestAMemberOfAnyNameIsNoText(t *testing.T) {
	var resp exchange.Response
	s := responses.Dialect{}.Skim(nil, &resp, &canon.Usage{})
	for _, data := range []string{created, strings.Replace(completed, `"output":[]`, `"output":[],"metadata":{"delta":"text"}`, 1)} {
		s.Frame(stream(data))
	}
	if resp.TextBytes != 0 || !s.SawEnd() || resp.ID != "resp_1" {
		t.Errorf("%d bytes of text, end %v, id %q", resp.TextBytes, s.SawEnd(), resp.ID)
	}
}
