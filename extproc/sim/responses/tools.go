package responses

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/headgate/headgate/extproc/scan"
	"github.com/headgate/headgate/extproc/sim/openai"
	"github.com/headgate/headgate/extproc/sim/wire"
)

// toolTypes are the types of tools: openai-python 3.54, types/responses/tool_param.py. Those
// that have another name when they are called are versions of one tool.
var toolTypes = map[string]string{
	"function": "", "custom": "", "namespace": "", "tool_search": "tool_search", "programmatic_tool_calling": "programmatic_tool_calling",
	"web_search": "web_search", "web_search_2025_08_26": "web_search", "web_search_preview": "web_search", "web_search_preview_2025_03_11": "web_search",
	"file_search": "file_search", "code_interpreter": "code_interpreter", "image_generation": "image_generation", "mcp": "mcp",
	"local_shell": "local_shell", "shell": "shell", "apply_patch": "apply_patch", "computer": "computer", "computer_use_preview": "computer",
}

// needed are what tools of a type must say.
var needed = map[string][]string{
	"file_search": {"vector_store_ids"}, "code_interpreter": {"container"}, "mcp": {"server_label"}, "namespace": {"name", "tools"},
	"function": {"name"}, "custom": {"name"},
}

var functionFields = map[string]kinds{
	"type": text, "name": text, "description": text, "parameters": object, "strict": boolean, "defer_loading": boolean,
	"allowed_callers": list, "output_schema": object, "async": boolean,
}

var customFields = map[string]kinds{
	"type": text, "name": text, "description": text, "format": object, "defer_loading": boolean, "allowed_callers": list, "async": boolean,
}

func readTools(q *request) *wire.Error {
	e := q.f["tools"].Elements()
	echo := []byte{'['}
	for i := 0; e.Next(); i++ {
		if i > 0 {
			echo = append(echo, ',')
		}
		var err *wire.Error
		if echo, err = q.readTool(echo, e.Value(), fmt.Sprintf("tools[%d]", i), ""); err != nil {
			return err
		}
		q.Prompt.Fixed("tool", wire.ToolTokens)
		q.Prompt.Text(string(e.Value()))
	}
	q.tools = string(append(echo, ']'))
	return nil
}

// readTool reads a tool, and appends it as the response names it.
func (q *request) readTool(echo []byte, v scan.Value, at, namespace string) ([]byte, *wire.Error) {
	if v.Kind() != scan.Object {
		return nil, openai.WrongType(at, "an object", v)
	}
	kind := wire.Str(v.Get("type"))
	name, known := toolTypes[kind]
	switch {
	case kind == "":
		return nil, openai.Missing(at + ".type")
	case !known:
		return nil, unsupported(at+".type", kind, slices.Sorted(maps.Keys(toolTypes)))
	}
	for _, member := range needed[kind] {
		if !wire.Given(v.Get(member)) {
			return nil, openai.Missing(at + "." + member)
		}
	}
	switch kind {
	case "function":
		return q.readFunction(echo, v, at, namespace)
	case "custom":
		return q.readCustom(echo, v, at)
	case "namespace":
		return append(echo, v...), q.readNamespace(v, at)
	}
	if q.effort == "minimal" && (name == "web_search" || name == "image_generation") {
		return nil, openai.Invalid("tools", "", "The following tools cannot be used with reasoning.effort 'minimal': %s.", name)
	}
	if h, ok := hostedTools[name]; ok {
		q.hosted[name] = h
		q.Tools = append(q.Tools, wire.Tool{Name: name, Hosted: !h.theirs})
	}
	return append(echo, v...), nil
}

func (q *request) readNamespace(v scan.Value, at string) *wire.Error {
	e := v.Get("tools").Elements()
	for i := 0; e.Next(); i++ {
		if _, err := q.readTool(nil, e.Value(), fmt.Sprintf("%s.tools[%d]", at, i), wire.Str(v.Get("name"))); err != nil {
			return err
		}
	}
	return nil
}

// maxToolName is how long the name of a function may be.
const maxToolName = 64

