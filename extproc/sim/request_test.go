package sim

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/sim/wire"
)

func itoa(n int) string { return strconv.Itoa(n) }

func readAll(t *testing.T, files ...string) string {
	t.Helper()
	var all strings.Builder
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(b)
	}
	return all.String()
}

// TestOpenAIRefuses lists what the real API refuses, by the words of its error.
func TestOpenAIRefuses(t *testing.T) {
	const user = `"messages":[{"role":"user","content":"x"}]`
	for body, want := range map[string]string{
		`{`:                              "could not parse the JSON body",
		`[]`:                             "could not parse the JSON body",
		`{` + user + `}`:                 "you must provide a model parameter",
		`{"model":"m"}`:                  "'messages'.",
		`{"model":"m","messages":[]}`:    "empty array",
		`{"model":"m","messages":"x"}`:   "expected an array of objects, but got a string",
		`{"model":"m","messages":["x"]}`: "'messages[0]'",
		`{"model":"m","messages":[{"content":"x"}]}`:                                                                                                                                                                                            "'messages[0].role'",
		`{"model":"m","messages":[{"role":"wizard","content":"x"}]}`:                                                                                                                                                                            "Invalid value: 'wizard'",
		`{"model":"m","messages":[{"role":"user","content":null}]}`:                                                                                                                                                                             "expected a string, got null",
		`{"model":"m","messages":[{"role":"user","content":[{"type":"tool_use"}]}]}`:                                                                                                                                                            "Invalid value: 'tool_use'",
		`{"model":"m","messages":[{"role":"user","content":[{"type":"image","source":{}}]}]}`:                                                                                                                                                   "Invalid value: 'image'",
		`{"model":"m","messages":[{"role":"system","content":[{"type":"image_url"}]}]}`:                                                                                                                                                         "Invalid value: 'image_url'",
		`{"model":"m","messages":[{"role":"tool","tool_call_id":"a","content":"x"}]}`:                                                                                                                                                           "must be a response to a preceeding message",
		`{"model":"m","messages":[{"role":"assistant","tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"user","content":"x"}]}`:                                                                    "did not have response messages: a",
		`{"model":"m","messages":[{"role":"assistant","tool_calls":[{"id":"` + strings.Repeat("a", 41) + `","type":"function","function":{"name":"f","arguments":"{}"}}]}]}`:                                                                    "'messages[0].tool_calls[0].id': string too long. Expected a string with maximum length 40, but got a string with length 41",
		`{"model":"m","messages":[{"role":"assistant","tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":{}}}]}]}`:                                                                                                    "expected a string, but got an object",
		`{"model":"m","system":"x","max_tokens":5,` + user + `}`:                                                                                                                                                                                "Unknown parameter: 'system'",
		`{"model":"gpt-4o","user":"` + strings.Repeat("x", 65) + `",` + user + `}`:                                                                                                                                                              "Invalid 'user': string too long",
		`{"model":"mistral-large-latest","user":"x",` + user + `}`:                                                                                                                                                                              "Unknown parameter: 'user'",
		`{"model":"m","stop_sequences":["x"],` + user + `}`:                                                                                                                                                                                     "Unknown parameter: 'stop_sequences'",
		`{"model":"m","tools":[{"name":"f","input_schema":{}}],` + user + `}`:                                                                                                                                                                   "'tools[0].type'",
		`{"model":"m","tool_choice":"auto",` + user + `}`:                                                                                                                                                                                       "only allowed when 'tools'",
		`{"model":"m","tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":{"type":"function","function":{"name":"g"}},` + user + `}`:                                                                                            "no function named 'g'",
		`{"model":"m","tools":[{"type":"function","function":{"name":"f","strict":true,"parameters":{"type":"object"}}}],` + user + `}`:                                                                                                         "'additionalProperties' is required",
		`{"model":"m","tools":[{"type":"function","function":{"name":"f","strict":false,"parameters":{"type":"object"}}}],` + user + `}`:                                                                                                        "object schema missing properties",
		`{"model":"m","tools":[{"type":"function","function":{"name":"f","strict":false,"parameters":{"type":"string"}}}],` + user + `}`:                                                                                                        "got 'type: \\\"string",
		`{"model":"m","tools":[{"type":"function","function":{"name":"f","strict":false,"parameters":{"type":"object","properties":{},"anyOf":[]}}}],` + user + `}`:                                                                             "not have 'oneOf'/'anyOf'",
		`{"model":"m","tools":[{"type":"function","function":{"name":"f","strict":false,"parameters":{"type":"object","properties":{"a":{"anyOf":[{"type":"array"}]}}}}}],` + user + `}`:                                                        "array schema missing items",
		`{"model":"m","tools":[{"type":"function","function":{"name":"f","strict":true,"parameters":{"type":"object","properties":{"a":{"type":"string"}},"additionalProperties":false}}}],` + user + `}`:                                       "Missing 'a'",
		`{"model":"m","tools":[{"type":"function","function":{"name":"f","strict":true,"parameters":{"type":"object","properties":{"a":{"oneOf":[]}},"required":["a"],"additionalProperties":false}}}],` + user + `}`:                           "'oneOf' is not permitted",
		`{"model":"m","tools":[{"type":"function","function":{"name":"f","strict":true,"parameters":{"type":"object","properties":{"a":{"type":"string","format":"uri"}},"required":["a"],"additionalProperties":false}}}],` + user + `}`:       "'uri' is not a valid format",
		`{"model":"m","tools":[{"type":"function","function":{"name":"f","strict":true,"parameters":{"type":"object","properties":{"a":{"description":"d"}},"required":["a"],"additionalProperties":false}}}],` + user + `}`:                    "must have a 'type' key",
		`{"model":"m","tools":[{"type":"function","function":{"name":"f","strict":true,"parameters":{"type":"object","properties":{"a":{"$ref":"#/$defs/b","description":"d"}},"required":["a"],"additionalProperties":false}}}],` + user + `}`: "$ref cannot have keywords",
		`{"model":"m","tools":[{"type":"function","function":{"name":"a b"}}],` + user + `}`:                                                                                                                                                    "does not match pattern",
		`{"model":"gpt-5","max_tokens":5,` + user + `}`:                                                                                                                                                                                         "Use 'max_completion_tokens' instead",
		`{"model":"gpt-5","stop":["x"],` + user + `}`:                                                                                                                                                                                           "'stop' is not supported",
		`{"model":"gpt-5","reasoning_effort":"none",` + user + `}`:                                                                                                                                                                              "'reasoning_effort' does not support 'none'",
		`{"model":"gpt-5.1","reasoning_effort":"minimal",` + user + `}`:                                                                                                                                                                         "'none', 'low', 'medium', and 'high'",
		`{"model":"gpt-5.4","reasoning_effort":"low","temperature":0,` + user + `}`:                                                                                                                                                             "'temperature' does not support 0",
		`{"model":"gpt-5.5","temperature":0,` + user + `}`:                                                                                                                                                                                      "'temperature' does not support 0",
		`{"model":"gpt-4o","reasoning_effort":"low",` + user + `}`:                                                                                                                                                                              "Unrecognized request argument supplied: reasoning_effort",
		`{"model":"gpt-5.5","reasoning_effort":"low","tools":[{"type":"function","function":{"name":"f"}}],` + user + `}`:                                                                                                                       "use /v1/responses instead",
		`{"model":"gpt-5.6-sol","tools":[{"type":"function","function":{"name":"f"}}],` + user + `}`:                                                                                                                                            "set reasoning_effort to 'none'",
		`{"model":"gpt-5","temperature":0.5,` + user + `}`:                                                                                                                                                                                      "'temperature' does not support 0.5",
		`{"model":"m","temperature":-0.5,` + user + `}`:                                                                                                                                                                                         "decimal below minimum value",
		`{"model":"m","temperature":3,` + user + `}`:                                                                                                                                                                                            "decimal above maximum value",
		`{"model":"m","temperature":"1",` + user + `}`:                                                                                                                                                                                          "expected a decimal, but got a string",
		`{"model":"m","max_tokens":0,` + user + `}`:                                                                                                                                                                                             "integer below minimum value",
		`{"model":"m","n":1000,` + user + `}`:                                                                                                                                                                                                   "integer above maximum value",
		`{"model":"m","stop":["1","2","3","4","5"],` + user + `}`:                                                                                                                                                                               "array too long",
		`{"model":"m","stream":"yes",` + user + `}`:                                                                                                                                                                                             "expected a boolean",
		`{"model":"m","stream_options":{"include_usage":true},` + user + `}`:                                                                                                                                                                    "only allowed when 'stream' is enabled",
		`{"model":"m","response_format":{"type":"json_object"},` + user + `}`:                                                                                                                                                                   "must contain the word 'json'",
		`{"model":"m","response_format":{"type":"json_schema","json_schema":{}},` + user + `}`:                                                                                                                                                  "json_schema.name",
		`{"model":"m+ttft=x",` + user + `}`:                                                                                                                                                                                                     "x-sim: ttft: want a duration",
		`{"model":"m+speed=1",` + user + `}`:                                                                                                                                                                                                    `x-sim: unknown key \"speed\"`,
		`{"model":"m","messages":[{"role":"user","content":"[[sim hang=headers nope]]"}]}`:                                                                                                                                                      `x-sim: unknown key \"nope\"`,
		`{"model":"m+hang=headers+burst",` + user + `,"n":0}`:                                                                                                                                                                                   "integer below minimum value",
		`{"model":"m+retry-after=2",` + user + `}`:                                                                                                                                                                                              "retry-after: needs status or quota",
		`{"model":"m+status=429+retry-after=2+error=1",` + user + `}`:                                                                                                                                                                           "retry-after: a stream under way has none",
		`{"model":"m+cache-write=2",` + user + `}`:                                                                                                                                                                                              "does not report it",
	} {
		s, r := start(t, Options{})
		got := ask(t, r, "POST", "/v1/chat/completions", body)
		var e struct {
			Error struct{ Message, Type string }
		}
		if json.Unmarshal([]byte(got.body), &e); got.status != 400 || !strings.Contains(got.body, want) || e.Error.Type != "invalid_request_error" {
			t.Errorf("%s: %d %s\nwant %s", body, got.status, got.body, want)
		}
		if last(t, s, 1).Usage != (Usage{}) {
			t.Errorf("%s: was billed", body)
		}
	}
}

