package openai

import (
	"bytes"
	"fmt"
	"strconv"

	"github.com/headgate/headgate/extproc/scan"
	"github.com/headgate/headgate/extproc/sim/wire"
)

// chatFields are the members of a chat completion request. OpenAI refuses others.
type chatFields struct {
	model, messages, stream, streamOptions, n, maxTokens, maxCompletionTokens, stop,
	tools, functions, toolChoice, parallel, responseFormat, effort, temperature, topP, presence, frequency, logprobs, thinking, user scan.Value
}

func (f *chatFields) targets() map[string]*scan.Value {
	return map[string]*scan.Value{
		"model": &f.model, "messages": &f.messages, "stream": &f.stream, "stream_options": &f.streamOptions, "n": &f.n,
		"max_tokens": &f.maxTokens, "max_completion_tokens": &f.maxCompletionTokens, "stop": &f.stop, "tools": &f.tools,
		"tool_choice": &f.toolChoice, "parallel_tool_calls": &f.parallel, "response_format": &f.responseFormat,
		"reasoning_effort": &f.effort, "temperature": &f.temperature, "top_p": &f.topP, "presence_penalty": &f.presence,
		"frequency_penalty": &f.frequency, "logprobs": &f.logprobs, "thinking": &f.thinking,
		"top_logprobs": nil, "seed": nil, "logit_bias": nil, "verbosity": nil, "modalities": nil, "audio": nil,
		"prediction": nil, "service_tier": nil, "store": nil, "metadata": nil, "user": &f.user, "safety_identifier": nil,
		"prompt_cache_key": nil, "prompt_cache_retention": nil, "web_search_options": nil, "functions": &f.functions, "function_call": nil,
	}
}

// readChat reads a chat completion request. The call is usable for what was read
// before an error.
func readChat(r *wire.Request) (*wire.Call, *wire.Error) {
	c := &wire.Call{N: 1, ToolChoice: "auto", Obfuscation: true}
	doc, err := Object(r.Body)
	if err != nil {
		return c, err
	}
	var f chatFields
	unknown := wire.Members(doc, f.targets())
	if f.model.Kind() != scan.String || wire.Str(f.model) == "" {
		return c, Invalid("", "", "you must provide a model parameter")
	}
	c.SetModel(wire.Str(f.model))
	if unknown == "" {
		unknown = f.unknownTo(vendorOf(c.Model))
	}
	if unknown != "" {
		return c, Invalid(unknown, "unknown_parameter", "Unknown parameter: '%s'.", unknown)
	}
	for _, read := range []func(*wire.Call, *chatFields) *wire.Error{
		readLimits, readSampling, readTools, readFunctions, readFormat, readStream, readMessages,
	} {
		if err := read(c, &f); err != nil {
			return c, err
		}
	}
	return c, nil
}

// Object checks that a body is one JSON object.
func Object(body []byte) (scan.Value, *wire.Error) {
	m := scan.Document(body)
	for m.Next() {
	}
	if m.Err() != nil {
		return nil, Invalid("", "", "We could not parse the JSON body of your request. (HINT: This likely means you aren't using your HTTP library correctly. The OpenAI API expects a JSON payload, but what was sent was not valid JSON: %v.)", m.Err())
	}
	return scan.Value(bytes.TrimLeft(body, " \n\t\r")), nil
}

// EffortTokens are the reasoning tokens of a reasoning model by its
// reasoning_effort, if none are scripted. Without the parameter it is medium.
var EffortTokens = map[string]int{"none": 0, "minimal": 0, "low": 32, "medium": 64, "high": 128, "xhigh": 256, "max": 512}

// maxUser is how long an id of a user OpenAI takes (maximhq/bifrost#1000).
const maxUser = 64

func readLimits(c *wire.Call, f *chatFields) *wire.Error {
	m := modelOf(c.Model)
	if n := len(wire.Str(f.user)); n > maxUser && vendorOf(c.Model) == openAI {
		return Invalid("user", "string_above_max_length", "Invalid 'user': string too long. Expected a string with maximum length %d, but got a string with length %d instead.", maxUser, n)
	}
	if wire.Given(f.maxTokens) && m.reasons() {
		return Invalid("max_tokens", "unsupported_parameter", "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.")
	}
	var err *wire.Error
	if c.Limit, err = atLeastOne(f.maxTokens, "max_tokens"); err != nil {
		return err
	}
	if wire.Given(f.maxCompletionTokens) {
		if wire.Given(f.maxTokens) {
			return Invalid("max_tokens", "invalid_parameter_combination", "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.")
		}
		if c.Limit, err = atLeastOne(f.maxCompletionTokens, "max_completion_tokens"); err != nil {
			return err
		}
	}
	if m.most > 0 && c.Limit > m.most {
		return Invalid("max_tokens", "invalid_value", "max_tokens is too large: %d. This model supports at most %d completion tokens, whereas you provided %d.", c.Limit, m.most, c.Limit)
	}
	n, err := atLeastOne(f.n, "n")
	if err != nil {
		return err
	}
	if n > 128 {
		return Invalid("n", "integer_above_max_value", "Invalid 'n': integer above maximum value. Expected a value <= 128, but got %d instead.", n)
	}
	c.N = max(1, n)
	if wire.Given(f.stop) && m.noStop {
		return Invalid("stop", "unsupported_parameter", "Unsupported parameter: 'stop' is not supported with this model.")
	}
	return readStop(c, f.stop)
}

