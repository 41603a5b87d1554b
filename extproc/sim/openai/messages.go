package openai

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/headgate/headgate/extproc/scan"
	"github.com/headgate/headgate/extproc/sim/wire"
)

func readMessages(c *wire.Call, f *chatFields) *wire.Error {
	switch {
	case !wire.Given(f.messages):
		return Missing("messages")
	case f.messages.Kind() != scan.Array:
		return WrongType("messages", "an array of objects", f.messages)
	}
	c.Prompt.Fixed("chat", wire.PrimeTokens)
	r := chatReader{c: c, vendor: vendorOf(c.Model)}
	m := f.messages.Elements()
	for ; m.Next(); r.i++ {
		if err := r.message(m.Value()); err != nil {
			return err
		}
	}
	if r.i == 0 {
		return Invalid("messages", "empty_array", "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.")
	}
	if err := r.answered(); err != nil {
		return err
	}
	c.Prefilled = r.last == "assistant"
	return r.reasoned(f)
}

// chatReader reads messages in order and remembers which tool calls wait for
// their result.
type chatReader struct {
	c       *wire.Call
	i       int
	open    []string // ids of the calls that have no result yet
	vendor  vendor
	last    string // role of the message before
	inCalls bool   // the previous message had calls or was a result
	other   bool   // the message has a function_call or audio
}

func (r *chatReader) at(rest string) string { return fmt.Sprintf("messages[%d]%s", r.i, rest) }

// answered refuses calls that were left without a result.
func (r *chatReader) answered() *wire.Error {
	if len(r.open) == 0 {
		return nil
	}
	return Invalid(fmt.Sprintf("messages.[%d].role", r.i), "", "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: %s", strings.Join(r.open, ", "))
}

func (r *chatReader) message(v scan.Value) *wire.Error {
	if v.Kind() != scan.Object {
		return WrongType(r.at(""), "an object", v)
	}
	var role, content, name, calls, callID, refusal, legacy, audio scan.Value
	unknown := wire.Members(v, map[string]*scan.Value{
		"role": &role, "content": &content, "name": &name, "tool_calls": &calls, "tool_call_id": &callID, "refusal": &refusal,
		"audio": &audio, "annotations": nil, "function_call": &legacy, "reasoning_content": nil, "reasoning": nil, "prefix": nil,
	})
	if unknown == "" && wire.Str(role) == "assistant" {
		unknown = r.vendor.foreign(v)
	}
	switch {
	case unknown != "":
		return Invalid(r.at("."+unknown), "unknown_parameter", "Unknown parameter: '%s'.", r.at("."+unknown))
	case !wire.Given(role):
		return Missing(r.at(".role"))
	}
	if err := r.order(wire.Str(role)); err != nil {
		return err
	}
	c := r.c
	r.other = wire.Given(legacy) || wire.Given(audio)
	c.Prompt.Fixed(wire.Str(role), wire.FrameTokens)
	c.Prompt.Text(wire.Str(name))
	if wire.Str(role) == "tool" {
		if err := r.result(callID); err != nil {
			return err
		}
	} else if err := r.answered(); err != nil {
		return err
	} else {
		r.inCalls = false
	}
	return r.byRole(wire.Str(role), content, calls, refusal)
}

// result takes note of a tool message.
func (r *chatReader) result(id scan.Value) *wire.Error {
	if !wire.Given(id) {
		return Missing(r.at(".tool_call_id"))
	}
	if !r.inCalls {
		return Invalid(fmt.Sprintf("messages.[%d].role", r.i), "", "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.")
	}
	if err := longID(r.at(".tool_call_id"), wire.Str(id)); err != nil {
		return err
	}
	for k, open := range r.open {
		if open == wire.Str(id) {
			r.open = append(r.open[:k:k], r.open[k+1:]...)
			return nil
		}
	}
	return Invalid(r.at(".tool_call_id"), "", "Invalid parameter: 'tool_call_id' of '%s' not found in 'tool_calls' of previous message.", wire.Str(id))
}

// maxID is how long the id of a call may be, as the API's refusals say: vercel/ai#5171,
// langmanus/langmanus#119.
const maxID = 40

func longID(at, id string) *wire.Error {
	n := utf8.RuneCountInString(id)
	if n <= maxID {
		return nil
	}
	return Invalid(at, "string_above_max_length", "Invalid '%s': string too long. Expected a string with maximum length %d, but got a string with length %d instead.", at, maxID, n)
}

func (r *chatReader) byRole(role string, content, calls, refusal scan.Value) *wire.Error {
	switch role {
	case "user":
		text, err := r.content(content, "'text', 'image_url', 'input_audio', 'refusal', 'audio', and 'file'", "text", "image_url", "input_audio", "file")
		if err != nil {
			return err
		}
		r.c.UserText(text)
		return nil
	case "system", "developer", "tool", "function":
		_, err := r.content(content, "'text'", "text")
		r.c.AfterTool = r.c.AfterTool || role == "tool"
		return err
	case "assistant":
		if err := r.silent(content, calls); err != nil {
			return err
		}
		if wire.Given(content) || !wire.Given(calls) && !wire.Given(refusal) && !r.other {
			if _, err := r.content(content, "'text' and 'refusal'", "text", "refusal"); err != nil {
				return err
			}
		}
		r.c.Prompt.Text(wire.Str(refusal))
		return r.calls(calls)
	}
	return Invalid(r.at(".role"), "invalid_value", "Invalid value: '%s'. Supported values are: 'system', 'assistant', 'user', 'function', 'tool', and 'developer'.", role)
}