func (q *request) readFunction(echo []byte, v scan.Value, at, namespace string) ([]byte, *wire.Error) {
	f, err := readFields(v, at+".", functionFields)
	if err != nil {
		return nil, err
	}
	name := f.text("name")
	switch {
	case !wire.ToolName(name):
		return nil, badName(at + ".name")
	case len(name) > maxToolName:
		return nil, tooLong(at+".name", maxToolName, len(name))
	}
	// A schema that does not say whether it is strict is made so as far as it can be
	// (developers.openai.com/api/docs/guides/function-calling, "Strict mode"), and not refused.
	if fault := openai.SchemaFault(f["parameters"], f.is("strict")); fault != "" {
		return nil, openai.Invalid(at+".parameters", "invalid_function_parameters", "Invalid schema for function '%s': %s", name, fault)
	}
	q.Tools = append(q.Tools, wire.Tool{Name: name, Schema: f["parameters"]})
	if namespace != "" {
		q.namespaces[name] = namespace
	}
	return appendWith(echo, v, f, [][2]string{{"description", "null"}, {"parameters", "null"}, {"strict", "true"}}), nil
}

func (q *request) readCustom(echo []byte, v scan.Value, at string) ([]byte, *wire.Error) {
	f, err := readFields(v, at+".", customFields)
	if err != nil {
		return nil, err
	}
	if !wire.ToolName(f.text("name")) {
		return nil, badName(at + ".name")
	}
	if err := checkGrammar(f["format"], at+".format"); err != nil {
		return nil, err
	}
	q.Tools = append(q.Tools, wire.Tool{Name: f.text("name"), Custom: true})
	return appendWith(echo, v, f, [][2]string{{"format", `{"type":"text"}`}}), nil
}

// checkGrammar checks the form of a custom tool's text. Grammars are not compiled.
func checkGrammar(v scan.Value, at string) *wire.Error {
	if !wire.Given(v) {
		return nil
	}
	switch kind := wire.Str(v.Get("type")); kind {
	case "text":
		return nil
	case "grammar":
	case "":
		return openai.Missing(at + ".type")
	default:
		return unsupported(at+".type", kind, []string{"text", "grammar"})
	}
	syntax := wire.Str(v.Get("syntax"))
	switch {
	case !wire.Given(v.Get("definition")):
		return openai.Missing(at + ".definition")
	case syntax == "":
		return openai.Missing(at + ".syntax")
	case syntax != "lark" && syntax != "regex":
		return unsupported(at+".syntax", syntax, []string{"lark", "regex"})
	default:
		return nil
	}
}

// appendWith appends an object with the members that it does not give.
func appendWith(b []byte, v scan.Value, f fields, more [][2]string) []byte {
	b = append(b, strings.TrimRight(string(v[:len(v)-1]), " \n\t\r")...)
	for _, m := range more {
		if _, ok := f[m[0]]; !ok && v.Get(m[0]) == nil {
			b = append(append(b, `,"`+m[0]+`":`...), m[1]...)
		}
	}
	return append(b, '}')
}

func readToolChoice(q *request) *wire.Error {
	switch v := q.f["tool_choice"]; {
	case v == nil:
		return nil
	case v.Kind() == scan.String:
		return q.choose(wire.Str(v))
	default:
		return q.chooseTool(v)
	}
}

func (q *request) choose(mode string) *wire.Error {
	values := []string{"none", "auto", "required"}
	switch q.ToolChoice = mode; {
	case !slices.Contains(values, mode):
		return unsupported("tool_choice", mode, values)
	case mode == "required" && len(q.Tools) == 0:
		return openai.Invalid("tool_choice", "", "Tool choice 'required' must be specified with 'tools' parameter.")
	default:
		return nil
	}
}

func (q *request) chooseTool(v scan.Value) *wire.Error {
	kind := wire.Str(v.Get("type"))
	name, known := toolTypes[kind]
	switch {
	case kind == "":
		return openai.Missing("tool_choice.type")
	case kind == "allowed_tools":
		mode := wire.Str(v.Get("mode"))
		if mode != "auto" && mode != "required" {
			return unsupported("tool_choice.mode", mode, []string{"auto", "required"})
		}
		q.ToolChoice = mode
		return nil
	case !known:
		return unsupported("tool_choice.type", kind, append(slices.Sorted(maps.Keys(toolTypes)), "allowed_tools"))
	case name == "":
		if name = wire.Str(v.Get("name")); name == "" {
			return openai.Missing("tool_choice.name")
		}
	}
	if _, ok := q.ToolNamed(name); !ok {
		return openai.Invalid("tool_choice", "", "Tool choice '%s' not found in 'tools' parameter.", name)
	}
	q.ToolChoice, q.ChoiceName = "tool", name
	return nil
}