// atLeastOne reads an optional positive integer; 0 if it is absent.
func atLeastOne(v scan.Value, name string) (int, *wire.Error) {
	if !wire.Given(v) {
		return 0, nil
	}
	n, ok := v.Int()
	if !ok {
		return 0, WrongType(name, "an integer", v)
	}
	if n < 1 {
		return 0, Invalid(name, "integer_below_min_value", "Invalid '%s': integer below minimum value. Expected a value >= 1, but got %d instead.", name, n)
	}
	return int(min(n, 1<<40)), nil
}

func readStop(c *wire.Call, v scan.Value) *wire.Error {
	switch {
	case !wire.Given(v):
		return nil
	case v.Kind() == scan.String:
		c.Stops = []string{wire.Str(v)}
		return nil
	case v.Kind() != scan.Array:
		return WrongType("stop", "one of a string or array of strings", v)
	}
	m := v.Elements()
	for m.Next() {
		if m.Value().Kind() != scan.String {
			return WrongType(fmt.Sprintf("stop[%d]", len(c.Stops)), "a string", m.Value())
		}
		c.Stops = append(c.Stops, wire.Str(m.Value()))
	}
	if len(c.Stops) > 4 {
		return Invalid("stop", "array_above_max_length", "Invalid 'stop': array too long. Expected an array with maximum length 4, but got an array with length %d instead.", len(c.Stops))
	}
	return nil
}

func readSampling(c *wire.Call, f *chatFields) *wire.Error {
	m := modelOf(c.Model)
	for _, p := range []struct {
		name           string
		v              scan.Value
		low, high, def float64
	}{
		{"temperature", f.temperature, 0, 2, 1}, {"top_p", f.topP, 0, 1, 1},
		{"presence_penalty", f.presence, -2, 2, 0}, {"frequency_penalty", f.frequency, -2, 2, 0},
	} {
		if !wire.Given(p.v) {
			continue
		}
		x, err := strconv.ParseFloat(string(p.v), 64)
		switch {
		case p.v.Kind() != scan.Number || err != nil:
			return WrongType(p.name, "a decimal", p.v)
		case x < p.low:
			return Invalid(p.name, "decimal_below_min_value", "Invalid '%s': decimal below minimum value. Expected a value >= %v, but got %s instead.", p.name, p.low, p.v)
		case x > p.high:
			return Invalid(p.name, "decimal_above_max_value", "Invalid '%s': decimal above maximum value. Expected a value <= %v, but got %s instead.", p.name, p.high, p.v)
		case x != p.def && !m.samples(m.effort(f)):
			return Invalid(p.name, "unsupported_value", "Unsupported value: '%s' does not support %s with this model. Only the default (%v) value is supported.", p.name, p.v, p.def)
		}
	}
	return readEffort(c, f)
}

func readEffort(c *wire.Call, f *chatFields) *wire.Error {
	m := modelOf(c.Model)
	if !m.reasons() {
		if wire.Given(f.effort) && !takesEffort(c.Model) {
			return Invalid("reasoning_effort", "unsupported_parameter", "Unrecognized request argument supplied: reasoning_effort")
		}
		return nil
	}
	if f.logprobs.True() && !m.samples(m.effort(f)) {
		return Invalid("logprobs", "unsupported_parameter", "Unsupported parameter: 'logprobs' is not supported with this model.")
	}
	if wire.Given(f.effort) && f.effort.Kind() != scan.String {
		return WrongType("reasoning_effort", "a string", f.effort)
	}
	if err := m.refuseEffort(c.Model, f); err != nil {
		return err
	}
	c.Reasoning = EffortTokens[m.effort(f)]
	return nil
}

func readStream(c *wire.Call, f *chatFields) *wire.Error {
	if wire.Given(f.stream) {
		if f.stream.Kind() != scan.Bool {
			return WrongType("stream", "a boolean", f.stream)
		}
		c.Stream = f.stream.True()
	}
	if !wire.Given(f.streamOptions) {
		return nil
	}
	if !c.Stream {
		return Invalid("stream_options", "", "The 'stream_options' parameter is only allowed when 'stream' is enabled.")
	}
	if f.streamOptions.Kind() != scan.Object {
		return WrongType("stream_options", "an object", f.streamOptions)
	}
	c.IncludeUsage = f.streamOptions.Get("include_usage").True()
	c.Obfuscation = string(f.streamOptions.Get("include_obfuscation")) != "false"
	return nil
}
