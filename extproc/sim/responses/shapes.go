package responses

import "strings"

// shape is what an item of a type is made of.
type shape struct {
	prefix string   // of its id; empty: any
	needed []string // members that must be there
	known  []string // others, beside id, type and status
	output string   // the type of the item that answers it; empty: none does
	noun   string   // what errors call it, if it is answered
	model  bool     // the model has made it
}

func names(s string) []string { return strings.Fields(s) }

// shapes are the items of an input: openai-python 3.54, types/responses/response_input_param.py.
// An id is optional in all of them, as Codex sends none, and so is a member that Codex adds.
var shapes = map[string]shape{
	"message":                 {prefix: "msg", needed: names("role content"), known: names("phase")},
	"reasoning":               {prefix: "rs", needed: names("summary"), known: names("content encrypted_content"), model: true},
	"function_call":           {prefix: "fc", needed: names("call_id name arguments"), known: names("namespace caller async"), output: "function_call_output", noun: "function call", model: true},
	"function_call_output":    {prefix: "fc", needed: names("call_id output"), known: names("caller name namespace")},
	"custom_tool_call":        {prefix: "ctc", needed: names("call_id name input"), known: names("namespace caller async"), output: "custom_tool_call_output", noun: "custom tool call", model: true},
	"custom_tool_call_output": {prefix: "ctc", needed: names("call_id output"), known: names("caller name namespace")},
	"local_shell_call":        {prefix: "lsh", needed: names("call_id action"), output: "local_shell_call_output", noun: "local shell call", model: true},
	"local_shell_call_output": {needed: names("output"), known: names("call_id")},
	"shell_call":              {prefix: "sh", needed: names("call_id action"), known: names("caller environment"), output: "shell_call_output", noun: "shell call", model: true},
	"shell_call_output":       {needed: names("call_id output"), known: names("caller max_output_length")},
	"apply_patch_call":        {prefix: "apc", needed: names("call_id operation"), known: names("caller"), output: "apply_patch_call_output", noun: "apply patch call", model: true},
	"apply_patch_call_output": {needed: names("call_id"), known: names("caller output")},
	"computer_call":           {prefix: "cu", needed: names("call_id"), known: names("action actions pending_safety_checks"), output: "computer_call_output", noun: "computer call", model: true},
	"computer_call_output":    {prefix: "cu", needed: names("call_id output"), known: names("acknowledged_safety_checks")},
	"tool_search_call":        {known: names("arguments call_id execution"), model: true},
	"tool_search_output":      {known: names("tools call_id execution")},
	"web_search_call":         {prefix: "ws", known: names("action"), model: true},
	"file_search_call":        {prefix: "fs", needed: names("queries"), known: names("results"), model: true},
	"code_interpreter_call":   {prefix: "ci", needed: names("container_id"), known: names("code outputs"), model: true},
	"image_generation_call":   {prefix: "ig", known: names("result action background error output_format quality revised_prompt size svg_usage"), model: true},
	"mcp_list_tools":          {prefix: "mcpl", needed: names("server_label tools"), known: names("error"), model: true},
	"mcp_call":                {prefix: "mcp", needed: names("name arguments server_label"), known: names("approval_request_id error output"), model: true},
	"mcp_approval_request":    {prefix: "mcpr", needed: names("name arguments server_label"), model: true},
	"mcp_approval_response":   {needed: names("approval_request_id approve"), known: names("reason")},
	"program":                 {known: names("call_id code fingerprint"), model: true},
	"program_output":          {known: names("call_id result")},
	"additional_tools":        {needed: names("tools"), known: names("role")},
	"configuration_update":    {known: names("reasoning text")},
	"compaction":              {needed: names("encrypted_content"), known: names("created_by"), model: true},
	"compaction_trigger":      {},
	"item_reference":          {needed: names("id")},
}

// answers returns what errors call the call that items of a type answer; empty: they answer
// none.
func answers(kind string) string {
	for _, s := range shapes {
		if s.output == kind {
			return s.noun
		}
	}
	return ""
}

// textual are the members that are strings, but for the arguments of a search for tools.
var textual = map[string]bool{
	"id": true, "call_id": true, "name": true, "arguments": true, "input": true, "encrypted_content": true, "namespace": true,
	"status": true, "server_label": true, "role": true, "phase": true,
}
