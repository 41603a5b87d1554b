package responses

import (
	"slices"
	"strconv"
	"strings"

	"github.com/headgate/headgate/extproc/scan"
	"github.com/headgate/headgate/extproc/sim/openai"
	"github.com/headgate/headgate/extproc/sim/wire"
)

// request is one request for a response, and what has become of it.
type request struct {
	wire.Call
	f            fields
	account      string
	size         int // of the body
	store        bool
	background   bool
	sealed       bool              // reasoning comes with its encrypted content
	effort       string            // that the model thinks with; empty: it does not think
	hosted       map[string]hosted // the tools that are no functions, by their names
	namespaces   map[string]string // those of functions, by the functions' names
	tools        string            // as the response names them
	conversation string            // id; empty: none
	context      []item            // what came before the input
	input        []item

	given   *wire.Answer // nil: not answered yet
	do      wire.Behaviour
	id      string
	items   []output
	status  string
	place   func(prefix string, place int) string // ids of this exchange
	created int64
	fault   *wire.Error // why it failed
}

func newRequest(r *wire.Request) *request {
	q := &request{account: r.Account, size: len(r.Body), store: true, hosted: map[string]hosted{}, namespaces: map[string]string{}}
	q.N, q.ToolChoice, q.Obfuscation, q.Own = 1, "auto", true, q
	return q
}

// readCreate reads a request for a response.
func (d *Dialect) readCreate(r *wire.Request) (*wire.Call, *wire.Error) {
	q := newRequest(r)
	return &q.Call, d.read(q, r.Body, created, "model")
}

// read reads a request with the parameters that it may have, and those that it must have.
func (d *Dialect) read(q *request, body []byte, known map[string]kinds, needed ...string) *wire.Error {
	doc, err := openai.Object(body)
	if err != nil {
		return err
	}
	var fault *wire.Error
	q.f, fault = readFields(doc, "", known)
	q.SetModel(q.f.text("model"))
	for _, name := range needed {
		if fault == nil && q.f.or(name, `""`) == `""` {
			fault = openai.Missing(name)
		}
	}
	if fault != nil {
		return fault
	}
	for _, read := range []func(*request) *wire.Error{
		readLimits, readReasoning, readSampling, readSwitches, readWords, readTools, readToolChoice, readFormat, readMetadata,
		d.readContext, d.readInput,
	} {
		if err := read(q); err != nil {
			return err
		}
	}
	return nil
}

// minOutput is the least that max_output_tokens may be (vectorize-io/hindsight#58).
const minOutput = 16

func readLimits(q *request) *wire.Error {
	for _, p := range []struct {
		name      string
		low, high int64
	}{{"max_output_tokens", minOutput, 1 << 40}, {"max_tool_calls", 1, 1 << 40}, {"top_logprobs", 0, 20}} {
		v, ok := q.f[p.name]
		if !ok {
			continue
		}
		switch n, _ := v.Int(); {
		case n < p.low:
			return openai.Invalid(p.name, "integer_below_min_value", "Invalid '%s': integer below minimum value. Expected a value >= %d, but got %d instead.", p.name, p.low, n)
		case n > p.high:
			return openai.Invalid(p.name, "integer_above_max_value", "Invalid '%s': integer above maximum value. Expected a value <= %d, but got %d instead.", p.name, p.high, n)
		case p.name == "max_output_tokens":
			q.Limit = int(n)
		}
	}
	if most := openai.Most(q.Model); most > 0 && q.Limit > most {
		return openai.Invalid("max_output_tokens", "invalid_value", "max_output_tokens is too large: %d. This model supports at most %d completion tokens, whereas you provided %d.", q.Limit, most, q.Limit)
	}
	return nil
}

func readSampling(q *request) *wire.Error {
	for _, p := range []struct {
		name string
		high float64
	}{{"temperature", 2}, {"top_p", 1}} {
		v, ok := q.f[p.name]
		if !ok {
			continue
		}
		x, err := strconv.ParseFloat(string(v), 64)
		switch {
		case err != nil:
			return openai.WrongType(p.name, "a decimal", v)
		case x < 0:
			return openai.Invalid(p.name, "decimal_below_min_value", "Invalid '%s': decimal below minimum value. Expected a value >= 0, but got %s instead.", p.name, v)
		case x > p.high:
			return openai.Invalid(p.name, "decimal_above_max_value", "Invalid '%s': decimal above maximum value. Expected a value <= %v, but got %s instead.", p.name, p.high, v)
		case x != 1 && !openai.Samples(q.Model, q.effort): // the text: OpenHands/software-agent-sdk#1837
			return openai.Invalid(p.name, "", "Unsupported parameter: '%s' is not supported with this model.", p.name)
		}
	}
	return nil
}