// TestAnthropicRefuses is TestOpenAIRefuses for Messages.
func TestAnthropicRefuses(t *testing.T) {
	const user = `"messages":[{"role":"user","content":"x"}]`
	const use = `{"role":"user","content":"x"},{"role":"assistant","content":[{"type":"tool_use","id":"toolu_1","name":"f","input":{}}]}`
	m := func(messages string) string { return `{"model":"c","max_tokens":9,"messages":[` + messages + `]}` }
	for body, want := range map[string]string{
		`{`:                                           "not valid JSON",
		`{"max_tokens":9,` + user + `}`:               "model: Field required",
		`{"model":"c",` + user + `}`:                  "max_tokens: Field required",
		`{"model":"c","max_tokens":9}`:                "messages: Field required",
		`{"model":7,"max_tokens":9,` + user + `}`:     "model: Input should be a valid string",
		`{"model":"c","max_tokens":"9",` + user + `}`: "max_tokens: Input should be a valid integer",
		`{"model":"c","max_tokens":0,` + user + `}`:   "greater than or equal to 1",
		`{"model":"claude-opus-4-7","max_tokens":9,"temperature":0.5,` + user + `}`:                                     "temperature` is deprecated",
		`{"model":"claude-opus-5","max_tokens":9,"top_k":5,` + user + `}`:                                               "top_k` is deprecated",
		`{"model":"claude-sonnet-4-5","max_tokens":9,"temperature":0.5,"top_p":0.5,` + user + `}`:                       "cannot both be specified",
		`{"model":"claude-opus-4-8","max_tokens":9000,"thinking":{"type":"enabled","budget_tokens":2000},` + user + `}`: "thinking.type.adaptive",
		`{"model":"claude-haiku-4-5","max_tokens":9000,"thinking":{"type":"adaptive"},` + user + `}`:                    "adaptive thinking is not supported",
		`{"model":"claude-fable-5","max_tokens":9,"thinking":{"type":"disabled"},` + user + `}`:                         "thinking.type.disabled",
		`{"model":"claude-sonnet-4-5","max_tokens":9,"output_config":{"effort":"low"},` + user + `}`:                    "does not support the effort parameter",
		`{"model":"claude-opus-4-6","max_tokens":9,"output_config":{"effort":"xhigh"},` + user + `}`:                    "one of low, medium, high, max",
		m(``): "at least one message",
		m(`{"role":"system","content":"x"},{"role":"user","content":"x"}`):                                                  "use the top-level 'system' parameter",
		m(`{"role":"tool","content":"x"}`):                                                                                  "Unexpected role",
		m(`{"role":"assistant","content":"x"}`):                                                                             "first message must use",
		m(`{"role":"user","content":7}`):                                                                                    "valid string or list",
		m(`{"role":"user","content":[{"type":"text","text":""}]}`):                                                          "must be non-empty",
		m(`{"role":"user","content":[{"type":"image_url","image_url":{}}]}`):                                                "Input tag 'image_url'",
		m(`{"role":"user","content":[{"type":"image","source":{"type":"base64","media_type":"image/bmp","data":"eA=="}}]}`): "media_type",
		m(`{"role":"user","content":"x"},{"role":"assistant","content":"x "}`):                                              "trailing whitespace",
		m(`{"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":"x"}]}`):                             "unexpected `tool_use_id`",
		m(use): "without `tool_result` blocks immediately after: toolu_1",
		m(use + `,{"role":"user","content":"x"}`): "without `tool_result` blocks",
		m(use + `,{"role":"user","content":[{"type":"text","text":"x"},{"type":"tool_result","tool_use_id":"toolu_1"}]}`):                                                          "without `tool_result` blocks",
		m(use + `,{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1"}]},` + use[strings.Index(use, `{"role":"assistant"`):]):                                  "`tool_use` ids must be unique",
		m(`{"role":"user","content":"x"},{"role":"assistant","content":[{"type":"tool_use","id":"a b","name":"f","input":{}}]}`):                                                   "should match pattern",
		m(`{"role":"user","content":"x"},{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f","input":"{}"}]}`):                                                   "valid dictionary",
		m(`{"role":"user","content":"x"},{"role":"assistant","content":[{"type":"thinking","thinking":"x"}]}`):                                                                     "thinking.signature",
		`{"model":"c","max_tokens":9,"tools":[{"name":"f","strict":false,"input_schema":{"type":"object","oneOf":[]}}],` + user + `}`:                                              "does not support oneOf, allOf, or anyOf at the top level",
		`{"model":"c","max_tokens":9,"tools":[{"name":"f","input_schema":{"type":"object","properties":{"a":{"minimum":0,"exclusiveMinimum":true}}}}],` + user + `}`:               "must match JSON Schema draft 2020-12",
		`{"model":"c","max_tokens":9,"tools":[{"name":"f","strict":false,"input_schema":{"type":"object","properties":{"a[b]":{}}}}],` + user + `}`:                                "Property keys should match",
		`{"model":"c","max_tokens":9,"tools":[{"name":"f","strict":true,"input_schema":{"type":"object","properties":{}}}],` + user + `}`:                                          "'additionalProperties' must be explicitly set to false",
		`{"model":"c","max_tokens":9,"output_config":{"format":{"type":"json_schema","schema":{"type":"integer","minimum":1}}},` + user + `}`:                                      "For 'integer' type, property 'minimum' is not supported",
		`{"model":"c","max_tokens":9,"output_config":{"format":{"type":"json_schema","schema":{"type":"array","minItems":2}}},` + user + `}`:                                       "values other than 0 or 1 are not supported",
		`{"model":"c","max_tokens":9,"output_config":{"format":{"type":"json_schema","schema":{"type":"string","format":"iban"}}},` + user + `}`:                                   "format 'iban' is not supported",
		`{"model":"c","max_tokens":9,"output_config":{"format":{"type":"json_schema","schema":{"type":"array","items":{"$ref":"#"}}}},` + user + `}`:                               "Circular reference",
		`{"model":"c","max_tokens":9,"output_config":{"format":{"type":"json_schema","schema":{"$ref":"#/$defs/a","$defs":{"a":{"anyOf":[{"$ref":"#/$defs/a"}]}}}}},` + user + `}`: "Circular reference",
		`{"model":"c","max_tokens":9,"output_config":{"format":{"type":"json_schema","schema":{"$ref":"https://example.org/s"}}},` + user + `}`:                                    "is not supported",
		`{"model":"c","max_tokens":9,"output_config":{"format":{"type":"json_schema","schema":{"anyOf":[{"type":"object","additionalProperties":true}]}}},` + user + `}`:           "'additionalProperties' must be",
		`{"model":"c","max_tokens":9,"stop":["x"],` + user + `}`:                                                                                                                   "stop: Extra inputs",
		`{"model":"c","max_tokens":9,"response_format":{},` + user + `}`:                                                                                                           "response_format: Extra inputs",
		`{"model":"c","max_tokens":9,"stream_options":{},` + user + `}`:                                                                                                            "stream_options: Extra inputs",
		`{"model":"c","max_tokens":9,"temperature":1.5,` + user + `}`:                                                                                                              "less than or equal to 1",
		`{"model":"c","max_tokens":9,"tools":[{"type":"function","function":{"name":"f"}}],` + user + `}`:                                                                          "Input tag 'function'",
		`{"model":"c","max_tokens":9,"tools":[{"name":"f"}],` + user + `}`:                                                                                                         "input_schema: Field required",
		`{"model":"c","max_tokens":9,"tools":[{"name":"f","input_schema":{"type":"object"}}],"tool_choice":"auto",` + user + `}`:                                                   "tool_choice: Input should be a valid dictionary",
		`{"model":"c","max_tokens":9,"thinking":{"type":"enabled","budget_tokens":100},` + user + `}`:                                                                              "greater than or equal to 1024",
		`{"model":"c","max_tokens":1024,"thinking":{"type":"enabled","budget_tokens":1024},` + user + `}`:                                                                          "must be greater than `thinking.budget_tokens`",
		`{"model":"c","max_tokens":2000,"temperature":0.5,"thinking":{"type":"enabled","budget_tokens":1024},` + user + `}`:                                                        "may only be set to 1",
		`{"model":"c+audio=3","max_tokens":9,` + user + `}`:                                                                                                                        "x-sim: audio",
	} {
		_, r := start(t, Options{})
		got := ask(t, r, "POST", "/v1/messages", body)
		if got.status != 400 || !strings.Contains(got.body, want) || !strings.Contains(got.body, `{"type":"error","error":{"type":"invalid_request_error"`) {
			t.Errorf("%s: %d %s\nwant %s", body, got.status, got.body, want)
		}
	}
}

