package responses

import (
	"strings"

	"github.com/headgate/headgate/extproc/scan"
	"github.com/headgate/headgate/extproc/sim/openai"
	"github.com/headgate/headgate/extproc/sim/wire"
)

// kinds are the JSON types that a parameter may have, besides null.
type kinds uint8

const (
	text kinds = 1 << iota
	list
	object
	boolean
	whole
	decimal
)

// created are the parameters of a new response: openai-python 3.54,
// types/responses/response_create_params.py, and client_metadata, which Codex sends.
var created = map[string]kinds{
	"model": text, "input": text | list, "instructions": text, "previous_response_id": text, "conversation": text | object, "prompt": object,
	"stream": boolean, "stream_options": object, "store": boolean, "background": boolean, "background_options": object,
	"max_output_tokens": whole, "max_tool_calls": whole, "temperature": decimal, "top_p": decimal, "top_logprobs": whole,
	"reasoning": object, "text": object, "include": list, "tools": list, "tool_choice": text | object, "parallel_tool_calls": boolean,
	"truncation": text, "metadata": object, "user": text, "safety_identifier": text, "service_tier": text, "context_management": list,
	"prompt_cache_key": text, "prompt_cache_options": object, "prompt_cache_retention": text, "access_programs": object, "image": object,
	"moderation": object, "client_metadata": object,
}

// counted are those of a count: input_token_count_params.py.
var counted = map[string]kinds{
	"model": text, "input": text | list, "instructions": text, "previous_response_id": text, "conversation": text | object,
	"reasoning": object, "text": object, "tools": list, "tool_choice": text | object, "parallel_tool_calls": boolean, "truncation": text,
	"personality": text,
}

// compacted are those of a compaction: response_compact_params.py.
var compacted = map[string]kinds{
	"model": text, "input": text | list, "instructions": text, "previous_response_id": text, "image": object,
	"prompt_cache_key": text, "prompt_cache_options": object, "prompt_cache_retention": text, "service_tier": text,
}

// fields are the parameters of a request by their names. Those that are null are not in it.
type fields map[string]scan.Value

// readFields reads an object with known members of known types. at is what comes before
// their names in errors.
func readFields(v scan.Value, at string, known map[string]kinds) (fields, *wire.Error) {
	f := fields{}
	var fault *wire.Error
	for m := v.Fields(); m.Next(); {
		name, v := string(m.Key()), m.Value()
		want, ok := known[name]
		switch {
		case fault != nil:
		case !ok:
			fault = unknown(at + name)
		case wire.Given(v) && !want.has(v):
			fault = openai.WrongType(at+name, want.String(), v)
		}
		if wire.Given(v) {
			f[name] = v
		}
	}
	return f, fault
}

func (k kinds) has(v scan.Value) bool {
	switch v.Kind() {
	case scan.String:
		return k&text != 0
	case scan.Array:
		return k&list != 0
	case scan.Object:
		return k&object != 0
	case scan.Bool:
		return k&boolean != 0
	case scan.Number:
		_, ok := v.Int()
		return k&decimal != 0 || k&whole != 0 && ok
	case scan.Invalid, scan.Null:
		return false
	default:
		return false
	}
}

// String names the types as the API's errors do.
func (k kinds) String() string {
	var names []string
	for i, name := range []string{"a string", "an array", "an object", "a boolean", "an integer", "a decimal"} {
		if k&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	if len(names) == 1 {
		return names[0]
	}
	return "one of " + strings.Join(names, " or ")
}

// text returns a string's text, empty if it is not there.
func (f fields) text(name string) string { return wire.Str(f[name]) }

// or returns the JSON of a parameter, or another.
func (f fields) or(name, other string) string {
	if v, ok := f[name]; ok {
		return string(v)
	}
	return other
}

// is reports whether a boolean is true.
func (f fields) is(name string) bool { return f[name].True() }

// not reports whether a boolean is false.
func (f fields) not(name string) bool { return string(f[name]) == "false" }
