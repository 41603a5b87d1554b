package openai

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"math"
	"strconv"
	"strings"

	"github.com/headgate/headgate/extproc/scan"
	"github.com/headgate/headgate/extproc/sim/wire"
)

const (
	maxInputs      = 2048
	maxInputTokens = 8192
)

// embedding is a request for vectors.
type embedding struct {
	wire.Call
	inputs [][]string // the words of each input
	base64 bool
	dims   int
}

// embeddings answers a request for vectors.
func embeddings(t *wire.Turn) ([]byte, wire.Usage) {
	e := t.Call.Own.(*embedding)
	t.Header["Openai-Model"] = []string{e.Model}
	return embeddingJSON(&t.Do, e), wire.Usage{Input: e.Prompt.Tokens}
}

func readEmbeddingCall(r *wire.Request) (*wire.Call, *wire.Error) {
	e, err := readEmbedding(r.Body)
	e.Own = e
	return &e.Call, err
}

func readEmbedding(body []byte) (*embedding, *wire.Error) {
	e := &embedding{}
	doc, err := Object(body)
	if err != nil {
		return e, err
	}
	var model, input, format, dims scan.Value
	unknown := wire.Members(doc, map[string]*scan.Value{
		"model": &model, "input": &input, "encoding_format": &format, "dimensions": &dims, "user": nil,
	})
	if model.Kind() != scan.String || wire.Str(model) == "" {
		return e, Invalid("", "", "you must provide a model parameter")
	}
	e.SetModel(wire.Str(model))
	if unknown != "" {
		return e, Invalid(unknown, "unknown_parameter", "Unknown parameter: '%s'.", unknown)
	}
	switch name := wire.Str(format); {
	case !wire.Given(format), name == "float":
	case name == "base64":
		e.base64 = true
	default:
		return e, Invalid("encoding_format", "invalid_value", "Invalid value: '%s'. Supported values are: 'float' and 'base64'.", name)
	}
	if err := e.dimensions(dims); err != nil {
		return e, err
	}
	return e, e.input(input)
}

func (e *embedding) dimensions(v scan.Value) *wire.Error {
	e.dims = 1536
	if strings.Contains(e.Model, "large") {
		e.dims = 3072
	}
	if !wire.Given(v) {
		return nil
	}
	n, ok := v.Int()
	switch {
	case strings.Contains(e.Model, "ada"):
		return Invalid("", "", "This model does not support specifying dimensions.")
	case !ok:
		return WrongType("dimensions", "an integer", v)
	case n < 1:
		return Invalid("", "", "%d is less than the minimum of 1 - 'dimensions'", n)
	case n > int64(e.dims):
		return Invalid("", "", "Invalid value for 'dimensions' = %d. Must be less than or equal to %d.", n, e.dims)
	}
	e.dims = int(n)
	return nil
}

func (e *embedding) input(v scan.Value) *wire.Error {
	switch v.Kind() {
	case scan.String:
		return e.add(v)
	case scan.Array:
	case scan.Invalid:
		return Missing("input")
	default:
		return Invalid("input", "", "'$.input' is invalid. Please check the API reference: https://platform.openai.com/docs/api-reference.")
	}
	if wire.First(v).Kind() == scan.Number {
		return e.add(v)
	}
	for m := v.Elements(); m.Next(); {
		if err := e.add(m.Value()); err != nil {
			return err
		}
	}
	if n := len(e.inputs); n == 0 || n > maxInputs {
		return Invalid("input", "", "'$.input' is invalid: it has %d items, and may have 1 to %d. Please check the API reference: https://platform.openai.com/docs/api-reference.", n, maxInputs)
	}
	return nil
}

// add takes one input: a text or a list of tokens.
func (e *embedding) add(v scan.Value) *wire.Error {
	var words []string
	switch v.Kind() {
	case scan.String:
		words = wire.Split(wire.Str(v))
		e.Prompt.Text(wire.Str(v))
		_, e.Directives = wire.CutDirectives(wire.Str(v))
	case scan.Array:
		for m := v.Elements(); m.Next(); {
			if n, ok := m.Value().Int(); !ok || n < 0 {
				return Invalid("input", "", "'$.input' is invalid. Please check the API reference: https://platform.openai.com/docs/api-reference.")
			}
			words = append(words, string(m.Value()))
		}
		e.Prompt.Fixed("tokens", len(words))
	default:
		return Invalid("input", "", "'$.input' is invalid. Please check the API reference: https://platform.openai.com/docs/api-reference.")
	}
	switch {
	case len(words) == 0:
		return Invalid("input", "", "'$.input' is invalid: an input cannot be empty. Please check the API reference: https://platform.openai.com/docs/api-reference.")
	case len(words) > maxInputTokens:
		return Invalid("", "", "This model's maximum context length is %d tokens, however you requested %d tokens (%d in your prompt; 0 for the completion). Please reduce your prompt; or completion length.", maxInputTokens, len(words), len(words))
	}
	e.inputs = append(e.inputs, words)
	return nil
}

func embeddingJSON(do *wire.Behaviour, e *embedding) []byte {
	b := []byte(`{"object":"list","data":[`)
	for i, words := range e.inputs {
		if i > 0 {
			b = append(b, ',')
		}
		b = wire.AppendCount(b, `{"object":"embedding","index":`, i)
		b = append(b, `,"embedding":`...)
		b = append(appendVector(b, vector(words, e.dims), e.base64), '}')
	}
	b = append(b, `],"model":`...)
	model := e.Model
	if do.Snapshot != "" {
		model = do.Snapshot
	}
	b = scan.AppendString(b, model)
	if !do.NoUsage {
		b = wire.AppendCount(b, `,"usage":{"prompt_tokens":`, e.Prompt.Tokens)
		b = append(wire.AppendCount(b, `,"total_tokens":`, e.Prompt.Tokens), '}')
	}
	return append(b, '}')
}

func appendVector(b []byte, v []float32, asBase64 bool) []byte {
	if asBase64 {
		raw := make([]byte, 0, 4*len(v))
		for _, x := range v {
			raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(x))
		}
		return append(base64.StdEncoding.AppendEncode(append(b, '"'), raw), '"')
	}
	b = append(b, '[')
	for i, x := range v {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendFloat(b, float64(x), 'g', -1, 32)
	}
	return append(b, ']')
}

// vector returns a text's unit vector: the sum of one fixed direction per word,
// so that texts which share words are near each other.
func vector(words []string, dims int) []float32 {
	sum := make([]float64, dims)
	weights := map[string]float64{}
	for _, w := range words {
		weights[strings.ToLower(strings.TrimSpace(w))]++
	}
	for _, w := range words {
		key := strings.ToLower(strings.TrimSpace(w))
		if weights[key] == 0 {
			continue
		}
		h := fnv.New64a()
		fmt.Fprint(h, key)
		seed := h.Sum64()
		for i := range sum {
			sum[i] += weights[key] * (float64(int64(wire.Mix(seed+uint64(i)))) / (1 << 63))
		}
		weights[key] = 0
	}
	norm := 0.0
	for _, x := range sum {
		norm += x * x
	}
	norm = math.Sqrt(norm)
	out := make([]float32, dims)
	for i, x := range sum {
		out[i] = float32(x / norm)
	}
	return out
}