func TestPathsAndMethods(t *testing.T) {
	_, r := start(t, Options{})
	const version = "Anthropic-Version: 2023-06-01"
	for _, c := range []struct {
		method, path, body, header string
		status                     int
		want                       string
	}{
		{"POST", "/v1/foo", "{}", "X: y", 404, `Invalid URL (POST /v1/foo)`},
		{"POST", "/v1/foo", "{}", version, 404, `"not_found_error"`},
		{"GET", "/v1/chat/completions", "", "X: y", 405, `"method_not_supported"`},
		{"GET", "/v1/messages", "", "X: y", 405, `Method Not Allowed`},
		{"POST", "/v1/messages", msgBody, "Anthropic-Version: ", 400, "anthropic-version: header is required"},
		{"POST", "/v1/messages", msgBody, "X-Api-Key: ", 401, `"authentication_error"`},
		{"POST", "/v1/messages?beta=true", msgBody, "X: y", 200, `"type":"message"`},
		{"GET", "/v1/models", "", "X: y", 200, `{"object":"list","data":[{"id":"gpt-5.5"`},
		{"GET", "/v1/models", "", version, 200, `{"data":[{"type":"model","id":"claude-opus-5"`},
		{"HEAD", "/v1/models", "", "X: y", 200, ""},
		{"GET", "/v1/models", "", "X-Sim: status=500", 500, `"server_error"`},
		{"GET", "/sim/healthz", "", "X: y", 200, "ok\n"},
		{"GET", "/sim/nothing", "", "X: y", 404, "PUT /sim/script"},
		{"POST", "/v1/embeddings", `{"model":"text-embedding-3-small","input":"x","dimensions":-1}`, "X: y", 400, `"-1 is less than the minimum of 1 - 'dimensions'","type":"invalid_request_error","param":null,"code":null`},
		{"POST", "/v1/embeddings", `{"model":"text-embedding-3-small","input":[]}`, "X: y", 400, `'$.input' is invalid`},
		{"POST", "/v1/embeddings", `{"model":"text-embedding-3-small","input":[1,2,3],"dimensions":2}`, "X: y", 200, `"usage":{"prompt_tokens":3,"total_tokens":3}`},
		{"POST", "/v1/moderations", `{"model":"omni-moderation-latest"}`, "X: y", 400, `"Missing required parameter: 'input'.","type":"invalid_request_error","param":"input","code":"missing_required_parameter"`},
		{"POST", "/v1/moderations", `{"model":"gpt-4o","input":"a"}`, "X: y", 400, `"please request omni-moderation-latest","type":"invalid_request_error","param":"model","code":null`},
		{"POST", "/v1/moderations", `{"input":[]}`, "X: y", 400, `empty array`},
		{"POST", "/v1/moderations", `{"input":[1]}`, "X: y", 400, `"Invalid type for 'input[0]': expected a string, but got an integer instead."`},
		{"POST", "/v1/moderations", `{"input":"a","stream":true}`, "X: y", 400, `"Unknown parameter: 'stream'."`},
		{"POST", "/v1/moderations", `{"input":[{"type":"video"}]}`, "X: y", 400, `Supported values are: 'text' and 'image_url'.`},
		{"POST", "/v1/moderations", `{"input":[{"type":"image_url","image_url":{"url":"a"}},{"type":"image_url","image_url":{"url":"b"}}]}`, "X: y", 400, `"Number of images (2) exceeds maximum of 1","type":"invalid_request_error","param":"input","code":"too_many_images"`},
		{"POST", "/v1/moderations", `{"input":"a [[sim flag=rude]]"}`, "X: y", 400, `flag: unknown category`},
		{"POST", "/v1/moderations", `{"input":"a [[sim status=500]]"}`, "X: y", 500, `"server_error"`},
		{"POST", "/v1/embeddings", `{"model":"text-embedding-3-small","input":"a [[sim status=500]]"}`, "X: y", 500, `"server_error"`},
	} {
		got := ask(t, r, c.method, c.path, c.body, c.header)
		if got.status != c.status || !strings.Contains(got.body, c.want) {
			t.Errorf("%s %s %s: %d %s, want %d %s", c.method, c.path, c.header, got.status, got.body, c.status, c.want)
		}
	}
}