// readSwitches reads how the answer is given and what is kept of it.
func readSwitches(q *request) *wire.Error {
	q.Stream, q.background, q.OneTool = q.f.is("stream"), q.f.is("background"), q.f.not("parallel_tool_calls")
	q.Later = q.background && !q.Stream
	q.Truncates = q.f.text("truncation") == "auto"
	q.store = !q.f.not("store")
	q.sealed = q.sealed || !q.store
	options, given := q.f["stream_options"]
	switch {
	case given && !q.Stream:
		return openai.Invalid("stream_options", "", "The 'stream_options' parameter is only allowed when 'stream' is enabled.")
	case q.background && !q.store:
		return openai.Invalid("background", "", "Background mode requires 'store' to be true.")
	}
	q.Obfuscation = string(options.Get("include_obfuscation")) != "false"
	return nil
}

// words are the parameters of which there are a few values.
var words = map[string][]string{
	"truncation":             {"auto", "disabled"},
	"service_tier":           {"auto", "default", "fast", "flex", "priority", "scale", "ultrafast"},
	"prompt_cache_retention": {"in_memory", "24h"},
}

// longest is how long texts may be (response_create_params.py; maximhq/bifrost#1000 for user).
var longest = map[string]int{"user": 64, "safety_identifier": 128, "prompt_cache_key": 64}

func readWords(q *request) *wire.Error {
	for name, values := range words {
		if v, ok := q.f[name]; ok && !slices.Contains(values, wire.Str(v)) {
			return unsupported(name, wire.Str(v), values)
		}
	}
	for name, most := range longest {
		if n := len(q.f.text(name)); n > most {
			return tooLong(name, most, n)
		}
	}
	return nil
}

func tooLong(at string, most, n int) *wire.Error {
	return openai.Invalid(at, "string_above_max_length", "Invalid '%s': string too long. Expected a string with maximum length %d, but got a string with length %d instead.", at, most, n)
}

// The bounds of metadata (response_create_params.py).
const (
	maxPairs = 16
	maxKey   = 64
	maxValue = 512
)

func readMetadata(q *request) *wire.Error { return checkMetadata(q.f["metadata"]) }

func checkMetadata(v scan.Value) *wire.Error {
	n := 0
	for m := v.Fields(); m.Next(); n++ {
		at := "metadata." + string(m.Key())
		switch {
		case m.Value().Kind() != scan.String:
			return openai.WrongType(at, "a string", m.Value())
		case len(m.Key()) > maxKey:
			return tooLong(at, maxKey, len(m.Key()))
		case len(wire.Str(m.Value())) > maxValue:
			return tooLong(at, maxValue, len(wire.Str(m.Value())))
		}
	}
	if n > maxPairs {
		return openai.Invalid("metadata", "object_above_max_properties", "Invalid 'metadata': too many properties. Expected an object with at most %d properties, but got an object with %d properties instead.", maxPairs, n)
	}
	return nil
}

// readFormat reads what the text of the answer is to be.
func readFormat(q *request) *wire.Error {
	v := q.f["text"]
	if verbosity := v.Get("verbosity"); wire.Given(verbosity) {
		if values := []string{"low", "medium", "high"}; !slices.Contains(values, wire.Str(verbosity)) {
			return unsupported("text.verbosity", wire.Str(verbosity), values)
		}
	}
	format := v.Get("format")
	if !wire.Given(format) {
		return nil
	}
	if format.Kind() != scan.Object {
		return openai.WrongType("text.format", "an object", format)
	}
	switch kind := wire.Str(format.Get("type")); kind {
	case "text":
	case "json_object":
		if !strings.Contains(strings.ToLower(q.f.or("input", "")), "json") {
			return openai.Invalid("input", "", "Response input messages must contain the word 'json' in some form to use 'text.format' of type 'json_object'.")
		}
		q.JSON = true
	case "json_schema":
		return readSchema(q, format)
	case "":
		return openai.Missing("text.format.type")
	default:
		return unsupported("text.format.type", kind, []string{"json_object", "json_schema", "text"})
	}
	return nil
}

func readSchema(q *request, v scan.Value) *wire.Error {
	const at = "text.format"
	name, schema := v.Get("name"), v.Get("schema")
	switch {
	case !wire.Given(name):
		return openai.Missing(at + ".name")
	case !wire.ToolName(wire.Str(name)):
		return badName(at + ".name")
	case !wire.Given(schema):
		return openai.Missing(at + ".schema")
	case schema.Kind() != scan.Object:
		return openai.WrongType(at+".schema", "an object", schema)
	}
	if fault := openai.SchemaFault(schema, v.Get("strict").True()); fault != "" {
		return openai.Invalid(at+".schema", "invalid_json_schema", "Invalid schema for response_format '%s': %s", wire.Str(name), fault)
	}
	q.JSON, q.Schema = true, schema
	q.Prompt.Text(string(schema))
	return nil
}

func badName(at string) *wire.Error {
	return openai.Invalid(at, "invalid_value", "Invalid '%s': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.", at)
}
