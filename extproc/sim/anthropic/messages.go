package anthropic

import (
	"fmt"
	"strings"

	"github.com/headgate/headgate/extproc/scan"
	"github.com/headgate/headgate/extproc/sim/wire"
)

// readConversation reads system and messages.
func readConversation(c *wire.Call, f *messageFields) *wire.Error {
	c.Prompt.Fixed("messages", wire.PrimeTokens)
	r := turnReader{c: c, ids: map[string]bool{}, forced: wire.Str(f.thinking.Get("type")) == "enabled"}
	if err := r.system(f.system); err != nil {
		return err
	}
	if f.messages.Kind() != scan.Array {
		return invalid("messages: Input should be a valid list")
	}
	m := f.messages.Elements()
	for ; m.Next(); r.i++ {
		if err := r.turn(m.Value()); err != nil {
			return err
		}
	}
	switch {
	case r.i == 0:
		return invalid("messages: at least one message is required")
	case len(r.open) > 0:
		return r.unanswered()
	case r.forced && r.loop && !r.thought:
		return invalid("messages.%d.content.0.type: Expected `thinking` or `redacted_thinking`, but found `tool_use`. When `thinking` is enabled, a final `assistant` message must start with a thinking block (preceeding the lastmost set of `tool_use` and `tool_result` blocks). To avoid this requirement, disable `thinking`.", r.first)
	case r.role == "assistant" && strings.TrimRight(r.lastText, " \n\t\r") != r.lastText:
		return invalid("messages: final assistant content cannot end with trailing whitespace")
	}
	c.Prefilled = r.role == "assistant"
	ttl, err := cacheControl(f.cacheControl, "cache_control")
	if err != nil {
		return err
	}
	if n := len(c.Prompt.Blocks); ttl > 0 && n > 0 {
		c.Prompt.Blocks[n-1].TTL = ttl
	}
	return r.breakpoints()
}

func (r *turnReader) breakpoints() *wire.Error {
	n := 0
	for _, b := range r.c.Prompt.Blocks {
		if b.TTL > 0 {
			n++
		}
	}
	if n > maxBreaks {
		return invalid("A maximum of %d blocks with cache_control may be provided. Found %d.", maxBreaks, n)
	}
	return nil
}

// turnReader reads turns in order and remembers which tool uses wait for their
// result. Consecutive turns of one role are one turn.
type turnReader struct {
	c        *wire.Call
	i        int
	role     string
	open     []string        // ids of the uses of the last assistant turn
	ids      map[string]bool // of all uses: anomalyco/opencode#1279 shows the refusal of a second one
	started  bool            // the user turn has something else than results
	forced   bool            // the request enables thinking
	loop     bool            // the last user turn holds results
	first    int             // index of the message that began the loop
	thought  bool            // it began with thinking
	lastText string
	lastKind string // the type of the last block

	afterSystem bool // the message before is a system message
}

func (r *turnReader) system(v scan.Value) *wire.Error {
	switch v.Kind() {
	case scan.Invalid, scan.Null:
		return nil
	case scan.String:
		r.c.Prompt.Fixed("system", wire.FrameTokens)
		r.c.Prompt.Text(wire.Str(v))
		r.c.Prompt.EndBlock(0)
		return nil
	case scan.Array:
	default:
		return invalid("system: Input should be a valid string or list")
	}
	r.c.Prompt.Fixed("system", wire.FrameTokens)
	m := v.Elements()
	for k := 0; m.Next(); k++ {
		at := fmt.Sprintf("system.%d", k)
		if kind := wire.Str(m.Value().Get("type")); kind != "text" {
			return invalid("%s.type: Input should be 'text'", at)
		}
		text := m.Value().Get("text")
		if text.Kind() != scan.String {
			return invalid("%s.text: Field required", at)
		}
		if wire.Str(text) == "" {
			return invalid("system: text content blocks must be non-empty")
		}
		r.c.Prompt.Text(wire.Str(text))
		if err := endBlock(r.c, m.Value(), at); err != nil {
			return err
		}
	}
	return nil
}