func TestEndings(t *testing.T) {
	for _, c := range []struct{ name, path, body, want string }{
		{"max_tokens", "/v1/chat/completions", `{"model":"m","max_tokens":3,"messages":[{"role":"user","content":"x"}]}`, `"finish_reason":"length"`},
		{"limit above the answer", "/v1/chat/completions", `{"model":"m","max_tokens":300,"messages":[{"role":"user","content":"x"}]}`, `"finish_reason":"stop"`},
		{"reasoning eats the limit", "/v1/chat/completions", `{"model":"gpt-5","max_completion_tokens":10,"messages":[{"role":"user","content":"x"}]}`, `"completion_tokens":10,`},
		{"stop", "/v1/chat/completions", `{"model":"m","stop":"provider","messages":[{"role":"user","content":"x"}]}`, `"content":"Voilà 😀: the simulated "`},
		{"stop_sequences", "/v1/messages", `{"model":"c","max_tokens":99,"stop_sequences":["zzz","provider"],"messages":[{"role":"user","content":"x"}]}`, `"stop_reason":"stop_sequence","stop_sequence":"provider"`},
		{"max_tokens in Messages", "/v1/messages", `{"model":"c","max_tokens":3,"messages":[{"role":"user","content":"x"}]}`, `"stop_reason":"max_tokens"`},
		{"arguments cut off", "/v1/chat/completions", `{"model":"m","max_tokens":4,"tool_choice":"required","tools":[` + weatherTool + `],"messages":[{"role":"user","content":"x"}]}`, `"arguments":"{"}}],"refusal":null,"annotations":[]},"logprobs":null,"finish_reason":"length"`},
		{"n", "/v1/chat/completions", `{"model":"m","n":2,"max_tokens":3,"messages":[{"role":"user","content":"x"}]}`, `"completion_tokens":6,`},
		{"json_object", "/v1/chat/completions", `{"model":"m","response_format":{"type":"json_object"},"messages":[{"role":"user","content":"json"}]}`, `"content":"{}"`},
		{"audio", "/v1/chat/completions", `{"model":"m","messages":[{"role":"user","content":[{"type":"input_audio","input_audio":{"data":"` + strings.Repeat("A", 250) + `","format":"wav"}}]}]}`, `"audio_tokens":3}`},
		{"images", "/v1/chat/completions", `{"model":"m","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://x/y"}},{"type":"image_url","image_url":{"url":"https://x/y","detail":"low"}}]}]}`, `"prompt_tokens":` + itoa(wire.PrimeTokens+wire.FrameTokens+wire.ImageTokens+wire.ImageLowTokens)},
		{"document", "/v1/messages", `{"model":"c","max_tokens":9,"messages":[{"role":"user","content":[{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"` + strings.Repeat("A", 101) + `"}}]}]}`, `"input_tokens":` + itoa(wire.PrimeTokens+wire.FrameTokens+2)},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, r := start(t, Options{})
			if got := ask(t, r, "POST", c.path, c.body); got.status != 200 || !strings.Contains(got.body, c.want) {
				t.Errorf("%d %s\nwant %s", got.status, got.body, c.want)
			}
		})
	}
}

