package sim

import (
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/scan"
	"github.com/headgate/headgate/extproc/sim/wire"
)

// TestResponsesRefuses lists what the real API refuses, by the words of its error.
func TestResponsesRefuses(t *testing.T) {
	const in = `"input":"x"`
	of := func(items string) string { return `{"model":"gpt-5","input":[` + items + `]}` }
	const (
		user   = `{"role":"user","content":"x"}`
		call   = `{"type":"function_call","call_id":"c1","name":"f","arguments":"{}"}`
		custom = `{"type":"custom_tool_call","call_id":"c2","name":"f","input":"x"}`
	)
	tool := func(tool string) string { return `{"model":"gpt-5","tools":[` + tool + `],` + in + `}` }
	for body, want := range map[string]string{
		`{`:                                  "could not parse the JSON body",
		`{` + in + `}`:                       "Missing required parameter: 'model'",
		`{"model":"gpt-5"}`:                  `One of \"input\" or \"previous_response_id\"`,
		`{"model":"gpt-5","input":""}`:       `One of \"input\" or \"previous_response_id\"`,
		`{"model":"gpt-5","input":7}`:        "Invalid type for 'input': expected one of a string or an array, but got an integer",
		`{"model":"gpt-5","messages":[]}`:    "Unknown parameter: 'messages'",
		`{"model":"gpt-5","n":2,` + in + `}`: "Unknown parameter: 'n'",
		`{"model":"gpt-5","response_format":{},` + in + `}`:                                                       "Unknown parameter: 'response_format'",
		`{"model":"gpt-5","store":"no",` + in + `}`:                                                               "Invalid type for 'store': expected a boolean, but got a string",
		`{"model":"gpt-5","max_output_tokens":15,` + in + `}`:                                                     "Expected a value >= 16, but got 15 instead",
		`{"model":"gpt-4o","max_output_tokens":99999,` + in + `}`:                                                 "at most 16384",
		`{"model":"gpt-4o","top_logprobs":21,` + in + `}`:                                                         "Expected a value <= 20",
		`{"model":"gpt-4o","temperature":-1,` + in + `}`:                                                          "Expected a value >= 0, but got -1 instead",
		`{"model":"gpt-4o","top_p":2,` + in + `}`:                                                                 "Expected a value <= 1, but got 2 instead",
		`{"model":"gpt-5","temperature":0.5,` + in + `}`:                                                          "'temperature' is not supported with this model",
		`{"model":"gpt-4o","reasoning":{"effort":"low"},` + in + `}`:                                              "'reasoning.effort' is not supported with this model",
		`{"model":"gpt-5","reasoning":{"effort":"none"},` + in + `}`:                                              "Supported values are: 'minimal', 'low', 'medium', and 'high'",
		`{"model":"gpt-5","reasoning":{"summary":"long"},` + in + `}`:                                             "'auto', 'concise', and 'detailed'",
		`{"model":"gpt-5","reasoning":{"budget":1},` + in + `}`:                                                   "Unknown parameter: 'reasoning.budget'",
		`{"model":"gpt-4o","include":["reasoning.encrypted_content"],` + in + `}`:                                 "Encrypted content is not supported with this model",
		`{"model":"gpt-5","include":["usage"],` + in + `}`:                                                        "include[0]",
		`{"model":"gpt-5","truncation":"end",` + in + `}`:                                                         "'auto', and 'disabled'",
		`{"model":"gpt-5","service_tier":"slow",` + in + `}`:                                                      "Invalid value: 'slow'",
		`{"model":"gpt-5","user":"` + strings.Repeat("u", 65) + `",` + in + `}`:                                   "maximum length 64",
		`{"model":"gpt-5","metadata":{"a":1},` + in + `}`:                                                         "Invalid type for 'metadata.a'",
		`{"model":"gpt-5","metadata":{"a":"` + strings.Repeat("v", 513) + `"},` + in + `}`:                        "maximum length 512",
		`{"model":"gpt-5","stream_options":{},` + in + `}`:                                                        "only allowed when 'stream' is enabled",
		`{"model":"gpt-5","background":true,"store":false,` + in + `}`:                                            "requires 'store'",
		`{"model":"gpt-5","previous_response_id":"chatcmpl-1",` + in + `}`:                                        "Expected an ID that begins with 'resp'",
		`{"model":"gpt-5","previous_response_id":"resp_1",` + in + `}`:                                            `"code":"previous_response_not_found"`,
		`{"model":"gpt-5","previous_response_id":"resp_1","conversation":"conv_1",` + in + `}`:                    `"code":"mutually_exclusive_parameters"`,
		`{"model":"gpt-5","text":{"format":{"type":"xml"}},` + in + `}`:                                           "'json_object', 'json_schema', and 'text'",
		`{"model":"gpt-5","text":{"format":{"type":"json_object"}},` + in + `}`:                                   "must contain the word 'json'",
		`{"model":"gpt-5","text":{"format":{"type":"json_schema","schema":{}}},` + in + `}`:                       "text.format.name",
		`{"model":"gpt-5","text":{"format":{"type":"json_schema","name":"a"}},` + in + `}`:                        "text.format.schema",
		`{"model":"gpt-5","text":{"verbosity":"loud"},` + in + `}`:                                                "text.verbosity",
		`{"model":"gpt-5","tool_choice":"required",` + in + `}`:                                                   "must be specified with 'tools' parameter",
		`{"model":"gpt-5","tool_choice":"any",` + in + `}`:                                                        "'none', 'auto', and 'required'",
		`{"model":"gpt-5","tool_choice":{"type":"function","name":"g"},"tools":[` + weatherFlat + `],` + in + `}`: "Tool choice 'g' not found in 'tools' parameter",
		`{"model":"gpt-5","tool_choice":{"type":"function"},"tools":[` + weatherFlat + `],` + in + `}`:            "'tool_choice.name'",
		`{"model":"gpt-5","reasoning":{"effort":"minimal"},"tools":[{"type":"web_search"}],` + in + `}`:           "cannot be used with reasoning.effort 'minimal': web_search",
		tool(weatherTool):                                        "'tools[0].name'",
		tool(`{"name":"f","input_schema":{}}`):                   "'tools[0].type'",
		tool(`{"type":"bash","name":"f"}`):                       "Invalid value: 'bash'",
		tool(`{"type":"function","name":"a b"}`):                 "does not match pattern",
		tool(`{"type":"function","name":"f","input_schema":{}}`): "Unknown parameter: 'tools[0].input_schema'",
		tool(`{"type":"function","name":"f","strict":true,"parameters":{"type":"object","properties":{"a":{}}}}`): "Invalid schema for function 'f'",
		tool(`{"type":"custom","name":"f","format":{"type":"grammar","syntax":"ebnf","definition":"x"}}`):         "'lark', and 'regex'",
		tool(`{"type":"custom","name":"f","format":{"type":"grammar","syntax":"lark"}}`):                          "tools[0].format.definition",
		tool(`{"type":"file_search"}`):                               "'tools[0].vector_store_ids'",
		of(`"x"`):                                                    "Invalid type for 'input[0]'",
		of(`{"content":"x"}`):                                        "'input[0].type'",
		of(`{"role":"tool","content":"x"}`):                          "Invalid value: 'tool'",
		of(`{"role":"user"}`):                                        "'input[0].content'",
		of(`{"role":"user","content":"x","name":"n"}`):               "Unknown parameter: 'input[0].name'",
		of(`{"type":"tool_use","id":"x"}`):                           "Invalid value: 'tool_use'",
		of(`{"role":"user","content":[{"type":"text","text":"x"}]}`): "'input_text', 'input_image', 'output_text'",
		of(`{"role":"assistant","content":[{"type":"input_text","text":"x"}]},` + user):                          "'output_text', and 'refusal'",
		of(`{"role":"user","content":[{"type":"output_text","text":"x"}]}`):                                      "Invalid value: 'output_text'",
		of(`{"role":"user","content":[{"type":"input_image","image_url":{"url":"https://example.com/a.png"}}]}`): "expected an image URL, but got an object",
		of(`{"role":"user","content":[{"type":"input_image","image_url":"a.png"}]}`):                             "Expected a valid URL",
		of(`{"role":"user","content":[{"type":"input_file","file_data":"AAAA","filename":"a.pdf"}]}`):            "Expected a base64-encoded data URL",
		of(`{"role":"user","content":"x","id":"fc_1"}`):                                                          "Expected an ID that begins with 'msg'",
		of(`{"role":"user","content":"x","id":"msg 1"}`):                                                         "contained additional characters",
		of(`{"type":"function_call","id":"call_1","call_id":"c1","name":"f","arguments":"{}"}`):                  "Expected an ID that begins with 'fc'",
		of(`{"type":"function_call","call_id":"c1","name":"f","arguments":{}}`):                                  "Invalid type for 'input[0].arguments': expected a string, but got an object",
		of(`{"type":"function_call","call_id":"` + strings.Repeat("c", 65) + `","name":"f","arguments":"{}"}`):   "maximum length 64",
		of(`{"type":"function_call","call_id":"c1","arguments":"{}"}`):                                           "'input[0].name'",
		of(user + `,` + call):   "No tool output found for function call c1.",
		of(user + `,` + custom): "No tool output found for custom tool call c2.",
		of(`{"type":"function_call_output","call_id":"c9","output":"x"}`):                                  "No tool call found for function call output with call_id c9.",
		of(custom + `,{"type":"function_call_output","call_id":"c2","output":"x"}`):                        "No tool call found for function call output with call_id c2.",
		of(call + `,{"type":"function_call_output","call_id":"c1","output":[{"type":"text","text":"x"}]}`): "Invalid value: 'text'",
		of(`{"role":"user","content":"x","id":"msg_1"},{"role":"user","content":"y","id":"msg_1"}`):        "Duplicate item found with id msg_1",
		of(`{"type":"item_reference","id":"msg_9"}`):                                                       "Items are not persisted when `store`",
		of(`{"type":"reasoning","id":"rs_9","summary":[]},` + user):                                        "Item with id 'rs_9' not found",
		of(`{"type":"reasoning","id":"rs_9","summary":[],"encrypted_content":"gAAAAABforeign"},` + user):   `"code":"invalid_encrypted_content"`,
		of(`{"type":"reasoning","id":"rs_9"},` + user):                                                     "'input[0].summary'",
		`{"model":"gpt-5+audio=3",` + in + `}`:                                                             "x-sim: audio",
		`{"model":"gpt-5+reject=context",` + in + `}`:                                                      "exceeds the context window",
		`{"model":"gpt-5+reject=prefill","input":[` + user + `,{"role":"assistant","content":"y"}]}`:       "does not support assistant message prefill",
		`{"model":"gpt-5+reject=filter",` + in + `}`:                                                       "content management policy",
	} {
		s, r := start(t, Options{})
		got := ask(t, r, "POST", "/v1/responses", body)
		if got.status != 400 && got.status != 404 || !strings.Contains(got.body, want) || !strings.Contains(got.body, `"error":{"message":`) {
			t.Errorf("%s: %d %s\nwant %s", body, got.status, got.body, want)
		}
		if last(t, s, 1).Usage != (Usage{}) {
			t.Errorf("%s: was billed", body)
		}
	}
}