func (r *turnReader) unanswered() *wire.Error {
	return invalid("messages.%d: `tool_use` ids were found without `tool_result` blocks immediately after: %s. Each `tool_use` block must have a corresponding `tool_result` block in the next message.", r.i-1, strings.Join(r.open, ", "))
}

func (r *turnReader) turn(v scan.Value) *wire.Error {
	if v.Kind() != scan.Object {
		return invalid("messages.%d: Input should be a valid dictionary or object to extract fields from", r.i)
	}
	var role, content, config scan.Value
	known := map[string]*scan.Value{"role": &role, "content": &content}
	if wire.Str(v.Get("role")) == "system" {
		known["output_config"], known["clear_at"] = &config, nil
	}
	if unknown := wire.Members(v, known); unknown != "" {
		return invalid("messages.%d.%s: Extra inputs are not permitted", r.i, unknown)
	}
	switch name := wire.Str(role); {
	case !wire.Given(role):
		return invalid("messages.%d.role: Field required", r.i)
	case name == "system":
		return r.between(content, config)
	case r.afterSystem && name == "user":
		return invalid("messages.%d: role 'system' must precede an 'assistant' message or end the conversation", r.i-1)
	case name != "user" && name != "assistant":
		return invalid("messages: Unexpected role \"%s\". Allowed roles are \"user\" or \"assistant\"", name)
	case r.i == 0 && name != "user":
		return invalid("messages: first message must use the \"user\" role")
	case name == "assistant" && len(r.open) > 0:
		return r.unanswered()
	case name != r.role:
		r.role, r.started = name, false
		r.c.Prompt.Fixed(name, wire.FrameTokens)
	}
	r.afterSystem, r.lastKind = false, ""
	r.follow(content)
	return r.content(content)
}

func (r *turnReader) content(v scan.Value) *wire.Error {
	var text string
	switch v.Kind() {
	case scan.String:
		text = wire.Str(v)
		if text == "" && r.role == "user" {
			return invalid("messages.%d: user messages must have non-empty content", r.i)
		}
		if r.role == "user" && len(r.open) > 0 {
			return r.unanswered()
		}
		r.c.Prompt.Text(text)
		r.c.Prompt.EndBlock(0)
		r.started = true
	case scan.Array:
		m := v.Elements()
		for k := 0; m.Next(); k++ {
			part, err := r.block(m.Value(), fmt.Sprintf("messages.%d.content.%d", r.i, k))
			if err != nil {
				return err
			}
			text += part
		}
		if r.role == "user" && len(r.open) > 0 {
			return r.unanswered()
		}
	case scan.Invalid:
		return invalid("messages.%d.content: Field required", r.i)
	default:
		return invalid("messages.%d.content: Input should be a valid string or list", r.i)
	}
	r.lastText = text
	if r.role == "user" && text != "" {
		r.c.UserText(text)
	}
	return nil
}

// block counts one content block and returns its text, if it is one of text.
func (r *turnReader) block(v scan.Value, at string) (text string, err *wire.Error) {
	if v.Kind() != scan.Object {
		return "", invalid("%s: Input should be a valid dictionary or object to extract fields from", at)
	}
	p := &r.c.Prompt
	r.lastKind = wire.Str(v.Get("type"))
	switch kind := r.lastKind; kind {
	case "text":
		if v.Get("text").Kind() != scan.String {
			return "", invalid("%s.text.text: Field required", at)
		}
		if text = wire.Str(v.Get("text")); text == "" {
			return "", invalid("messages: text content blocks must be non-empty")
		}
		if strings.TrimSpace(text) == "" {
			return "", invalid("messages: text content blocks must contain non-whitespace text")
		}
		p.Text(text)
	case "image", "document":
		err = r.source(v, kind, at)
	case "tool_use":
		err = r.use(v, at)
	case "tool_result":
		err = r.result(v, at)
	case "thinking", "redacted_thinking":
		err = r.thinking(v, kind, at)
	case "server_tool_use", "web_search_tool_result", "web_fetch_tool_result", "code_execution_tool_result",
		"bash_code_execution_tool_result", "text_editor_code_execution_tool_result", "mcp_tool_use", "mcp_tool_result",
		"search_result", "container_upload", "compaction":
		p.Text(string(v))
	case "":
		return "", invalid("%s.type: Field required", at)
	default:
		return "", invalid("%s: Input tag '%s' found using 'type' does not match any of the expected tags: 'document', 'image', 'redacted_thinking', 'search_result', 'server_tool_use', 'text', 'thinking', 'tool_result', 'tool_use', 'web_search_tool_result'", at, kind)
	}
	if err != nil {
		return "", err
	}
	if kind := wire.Str(v.Get("type")); r.role == "user" && kind != "tool_result" {
		r.started = true
	}
	return text, endBlock(r.c, v, at)
}