// TestParallelCallsCanBeForbidden counts the calls that tools=3 gives.
func TestParallelCallsCanBeForbidden(t *testing.T) {
	const anthropicTool = `"tools":[{"name":"f","input_schema":{"type":"object"}}]`
	for _, c := range []struct {
		path, body string
		want       int
	}{
		{"/v1/chat/completions", `{"model":"m+tools=3","tools":[` + weatherTool + `],"messages":[{"role":"user","content":"x"}]}`, 3},
		{"/v1/chat/completions", `{"model":"m+tools=3","parallel_tool_calls":false,"tools":[` + weatherTool + `],"messages":[{"role":"user","content":"x"}]}`, 1},
		{"/v1/messages", `{"model":"c+tools=3","max_tokens":99,` + anthropicTool + `,"messages":[{"role":"user","content":"x"}]}`, 3},
		{"/v1/messages", `{"model":"c+tools=3","max_tokens":99,"tool_choice":{"type":"auto","disable_parallel_tool_use":true},` + anthropicTool + `,"messages":[{"role":"user","content":"x"}]}`, 1},
	} {
		_, r := start(t, Options{})
		got := ask(t, r, "POST", c.path, c.body)
		if n := strings.Count(got.body, `"type":"function"`) + strings.Count(got.body, `"type":"tool_use"`); n != c.want {
			t.Errorf("%s: %d calls, want %d", got.body, n, c.want)
		}
	}
}

