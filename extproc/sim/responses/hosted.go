package responses

import "github.com/headgate/headgate/extproc/scan"

// hosted is a tool that is no function: an item of a type of its own.
type hosted struct {
	item    string   // the type of its item
	prefix  string   // of the item's id
	theirs  bool     // the client runs it, and its output is an item as well
	steps   []string // of a stream, between the item's beginning and its end
	members func(q *request) string
}

// hostedQuery is what the simulated model looks for.
const hostedQuery = "simulated provider"

const (
	pageURL   = "https://example.com/simulated"
	pageTitle = "A simulated page"
)

// tinyPNG is an image of one pixel.
const tinyPNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

// hostedTools are the tools of which the provider knows how they are called. The items'
// shapes are those of openai-python 3.54, types/responses.
var hostedTools = map[string]hosted{
	"web_search": {item: "web_search_call", prefix: "ws_", steps: []string{"in_progress", "searching", "completed"}, members: func(q *request) string {
		sources := ""
		if q.includes("web_search_call.action.sources") {
			sources = `,"sources":[{"type":"url","url":"` + pageURL + `"}]`
		}
		return `"action":{"type":"search","query":"` + hostedQuery + `","queries":["` + hostedQuery + `"]` + sources + `}`
	}},
	"file_search": {item: "file_search_call", prefix: "fs_", steps: []string{"in_progress", "searching", "completed"}, members: func(q *request) string {
		results := "null"
		if q.includes("file_search_call.results") {
			results = `[{"attributes":{},"file_id":"file-simulated","filename":"simulated.txt","score":0.9,"text":"simulated"}]`
		}
		return `"queries":["` + hostedQuery + `"],"results":` + results
	}},
	"code_interpreter": {item: "code_interpreter_call", prefix: "ci_", steps: []string{"in_progress", "interpreting", "completed"}, members: func(q *request) string {
		outputs := "null"
		if q.includes("code_interpreter_call.outputs") {
			outputs = `[{"type":"logs","logs":"2\n"}]`
		}
		return `"code":"print(1 + 1)","container_id":"cntr_simulated","outputs":` + outputs
	}},
	"image_generation": {item: "image_generation_call", prefix: "ig_", steps: []string{"in_progress", "generating", "completed"}, members: func(*request) string {
		return `"background":"opaque","output_format":"png","quality":"low","result":"` + tinyPNG + `","revised_prompt":"` + hostedQuery + `","size":"1024x1024"`
	}},
	"mcp": {item: "mcp_call", prefix: "mcp_", steps: []string{"in_progress", "completed"}, members: func(q *request) string {
		return `"approval_request_id":null,"arguments":"{}","error":null,"name":"simulated","output":"simulated","server_label":` + string(scan.AppendString(nil, q.serverLabel()))
	}},
	"local_shell": {item: "local_shell_call", prefix: "lsh_", theirs: true, members: func(*request) string {
		return `"action":{"type":"exec","command":["echo","simulated"],"env":{},"timeout_ms":null,"user":null,"working_directory":null}`
	}},
	"shell": {item: "shell_call", prefix: "sh_", theirs: true, members: func(*request) string {
		return `"action":{"commands":["echo simulated"],"max_output_length":null,"timeout_ms":null},"environment":null`
	}},
	"apply_patch": {item: "apply_patch_call", prefix: "apc_", theirs: true, members: func(*request) string {
		return `"operation":{"type":"create_file","path":"simulated.txt","diff":"+simulated\n"}`
	}},
	"computer": {item: "computer_call", prefix: "cu_", theirs: true, members: func(*request) string {
		return `"action":{"type":"screenshot"},"pending_safety_checks":[]`
	}},
}

// serverLabel returns the name of the first MCP server that a request names.
func (q *request) serverLabel() string {
	for e := q.f["tools"].Elements(); e.Next(); {
		if label, ok := e.Value().Get("server_label").Str(); ok {
			return string(label)
		}
	}
	return ""
}
