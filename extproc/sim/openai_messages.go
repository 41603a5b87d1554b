package sim

import (
	"fmt"
	"strings"

	"github.com/headgate/headgate/extproc/scan"
)

func readMessages(c *call, f *chatFields) *apiError {
	switch {
	case !given(f.messages):
		return missing("messages")
	case f.messages.Kind() != scan.Array:
		return wrongType("messages", "an array of objects", f.messages)
	}
	c.prompt.fixed("chat", PrimeTokens)
	r := chatReader{c: c}
	m := f.messages.Elements()
	for ; m.Next(); r.i++ {
		if err := r.message(m.Value()); err != nil {
			return err
		}
	}
	if r.i == 0 {
		return invalid("messages", "empty_array", "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.")
	}
	return r.answered()
}

// chatReader reads messages in order and remembers which tool calls wait for
// their result.
type chatReader struct {
	c       *call
	i       int
	open    []string // ids of the calls that have no result yet
	inCalls bool     // the previous message had calls or was a result
}

func (r *chatReader) at(rest string) string { return fmt.Sprintf("messages[%d]%s", r.i, rest) }

// answered refuses calls that were left without a result.
func (r *chatReader) answered() *apiError {
	if len(r.open) == 0 {
		return nil
	}
	return invalid(fmt.Sprintf("messages.[%d].role", r.i), "", "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: %s", strings.Join(r.open, ", "))
}

func (r *chatReader) message(v scan.Value) *apiError {
	if v.Kind() != scan.Object {
		return wrongType(r.at(""), "an object", v)
	}
	var role, content, name, calls, callID, refusal scan.Value
	unknown := members(v, map[string]*scan.Value{
		"role": &role, "content": &content, "name": &name, "tool_calls": &calls, "tool_call_id": &callID, "refusal": &refusal,
		"audio": nil, "annotations": nil, "function_call": nil, "reasoning_content": nil, "reasoning": nil,
	})
	switch {
	case unknown != "":
		return invalid(r.at("."+unknown), "unknown_parameter", "Unknown parameter: '%s'.", r.at("."+unknown))
	case !given(role):
		return missing(r.at(".role"))
	}
	c := r.c
	c.prompt.fixed(str(role), FrameTokens)
	c.prompt.text(str(name))
	if str(role) == "tool" {
		if err := r.result(callID); err != nil {
			return err
		}
	} else if err := r.answered(); err != nil {
		return err
	} else {
		r.inCalls = false
	}
	return r.byRole(str(role), content, calls, refusal)
}

// result takes note of a tool message.
func (r *chatReader) result(id scan.Value) *apiError {
	if !given(id) {
		return missing(r.at(".tool_call_id"))
	}
	if !r.inCalls {
		return invalid(fmt.Sprintf("messages.[%d].role", r.i), "", "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.")
	}
	for k, open := range r.open {
		if open == str(id) {
			r.open = append(r.open[:k:k], r.open[k+1:]...)
			return nil
		}
	}
	return invalid(r.at(".tool_call_id"), "", "Invalid parameter: 'tool_call_id' of '%s' not found in 'tool_calls' of previous message.", str(id))
}

func (r *chatReader) byRole(role string, content, calls, refusal scan.Value) *apiError {
	switch role {
	case "user":
		text, err := r.content(content, "'text', 'image_url', 'input_audio', 'refusal', 'audio', and 'file'", "text", "image_url", "input_audio", "file")
		if err != nil {
			return err
		}
		r.c.userText(text)
		return nil
	case "system", "developer", "tool", "function":
		_, err := r.content(content, "'text'", "text")
		r.c.afterTool = r.c.afterTool || role == "tool"
		return err
	case "assistant":
		if given(content) || !given(calls) && !given(refusal) {
			if _, err := r.content(content, "'text' and 'refusal'", "text", "refusal"); err != nil {
				return err
			}
		}
		r.c.prompt.text(str(refusal))
		return r.calls(calls)
	}
	return invalid(r.at(".role"), "invalid_value", "Invalid value: '%s'. Supported values are: 'system', 'assistant', 'user', 'function', 'tool', and 'developer'.", role)
}

