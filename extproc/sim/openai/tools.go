package openai

import (
	"fmt"
	"strings"

	"github.com/headgate/headgate/extproc/scan"
	"github.com/headgate/headgate/extproc/sim/wire"
)

func readTools(c *wire.Call, f *chatFields) *wire.Error {
	if wire.Given(f.tools) {
		if f.tools.Kind() != scan.Array {
			return WrongType("tools", "an array of objects", f.tools)
		}
		m := f.tools.Elements()
		for i := 0; m.Next(); i++ {
			if err := readTool(c, m.Value(), i); err != nil {
				return err
			}
		}
		if len(c.Tools) == 0 {
			return Invalid("tools", "empty_array", "Invalid 'tools': empty array. Expected an array with minimum length 1, but got an empty array instead.")
		}
	}
	if wire.Given(f.parallel) {
		if len(c.Tools) == 0 {
			return Invalid("parallel_tool_calls", "", "'parallel_tool_calls' is only allowed when 'tools' are specified.")
		}
		c.OneTool = !f.parallel.True()
	}
	return readToolChoice(c, f.toolChoice)
}

func readTool(c *wire.Call, v scan.Value, i int) *wire.Error {
	at := fmt.Sprintf("tools[%d]", i)
	if v.Kind() != scan.Object {
		return WrongType(at, "an object", v)
	}
	kind := wire.Str(v.Get("type"))
	switch {
	case !wire.Given(v.Get("type")):
		return Missing(at + ".type")
	case kind != "function" && kind != "custom":
		return Invalid(at+".type", "invalid_value", "Invalid value: '%s'. Supported values are: 'function' and 'custom'.", kind)
	}
	inner := v.Get(kind)
	name, schema, err := readFunction(inner, at+"."+kind)
	if err != nil {
		return err
	}
	c.Tools = append(c.Tools, wire.Tool{Name: name, Schema: schema, Custom: kind == "custom"})
	c.Prompt.Fixed("tool", wire.ToolTokens)
	c.Prompt.Text(string(v))
	return nil
}

// readFunction reads what a model may call: its name and the schema of its arguments.
func readFunction(v scan.Value, at string) (name string, schema scan.Value, err *wire.Error) {
	if v.Kind() != scan.Object {
		return "", nil, Missing(at)
	}
	if !wire.Given(v.Get("name")) {
		return "", nil, Missing(at + ".name")
	}
	if name = wire.Str(v.Get("name")); !wire.ToolName(name) || len(name) > 64 {
		return "", nil, Invalid(at+".name", "invalid_value", "Invalid '%s.name': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.", at)
	}
	schema = v.Get("parameters")
	if wire.Given(schema) && schema.Kind() != scan.Object {
		return "", nil, WrongType(at+".parameters", "an object", schema)
	}
	if fault := SchemaFault(schema, v.Get("strict").True()); fault != "" {
		return "", nil, Invalid(at+".parameters", "invalid_function_parameters", "Invalid schema for function '%s': %s", name, fault)
	}
	return name, schema, nil
}

// readFunctions refuses functions of the old form that no model could call. None is called.
func readFunctions(_ *wire.Call, f *chatFields) *wire.Error {
	if !wire.Given(f.functions) {
		return nil
	}
	if f.functions.Kind() != scan.Array {
		return WrongType("functions", "an array of objects", f.functions)
	}
	m := f.functions.Elements()
	for i := 0; m.Next(); i++ {
		if _, _, err := readFunction(m.Value(), fmt.Sprintf("functions[%d]", i)); err != nil {
			return err
		}
	}
	return nil
}

func readToolChoice(c *wire.Call, v scan.Value) *wire.Error {
	if !wire.Given(v) {
		return nil
	}
	if len(c.Tools) == 0 {
		return Invalid("tool_choice", "", "Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified.")
	}
	if v.Kind() == scan.String {
		switch c.ToolChoice = wire.Str(v); c.ToolChoice {
		case "none", "auto", "required":
			return nil
		}
		return Invalid("tool_choice", "invalid_value", "Invalid value: '%s'. Supported values are: 'none', 'auto', and 'required'.", wire.Str(v))
	}
	if v.Kind() != scan.Object {
		return WrongType("tool_choice", "one of a string or an object", v)
	}
	switch kind := wire.Str(v.Get("type")); kind {
	case "function", "custom":
		c.ToolChoice, c.ChoiceName = "tool", wire.Str(v.Get(kind).Get("name"))
		if _, ok := c.ToolNamed(c.ChoiceName); !ok {
			return Invalid("tool_choice", "", "Invalid value for 'tool_choice': no function named '%s' was specified in the 'tools' parameter.", c.ChoiceName)
		}
	case "allowed_tools":
		c.ToolChoice = wire.Str(v.Get("allowed_tools").Get("mode"))
		if c.ToolChoice != "auto" && c.ToolChoice != "required" {
			return Invalid("tool_choice.allowed_tools.mode", "invalid_value", "Invalid value: '%s'. Supported values are: 'auto' and 'required'.", c.ToolChoice)
		}
	default:
		return Invalid("tool_choice.type", "invalid_value", "Invalid value: '%s'. Supported values are: 'function', 'allowed_tools', and 'custom'.", kind)
	}
	return nil
}

func readFormat(c *wire.Call, f *chatFields) *wire.Error {
	v := f.responseFormat
	if !wire.Given(v) {
		return nil
	}
	if v.Kind() != scan.Object {
		return WrongType("response_format", "an object", v)
	}
	switch kind := wire.Str(v.Get("type")); kind {
	case "text":
	case "json_object":
		if !strings.Contains(strings.ToLower(string(f.messages)), "json") {
			return Invalid("messages", "", "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.")
		}
		c.JSON = true
	case "json_schema":
		return readJSONSchema(c, v.Get("json_schema"))
	default:
		return Invalid("response_format.type", "invalid_value", "Invalid value: '%s'. Supported values are: 'json_object', 'json_schema', and 'text'.", kind)
	}
	return nil
}

func readJSONSchema(c *wire.Call, v scan.Value) *wire.Error {
	const at = "response_format.json_schema"
	name := v.Get("name")
	switch {
	case v.Kind() != scan.Object:
		return Missing(at)
	case !wire.Given(name):
		return Missing(at + ".name")
	case !wire.ToolName(wire.Str(name)):
		return Invalid(at+".name", "invalid_value", "Invalid '%s.name': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.", at)
	}
	c.JSON, c.Schema = true, v.Get("schema")
	if wire.Given(c.Schema) && c.Schema.Kind() != scan.Object {
		return WrongType(at+".schema", "an object", c.Schema)
	}
	if fault := SchemaFault(c.Schema, v.Get("strict").True()); fault != "" {
		return Invalid("response_format", "", "Invalid schema for response_format '%s': %s", wire.Str(name), fault)
	}
	c.Prompt.Text(string(c.Schema))
	return nil
}
