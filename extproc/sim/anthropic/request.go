package anthropic

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/headgate/headgate/extproc/scan"
	"github.com/headgate/headgate/extproc/sim/wire"
)

// messageFields are the members of a Messages request (anthropic-sdk-python 2.12,
// types/beta/message_create_params.py). Anthropic refuses others.
type messageFields struct {
	model, maxTokens, messages, system, stream, stops, tools, toolChoice, thinking,
	temperature, topP, topK, output, outputOld, cacheControl, thread scan.Value

	account string
}

func (f *messageFields) targets() map[string]*scan.Value {
	return map[string]*scan.Value{
		"model": &f.model, "max_tokens": &f.maxTokens, "messages": &f.messages, "system": &f.system, "stream": &f.stream,
		"stop_sequences": &f.stops, "tools": &f.tools, "tool_choice": &f.toolChoice, "thinking": &f.thinking,
		"temperature": &f.temperature, "top_p": &f.topP, "top_k": &f.topK, "output_config": &f.output,
		"output_format": &f.outputOld, "cache_control": &f.cacheControl, "thread": &f.thread,
		"metadata": nil, "service_tier": nil, "container": nil, "mcp_servers": nil, "context_management": nil,
		"inference_geo": nil, "speed": nil, "betas": nil, "billing_policy": nil, "compaction": nil, "diagnostics": nil,
		"fallbacks": nil, "fallback_credit_token": nil,
	}
}

// readMessages reads a Messages request, or with count a count_tokens request.
// The call is usable for what was read before an error.
func (d Dialect) readMessages(r *wire.Request, count bool) (*wire.Call, *wire.Error) {
	f := &messageFields{account: r.Account}
	c := &wire.Call{N: 1, ToolChoice: "auto", Own: f}
	m := scan.Document(r.Body)
	for m.Next() {
	}
	if m.Err() != nil {
		return c, invalid("The request body is not valid JSON: %v", m.Err())
	}
	unknown := wire.Members(scan.Value(bytes.TrimLeft(r.Body, " \n\t\r")), f.targets())
	switch {
	case !wire.Given(f.model):
		return c, invalid("model: Field required")
	case f.model.Kind() != scan.String:
		return c, invalid("model: Input should be a valid string")
	}
	c.SetModel(wire.Str(f.model))
	switch {
	case c.Model == "":
		return c, invalid("model: String should have at least 1 character")
	case unknown != "":
		return c, invalid("%s: Extra inputs are not permitted", unknown)
	case count && (wire.Given(f.maxTokens) || wire.Given(f.stream)):
		return c, invalid("max_tokens: Extra inputs are not permitted")
	case !count && !wire.Given(f.maxTokens):
		return c, invalid("max_tokens: Field required")
	case !wire.Given(f.messages):
		return c, invalid("messages: Field required")
	}
	for _, read := range []func(*wire.Call, *messageFields) *wire.Error{
		d.readThread, readScalars, refuseForModel, readToolUse, readThinking, readOutput, readConversation,
	} {
		if err := read(c, f); err != nil {
			return c, err
		}
	}
	return c, nil
}

func readScalars(c *wire.Call, f *messageFields) *wire.Error {
	if wire.Given(f.maxTokens) {
		n, ok := f.maxTokens.Int()
		if !ok {
			return invalid("max_tokens: Input should be a valid integer")
		}
		if n < 1 {
			return invalid("max_tokens: Input should be greater than or equal to 1")
		}
		c.Limit = int(min(n, 1<<40))
	}
	if wire.Given(f.stream) && f.stream.Kind() != scan.Bool {
		return invalid("stream: Input should be a valid boolean")
	}
	c.Stream = f.stream.True()
	if wire.Given(f.stops) {
		if f.stops.Kind() != scan.Array {
			return invalid("stop_sequences: Input should be a valid list")
		}
		for m := f.stops.Elements(); m.Next(); {
			if m.Value().Kind() != scan.String {
				return invalid("stop_sequences.%d: Input should be a valid string", len(c.Stops))
			}
			if strings.TrimSpace(wire.Str(m.Value())) == "" {
				return invalid("stop_sequences: each stop sequence must contain non-whitespace")
			}
			c.Stops = append(c.Stops, wire.Str(m.Value()))
		}
	}
	return readRanges(f)
}

