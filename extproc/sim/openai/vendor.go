package openai

import (
	"fmt"
	"strings"

	"github.com/headgate/headgate/extproc/scan"
	"github.com/headgate/headgate/extproc/sim/wire"
)

// vendor is whose server a model's name says that it is. They speak one dialect and
// refuse different things of a history.
type vendor uint8

const (
	unnamed vendor = iota // takes what any of them takes
	openAI
	groq
	mistral
	deepSeek
)

var vendorsByPrefix = []struct {
	prefix string
	vendor vendor
}{
	{"gpt-", openAI}, {"o1", openAI}, {"o3", openAI}, {"o4", openAI},
	{"llama-", groq}, {"openai/gpt-oss", groq},
	{"mistral", mistral}, {"magistral", mistral}, {"codestral", mistral}, {"devstral", mistral},
	{"deepseek", deepSeek},
}

func vendorOf(model string) vendor {
	for _, v := range vendorsByPrefix {
		if strings.HasPrefix(model, v.prefix) {
			return v.vendor
		}
	}
	return unnamed
}

// extra are the members that a vendor takes in an assistant's message besides role,
// content and tool_calls: those of the parameter types of its SDK (openai 3.57, groq
// 1.7, mistralai 3.7 for Python; DeepSeek: api-docs.deepseek.com, guides/thinking_mode).
// OpenAI takes its own annotations back.
var extra = map[vendor][]string{
	unnamed:  {"name", "refusal", "audio", "annotations", "function_call", "reasoning_content", "reasoning"},
	openAI:   {"name", "refusal", "audio", "annotations", "function_call"},
	groq:     {"name", "function_call", "reasoning"},
	mistral:  {"prefix"},
	deepSeek: {"name", "reasoning_content", "prefix"},
}

// foreign returns an assistant's member that the vendor does not take.
func (v vendor) foreign(message scan.Value) (member string) {
	known := map[string]*scan.Value{"role": nil, "content": nil, "tool_calls": nil}
	for _, name := range extra[v] {
		known[name] = nil
	}
	return wire.Members(message, known)
}

// foreignInCall returns a member of a tool call that the vendor does not take.
func (v vendor) foreignInCall(call scan.Value) (member string) {
	if v != openAI && v != groq {
		return ""
	}
	return wire.Members(call, map[string]*scan.Value{"id": nil, "type": nil, "function": nil, "custom": nil})
}

// order refuses a user's message right after a tool's, as Mistral does with code 3230.
func (r *chatReader) order(role string) *wire.Error {
	after := r.last
	r.last = role
	if r.vendor == mistral && after == "tool" && role == "user" {
		return Invalid("", "3230", "Unexpected role 'user' after role 'tool'")
	}
	return nil
}

// silent refuses an assistant's message without content and calls, as Mistral does
// (OpenHands/OpenHands#8685).
func (r *chatReader) silent(content, calls scan.Value) *wire.Error {
	some := content.Elements()
	if r.vendor != mistral || wire.Str(content) != "" || some.Next() || wire.Given(calls) {
		return nil
	}
	return Invalid("", "", "Assistant message must have either content or tool_calls, but not none.")
}

// reasoned refuses a turn with tool calls of which a message lacks its reasoning, as
// DeepSeek does unless thinking is disabled (api-docs.deepseek.com,
// guides/thinking_mode).
func (r *chatReader) reasoned(f *chatFields) *wire.Error {
	if r.vendor != deepSeek || wire.Str(f.thinking.Get("type")) == "disabled" {
		return nil
	}
	calls, lacks := false, false
	m := f.messages.Elements()
	for more := m.Next(); more; {
		v := m.Value()
		role := wire.Str(v.Get("role"))
		if role == "assistant" {
			calls = calls || wire.Given(v.Get("tool_calls"))
			lacks = lacks || v.Get("reasoning_content").Kind() != scan.String
		}
		more = m.Next()
		if calls && lacks && (role == "user" || !more) {
			return Invalid("", "invalid_request_error", "The `reasoning_content` in the thinking mode must be passed back to the API.")
		}
		if role == "user" {
			calls, lacks = false, false
		}
	}
	return nil
}

// takesEffort reports whether another vendor's model takes reasoning_effort.
func takesEffort(model string) bool {
	return vendorOf(model) == deepSeek || strings.Contains(model, "gpt-oss")
}

// unknownTo returns a member of the request that only other vendors know. Mistral knows
// no user (BerriAI/litellm#3899).
func (f *chatFields) unknownTo(v vendor) string {
	if v == mistral && wire.Given(f.user) {
		return "user"
	}
	if wire.Given(f.thinking) && v != deepSeek && v != unnamed {
		return "thinking"
	}
	return ""
}

// emptyCalls refuses a list of no calls.
func (r *chatReader) emptyCalls() *wire.Error {
	at := fmt.Sprintf("messages[%d].tool_calls", r.i)
	return Invalid(at, "empty_array", "Invalid '%s': empty array. Expected an array with minimum length 1, but got an empty array instead.", at)
}