// TestResponsesTakes lists what the real API takes, and what Codex sends.
func TestResponsesTakes(t *testing.T) {
	const in = `"input":[{"role":"user","content":"x"}]`
	for _, body := range []string{
		`{"model":"gpt-4o","temperature":0,"top_p":0.5,"truncation":"auto","metadata":null,"user":"u","service_tier":"flex","prompt_cache_key":"k","safety_identifier":"s","top_logprobs":0,"include":null,` + in + `}`,
		`{"model":"gpt-5","temperature":1,"parallel_tool_calls":true,"tool_choice":"auto","tools":[],` + in + `}`,
		`{"model":"gpt-5.2","temperature":0,"reasoning":{"effort":"none"},` + in + `}`,
		`{"model":"gpt-5+reject=context","truncation":"auto",` + in + `}`,
		`{"model":"gpt-5+reject=prefill","input":[{"role":"user","content":"x"},{"role":"assistant","content":"y"},{"type":"function_call","call_id":"c1","name":"f","arguments":"{}"},{"type":"function_call_output","call_id":"c1","output":"z"}]}`,
		`{"model":"gpt-4o","prompt":{"id":"pmpt_1","version":"2","variables":{"a":"b"}}}`,
		`{"model":"gpt-5","tools":[` + weatherFlat + `],"tool_choice":{"type":"allowed_tools","mode":"auto","tools":[{"type":"function","name":"get_weather"}]},` + in + `}`,
		`{"model":"gpt-5.3-codex","instructions":"You are Codex.","input":[
			{"type":"message","role":"developer","content":[{"type":"input_text","text":"<permissions>"}]},
			{"type":"message","role":"user","content":[{"type":"input_text","text":"Go."},{"type":"input_image","image_url":"data:image/png;base64,AAAA","detail":"high"}],"internal_chat_message_metadata_passthrough":{"turn_id":"t"}},
			{"type":"function_call","name":"exec_command","arguments":"{}","call_id":"c1"},
			{"type":"function_call_output","call_id":"c1","output":"done"},
			{"type":"custom_tool_call","status":"completed","call_id":"c2","name":"apply_patch","input":"*** Begin Patch"},
			{"type":"custom_tool_call_output","call_id":"c2","output":[{"type":"input_text","text":"ok"}]},
			{"type":"local_shell_call","call_id":"c3","status":"completed","action":{"type":"exec","command":["ls"],"env":{}}},
			{"type":"local_shell_call_output","id":"c3","output":"ok"},
			{"type":"web_search_call","status":"completed","action":{"type":"search","query":"q"}},
			{"type":"tool_search_call","call_id":"c4","status":"completed","execution":"client","arguments":{"query":"q"}},
			{"type":"tool_search_output","call_id":"c4","status":"completed","execution":"client","tools":[]},
			{"type":"message","role":"assistant","content":[{"type":"output_text","text":"Done."}],"phase":"final_answer"},
			{"type":"message","role":"user","content":[{"type":"input_text","text":"More."}]}],
		 "tools":[{"type":"function","name":"exec_command","description":"d","strict":false,"parameters":{"type":"object","properties":{"cmd":{"type":"string"}},"required":["cmd"],"additionalProperties":false}},
			{"type":"custom","name":"apply_patch","description":"d","format":{"type":"grammar","syntax":"lark","definition":"start: begin_patch"}},
			{"type":"web_search","external_web_access":false},{"type":"local_shell"},{"type":"tool_search","execution":"client","description":"d","parameters":{"type":"object","properties":{}}},
			{"type":"namespace","name":"mcp__a__","description":"d","tools":[{"type":"function","name":"b","description":"d","strict":false,"defer_loading":true,"parameters":{"type":"object","properties":{}}}]}],
		 "tool_choice":"auto","parallel_tool_calls":false,"reasoning":{"effort":"medium","summary":"auto","context":"all_turns"},"store":false,"stream":true,"include":["reasoning.encrypted_content"],
		 "prompt_cache_key":"0199","text":{"verbosity":"low"},"client_metadata":{"x-codex-installation-id":"i"}}`,
	} {
		_, r := start(t, Options{})
		got := ask(t, r, "POST", "/v1/responses", body, "originator: codex_exec", "session_id: 0199", "OpenAI-Beta: responses=experimental", "version: 0.150.0")
		if got.status != 200 || !strings.Contains(got.body, `"status":"completed"`) {
			t.Errorf("%s: %d %s", body, got.status, got.body)
		}
	}
}