// TestRecordedRequestsAreAccepted replays what real clients sent.
func TestRecordedRequestsAreAccepted(t *testing.T) {
	dir := os.Getenv("HEADGATE_SHARED")
	if dir == "" {
		dir = filepath.Join(root(t), "..", "shared")
	}
	files, _ := filepath.Glob(filepath.Join(dir, "data", "recorded", "*.json"))
	if len(files) == 0 {
		t.Skip("no recorded exchanges: set HEADGATE_SHARED to the folder that has data/recorded")
	}
	n := 0
	for _, file := range files {
		name := filepath.Base(file)
		if !strings.HasPrefix(name, "openai-chat") && !strings.HasPrefix(name, "openai-emb") && !strings.HasPrefix(name, "anthropic") {
			continue
		}
		var rec struct {
			Request  struct{ Body json.RawMessage }
			Response struct{ Status int }
		}
		if err := json.Unmarshal([]byte(readAll(t, file)), &rec); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		path := "/v1/chat/completions"
		switch {
		case strings.HasPrefix(name, "openai-emb"):
			path = "/v1/embeddings"
		case strings.Contains(name, "count-tokens"):
			path = "/v1/messages/count_tokens"
		case strings.HasPrefix(name, "anthropic"):
			path = "/v1/messages"
		}
		_, r := start(t, Options{})
		want := rec.Response.Status
		if want == 404 {
			want = 200 // every model exists here
		}
		if got := ask(t, r, "POST", path, string(rec.Request.Body)); got.status != want {
			t.Errorf("%s: %d %s, want %d", name, got.status, got.body, want)
		}
		n++
	}
	if n < 15 {
		t.Errorf("only %d recorded requests", n)
	}
}

// root returns the folder of go.mod.
func root(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above the test")
		}
	}
}