func (r *turnReader) use(v scan.Value, at string) *wire.Error {
	id := wire.Str(v.Get("id"))
	switch {
	case r.role != "assistant":
		return invalid("messages.%d: `tool_use` blocks can only be in `assistant` messages", r.i)
	case !wire.ToolName(id):
		return invalid("%s.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'", at)
	case r.ids[id]:
		return invalid("%s: `tool_use` ids must be unique", at)
	case wire.Str(v.Get("name")) == "":
		return invalid("%s.tool_use.name: Field required", at)
	case v.Get("input").Kind() != scan.Object:
		return invalid("%s.tool_use.input: Input should be a valid dictionary", at)
	}
	r.ids[id] = true
	r.open = append(r.open, id)
	r.c.Prompt.Text(wire.Str(v.Get("name")))
	r.c.Prompt.Text(string(v.Get("input")))
	return nil
}

func (r *turnReader) result(v scan.Value, at string) *wire.Error {
	id := wire.Str(v.Get("tool_use_id"))
	switch {
	case id == "":
		return invalid("%s.tool_result.tool_use_id: Field required", at)
	case r.role != "user":
		return invalid("messages.%d: `tool_result` blocks can only be in `user` messages", r.i)
	case r.started && len(r.open) > 0:
		return r.unanswered()
	}
	for k, open := range r.open {
		if open != id {
			continue
		}
		r.open = append(r.open[:k:k], r.open[k+1:]...)
		r.c.AfterTool = true
		return r.resultContent(v.Get("content"), at)
	}
	return invalid("%s: unexpected `tool_use_id` found in `tool_result` blocks: %s. Each `tool_result` block must have a corresponding `tool_use` block in the previous message.", at, id)
}

func (r *turnReader) resultContent(v scan.Value, at string) *wire.Error {
	if v.Kind() == scan.String {
		r.c.Prompt.Text(wire.Str(v))
	}
	m := v.Elements()
	for k := 0; m.Next(); k++ {
		b := m.Value()
		inner := fmt.Sprintf("%s.tool_result.content.%d", at, k)
		switch kind := wire.Str(b.Get("type")); kind {
		case "text":
			r.c.Prompt.Text(wire.Str(b.Get("text")))
		case "image", "document":
			if err := r.source(b, kind, inner); err != nil {
				return err
			}
		case "search_result", "tool_reference":
			r.c.Prompt.Text(string(b))
		default:
			return invalid("%s: Input tag '%s' found using 'type' does not match any of the expected tags: 'document', 'image', 'search_result', 'text', 'tool_reference'", inner, kind)
		}
	}
	return nil
}

// thinking checks that a thinking block that this provider signed comes back
// unchanged. Signatures of the real provider cannot be checked and pass.
func (r *turnReader) thinking(v scan.Value, kind, at string) *wire.Error {
	if r.role != "assistant" {
		return invalid("messages.%d: `%s` blocks can only be in `assistant` messages", r.i, kind)
	}
	if kind == "redacted_thinking" {
		if wire.Str(v.Get("data")) == "" {
			return invalid("%s.redacted_thinking.data: Field required", at)
		}
		return nil
	}
	text, signature := wire.Str(v.Get("thinking")), wire.Str(v.Get("signature"))
	if signature == "" {
		return invalid("%s.thinking.signature: Field required", at)
	}
	if strings.HasPrefix(signature, signaturePrefix) && signature != sign(text) {
		return invalid("%s: Invalid `signature` in `thinking` block", at)
	}
	r.c.Prompt.Text(text)
	return nil
}

// maxBreaks is how many breakpoints a request may have.
const maxBreaks = 4