// TestResponsesReasoningGoesWithItsItem holds that what an answer's reasoning led to is not
// taken without it, nor the reasoning without that, while the provider knows both.
func TestResponsesReasoningGoesWithItsItem(t *testing.T) {
	_, r := start(t, Options{})
	first := scan.Value(ask(t, r, "POST", "/v1/responses", `{"model":"gpt-5","include":["reasoning.encrypted_content"],"input":"x"}`).body)
	var items []string
	for e := first.Get("output").Elements(); e.Next(); {
		items = append(items, string(e.Value()))
	}
	if len(items) != 2 {
		t.Fatalf("%s", first)
	}
	id := wire.Str(scan.Value(items[1]).Get("id"))
	const more = `{"role":"user","content":"y"}`
	for _, c := range []struct {
		input string
		want  string
	}{
		{items[0] + "," + items[1] + "," + more, `"status":"completed"`},
		{`{"type":"item_reference","id":"` + wire.Str(scan.Value(items[0]).Get("id")) + `"},{"id":"` + id + `"},` + more, `"status":"completed"`},
		{items[0] + "," + more, "of type 'reasoning' was provided without its required following item"},
		{items[1] + "," + more, "Item '" + id + "' of type 'message' was provided without its required 'reasoning' item"},
		{`{"role":"assistant","content":"z"},` + more, `"status":"completed"`},
	} {
		if got := ask(t, r, "POST", "/v1/responses", `{"model":"gpt-5","input":[`+c.input+`]}`); !strings.Contains(got.body, c.want) {
			t.Errorf("%s: %s\nwant %s", c.input, got.body, c.want)
		}
	}
}