func readRanges(f *messageFields) *wire.Error {
	for _, p := range []struct {
		name string
		v    scan.Value
	}{{"temperature", f.temperature}, {"top_p", f.topP}} {
		if !wire.Given(p.v) {
			continue
		}
		x, err := strconv.ParseFloat(string(p.v), 64)
		switch {
		case p.v.Kind() != scan.Number || err != nil:
			return invalid("%s: Input should be a valid number", p.name)
		case x < 0:
			return invalid("%s: Input should be greater than or equal to 0", p.name)
		case x > 1:
			return invalid("%s: Input should be less than or equal to 1", p.name)
		}
	}
	return nil
}

func readToolUse(c *wire.Call, f *messageFields) *wire.Error {
	if wire.Given(f.tools) && f.tools.Kind() != scan.Array {
		return invalid("tools: Input should be a valid list")
	}
	m := f.tools.Elements()
	for i := 0; m.Next(); i++ {
		if err := readToolDefinition(c, m.Value(), i); err != nil {
			return err
		}
	}
	v := f.toolChoice
	if !wire.Given(v) {
		return nil
	}
	if v.Kind() != scan.Object {
		return invalid("tool_choice: Input should be a valid dictionary or object to extract fields from")
	}
	if len(c.Tools) == 0 {
		return invalid("tool_choice: may only be specified while providing tools")
	}
	c.OneTool = v.Get("disable_parallel_tool_use").True()
	switch kind := wire.Str(v.Get("type")); kind {
	case "auto", "none":
		c.ToolChoice = kind
	case "any":
		c.ToolChoice = "required"
	case "tool":
		c.ToolChoice, c.ChoiceName = "tool", wire.Str(v.Get("name"))
		if _, ok := c.ToolNamed(c.ChoiceName); !ok {
			return invalid("Tool '%s' not found in provided tools", c.ChoiceName)
		}
	default:
		return invalid("tool_choice: Input tag '%s' found using 'type' does not match any of the expected tags: 'auto', 'any', 'tool', 'none'", kind)
	}
	return nil
}

// serverTool reports whether a tool type is one that Anthropic runs or defines.
func serverTool(kind string) bool {
	i := strings.LastIndexByte(kind, '_')
	if i < 0 || len(kind)-i-1 != 8 {
		return false
	}
	_, err := strconv.Atoi(kind[i+1:])
	return err == nil
}

func readToolDefinition(c *wire.Call, v scan.Value, i int) *wire.Error {
	if v.Kind() != scan.Object {
		return invalid("tools.%d: Input should be a valid dictionary or object to extract fields from", i)
	}
	name, schema, kind := v.Get("name"), v.Get("input_schema"), wire.Str(v.Get("type"))
	switch {
	case kind != "" && kind != "custom" && !serverTool(kind):
		return invalid("tools.%d: Input tag '%s' found using 'type' does not match any of the expected tags: 'bash_20250124', 'custom', 'text_editor_20250728', 'web_search_20250305'", i, kind)
	case !wire.Given(name):
		return invalid("tools.%d.custom.name: Field required", i)
	case !wire.ToolName(wire.Str(name)):
		return invalid("tools.%d.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'", i)
	case !serverTool(kind) && !wire.Given(schema):
		return invalid("tools.%d.custom.input_schema: Field required", i)
	case wire.Given(schema) && schema.Kind() != scan.Object:
		return invalid("tools.%d.custom.input_schema: Input should be a valid dictionary", i)
	case wire.Given(schema) && wire.Str(schema.Get("type")) != "object":
		return invalid("tools.%d.custom.input_schema.type: Input should be 'object'", i)
	}
	if fault := toolFault(schema, v.Get("strict").True()); fault != "" {
		return invalid("tools.%d.custom.%s", i, fault)
	}
	if _, dup := c.ToolNamed(wire.Str(name)); dup {
		return invalid("tools: Tool names must be unique.")
	}
	c.Tools = append(c.Tools, wire.Tool{Name: wire.Str(name), Schema: schema})
	c.Prompt.Fixed("tool", wire.ToolTokens)
	c.Prompt.Text(string(v))
	return endBlock(c, v, fmt.Sprintf("tools.%d", i))
}