func (r *chatReader) calls(v scan.Value) *apiError {
	if !given(v) {
		return nil
	}
	if v.Kind() != scan.Array {
		return wrongType(r.at(".tool_calls"), "an array of objects", v)
	}
	m := v.Elements()
	for k := 0; m.Next(); k++ {
		at := r.at(fmt.Sprintf(".tool_calls[%d]", k))
		kind := str(m.Value().Get("type"))
		inner := m.Value().Get(kind)
		text := inner.Get("arguments")
		if kind == "custom" {
			text = inner.Get("input")
		}
		switch {
		case str(m.Value().Get("id")) == "":
			return missing(at + ".id")
		case kind == "":
			return missing(at + ".type")
		case inner.Kind() != scan.Object:
			return missing(at + "." + kind)
		case str(inner.Get("name")) == "":
			return missing(at + ".function.name")
		case text.Kind() != scan.String:
			return wrongType(at+".function.arguments", "a string", text)
		}
		r.open = append(r.open, str(m.Value().Get("id")))
		r.c.prompt.text(str(inner.Get("name")))
		r.c.prompt.text(str(text))
	}
	r.inCalls = len(r.open) > 0
	return nil
}

// content counts a message's content and returns its text.
func (r *chatReader) content(v scan.Value, supported string, kinds ...string) (string, *apiError) {
	switch v.Kind() {
	case scan.String:
		text := str(v)
		r.c.prompt.text(text)
		return text, nil
	case scan.Array:
	case scan.Null, scan.Invalid:
		return "", invalid(fmt.Sprintf("messages.[%d].content", r.i), "", "Invalid value for 'content': expected a string, got null.")
	default:
		return "", wrongType(r.at(".content"), "one of a string or array of objects", v)
	}
	var all strings.Builder
	m := v.Elements()
	for k := 0; m.Next(); k++ {
		text, err := r.part(m.Value(), r.at(fmt.Sprintf(".content[%d]", k)), supported, kinds)
		if err != nil {
			return "", err
		}
		all.WriteString(text)
	}
	return all.String(), nil
}

func (r *chatReader) part(v scan.Value, at, supported string, kinds []string) (string, *apiError) {
	if v.Kind() != scan.Object {
		return "", wrongType(at, "an object", v)
	}
	kind := str(v.Get("type"))
	if kind == "" {
		return "", missing(at + ".type")
	}
	known := false
	for _, k := range kinds {
		known = known || k == kind
	}
	if !known {
		return "", invalid(at+".type", "invalid_value", "Invalid value: '%s'. Supported values are: %s.", kind, supported)
	}
	inner := v.Get(kind)
	if kind == "text" || kind == "refusal" {
		if inner.Kind() != scan.String {
			return "", missing(at + "." + kind)
		}
		r.c.prompt.text(str(inner))
		return str(inner), nil
	}
	if inner.Kind() != scan.Object {
		return "", wrongType(at+"."+kind, "an object", inner)
	}
	return "", r.media(kind, inner, at)
}

func (r *chatReader) media(kind string, v scan.Value, at string) *apiError {
	p := &r.c.prompt
	switch kind {
	case "image_url":
		url := str(v.Get("url"))
		if !strings.HasPrefix(url, "http://") && !strings.HasPrefix(url, "https://") && !strings.HasPrefix(url, "data:image/") {
			return invalid(at+".image_url.url", "invalid_value", "Invalid '%s.image_url.url': expected a valid URL, but got a value with an invalid format.", at)
		}
		n := ImageTokens
		if str(v.Get("detail")) == "low" {
			n = ImageLowTokens
		}
		p.fixed(url, n)
	case "input_audio":
		data := str(v.Get("data"))
		if format := str(v.Get("format")); format != "wav" && format != "mp3" {
			return invalid(at+".input_audio.format", "invalid_value", "Invalid value: '%s'. Supported values are: 'wav' and 'mp3'.", format)
		}
		if data == "" {
			return missing(at + ".input_audio.data")
		}
		n := mediaTokens(len(data))
		p.fixed(data, n)
		p.audio += n
	case "file":
		data := str(v.Get("file_data")) + str(v.Get("file_id"))
		if data == "" {
			return missing(at + ".file.file_id")
		}
		p.fixed(data, mediaTokens(len(data)))
	}
	return nil
}