func TestResponsesPaths(t *testing.T) {
	_, r := start(t, Options{})
	for _, c := range []struct {
		method, path string
		status       int
		want         string
	}{
		{"GET", "/v1/responses", 405, "method_not_supported"},
		{"POST", "/v1/responses/resp_1", 405, "method_not_supported"},
		{"GET", "/v1/responses/resp_1", 404, "Response with id 'resp_1' not found."},
		{"DELETE", "/v1/responses/resp_1", 404, "not found"},
		{"POST", "/v1/responses/resp_1/cancel", 404, "not found"},
		{"GET", "/v1/responses/resp_1/input_items", 404, "not found"},
		{"GET", "/v1/responses/resp_1/nothing", 404, "Invalid URL"},
		{"GET", "/v1/conversations/conv_1", 404, "Conversation with id 'conv_1' not found."},
		{"GET", "/v1/conversations/conv_1/items", 404, "not found"},
	} {
		if got := ask(t, r, c.method, c.path, ""); got.status != c.status || !strings.Contains(got.body, c.want) {
			t.Errorf("%s %s: %d %s, want %d %s", c.method, c.path, got.status, got.body, c.status, c.want)
		}
	}
	id := wire.Str(scan.Value(ask(t, r, "POST", "/v1/responses", respBody).body).Get("id"))
	for query, want := range map[string]string{"?stream=true": "cannot be streamed", "/input_items?limit=0": "from 1 to 100", "/input_items?after=msg_9": "Item with id 'msg_9' not found"} {
		if got := ask(t, r, "GET", "/v1/responses/"+id+query, ""); got.status < 400 || !strings.Contains(got.body, want) {
			t.Errorf("%s: %d %s, want %s", query, got.status, got.body, want)
		}
	}
}

// TestPythonSDKUnderstandsResponses plays the official client for Python, which checks its own
// types, against the server.
func TestPythonSDKUnderstandsResponses(t *testing.T) {
	python := os.Getenv("HEADGATE_PYTHON")
	if python == "" {
		t.Skip("no Python with the official clients: run make venv, or name one with HEADGATE_PYTHON")
	}
	_, r := start(t, Options{Clock: realClock{}})
	cmd := exec.CommandContext(timeout(t), python, "testdata/responses.py", r.URL+"/v1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var said map[string]string
	if err := json.Unmarshal(out, &said); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for name, want := range map[string]string{
		"plain": answerText, "stream": answerText, "tools": answerText, "parse": "café 中文 😀", "image": answerText, "background": "queued in_progress completed",
		"cancel": "cancelled", "items": "message", "bad request": "BadRequestError invalid_type", "rate limit": "RateLimitError rate_limit_exceeded",
		"not found": "NotFoundError None", "failed": "response.failed server_error", "conversation": "3",
	} {
		if said[name] != want {
			t.Errorf("%s: %q, want %q", name, said[name], want)
		}
	}
}