// endBlock notes the end of a cacheable block and its breakpoint.
func endBlock(c *wire.Call, v scan.Value, at string) *wire.Error {
	ttl, err := cacheControl(v.Get("cache_control"), at+".cache_control")
	if err != nil {
		return err
	}
	c.Prompt.EndBlock(ttl)
	return nil
}

func cacheControl(v scan.Value, at string) (time.Duration, *wire.Error) {
	if !wire.Given(v) {
		return 0, nil
	}
	if wire.Str(v.Get("type")) != "ephemeral" {
		return 0, invalid("%s.type: Input should be 'ephemeral'", at)
	}
	switch ttl := wire.Str(v.Get("ttl")); ttl {
	case "", "5m":
		return wire.ShortLife, nil
	case "1h":
		return wire.LongLife, nil
	default:
		return 0, invalid("%s.ephemeral.ttl: Input should be '5m' or '1h'", at)
	}
}

// ThinkingTokens are the tokens of a thinking block if none are scripted.
const ThinkingTokens = 24

func readThinking(c *wire.Call, f *messageFields) *wire.Error {
	v := f.thinking
	if !wire.Given(v) {
		return nil
	}
	switch kind := wire.Str(v.Get("type")); kind {
	case "disabled", "between_tools":
		return nil
	case "adaptive":
	case "enabled":
		budget, ok := v.Get("budget_tokens").Int()
		switch {
		case !ok:
			return invalid("thinking.enabled.budget_tokens: Field required")
		case budget < 1024:
			return invalid("thinking.enabled.budget_tokens: Input should be greater than or equal to 1024")
		case c.Limit > 0 && budget >= int64(c.Limit):
			return invalid("`max_tokens` must be greater than `thinking.budget_tokens`. Please consult our documentation at https://docs.claude.com/en/docs/build-with-claude/extended-thinking#max-tokens-and-context-window-size")
		}
	default:
		return invalid("thinking: Input tag '%s' found using 'type' does not match any of the expected tags: 'adaptive', 'disabled', 'enabled'", kind)
	}
	switch {
	case c.ToolChoice == "required" || c.ToolChoice == "tool":
		return invalid("Thinking may not be enabled when tool_choice forces tool use.")
	case wire.Given(f.temperature) && string(f.temperature) != "1" && string(f.temperature) != "1.0":
		return invalid("`temperature` may only be set to 1 when thinking is enabled. Please consult our documentation at https://docs.claude.com/en/docs/build-with-claude/extended-thinking")
	case wire.Given(f.topK):
		return invalid("`top_k` must be unset when thinking is enabled.")
	}
	c.Thinking, c.Reasoning = true, ThinkingTokens
	return nil
}

func readOutput(c *wire.Call, f *messageFields) *wire.Error {
	format, at := f.output.Get("format"), "output_config.format"
	if !wire.Given(format) {
		format, at = f.outputOld, "output_format"
	}
	if !wire.Given(format) {
		return nil
	}
	if wire.Str(format.Get("type")) != "json_schema" {
		return invalid("%s.type: Input should be 'json_schema'", at)
	}
	c.JSON, c.Schema = true, format.Get("schema")
	if c.Schema.Kind() != scan.Object {
		return invalid("%s.schema: Field required", at)
	}
	if fault := notEnforced(c.Schema); fault != "" {
		return invalid("%s.schema: %s", at, fault)
	}
	c.Prompt.Text(string(c.Schema))
	return nil
}