func (r *chatReader) calls(v scan.Value) *wire.Error {
	if !wire.Given(v) {
		return nil
	}
	if v.Kind() != scan.Array {
		return WrongType(r.at(".tool_calls"), "an array of objects", v)
	}
	m := v.Elements()
	for k := 0; m.Next(); k++ {
		at := r.at(fmt.Sprintf(".tool_calls[%d]", k))
		kind := wire.Str(m.Value().Get("type"))
		inner := m.Value().Get(kind)
		text := inner.Get("arguments")
		if kind == "custom" {
			text = inner.Get("input")
		}
		switch {
		case wire.Str(m.Value().Get("id")) == "":
			return Missing(at + ".id")
		case kind == "":
			return Missing(at + ".type")
		case r.vendor.foreignInCall(m.Value()) != "":
			at += "." + r.vendor.foreignInCall(m.Value())
			return Invalid(at, "unknown_parameter", "Unknown parameter: '%s'.", at)
		case inner.Kind() != scan.Object:
			return Missing(at + "." + kind)
		case wire.Str(inner.Get("name")) == "":
			return Missing(at + ".function.name")
		case text.Kind() != scan.String:
			return WrongType(at+".function.arguments", "a string", text)
		}
		if err := longID(at+".id", wire.Str(m.Value().Get("id"))); err != nil {
			return err
		}
		r.open = append(r.open, wire.Str(m.Value().Get("id")))
		r.c.Prompt.Text(wire.Str(inner.Get("name")))
		r.c.Prompt.Text(wire.Str(text))
	}
	if r.inCalls = len(r.open) > 0; !r.inCalls {
		return r.emptyCalls()
	}
	return nil
}

// content counts a message's content and returns its text.
func (r *chatReader) content(v scan.Value, supported string, kinds ...string) (string, *wire.Error) {
	switch v.Kind() {
	case scan.String:
		text := wire.Str(v)
		r.c.Prompt.Text(text)
		return text, nil
	case scan.Array:
	case scan.Null, scan.Invalid:
		return "", Invalid(fmt.Sprintf("messages.[%d].content", r.i), "", "Invalid value for 'content': expected a string, got null.")
	default:
		return "", WrongType(r.at(".content"), "one of a string or array of objects", v)
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

func (r *chatReader) part(v scan.Value, at, supported string, kinds []string) (string, *wire.Error) {
	if v.Kind() != scan.Object {
		return "", WrongType(at, "an object", v)
	}
	kind := wire.Str(v.Get("type"))
	if kind == "" {
		return "", Missing(at + ".type")
	}
	known := false
	for _, k := range kinds {
		known = known || k == kind
	}
	if !known {
		return "", Invalid(at+".type", "invalid_value", "Invalid value: '%s'. Supported values are: %s.", kind, supported)
	}
	inner := v.Get(kind)
	if kind == "text" || kind == "refusal" {
		if inner.Kind() != scan.String {
			return "", Missing(at + "." + kind)
		}
		r.c.Prompt.Text(wire.Str(inner))
		return wire.Str(inner), nil
	}
	if inner.Kind() != scan.Object {
		return "", WrongType(at+"."+kind, "an object", inner)
	}
	return "", r.media(kind, inner, at)
}

func (r *chatReader) media(kind string, v scan.Value, at string) *wire.Error {
	p := &r.c.Prompt
	switch kind {
	case "image_url":
		url := wire.Str(v.Get("url"))
		if !strings.HasPrefix(url, "http://") && !strings.HasPrefix(url, "https://") && !strings.HasPrefix(url, "data:image/") {
			return Invalid(at+".image_url.url", "invalid_value", "Invalid '%s.image_url.url': expected a valid URL, but got a value with an invalid format.", at)
		}
		n := wire.ImageTokens
		if wire.Str(v.Get("detail")) == "low" {
			n = wire.ImageLowTokens
		}
		p.Fixed(url, n)
	case "input_audio":
		data := wire.Str(v.Get("data"))
		if format := wire.Str(v.Get("format")); format != "wav" && format != "mp3" {
			return Invalid(at+".input_audio.format", "invalid_value", "Invalid value: '%s'. Supported values are: 'wav' and 'mp3'.", format)
		}
		if data == "" {
			return Missing(at + ".input_audio.data")
		}
		n := wire.MediaTokens(len(data))
		p.Fixed(data, n)
		p.Audio += n
	case "file":
		data := wire.Str(v.Get("file_data")) + wire.Str(v.Get("file_id"))
		if data == "" {
			return Missing(at + ".file.file_id")
		}
		p.Fixed(data, wire.MediaTokens(len(data)))
	}
	return nil
}
