package openai

import (
	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// fieldNames are what chat completions call the fields of a request.
var fieldNames = canon.Names{
	canon.Temperature:          "temperature",
	canon.TopP:                 "top_p",
	canon.TopK:                 "top_k", // not OpenAI's own, but that of many compatible servers
	canon.N:                    "n",
	canon.Logprobs:             "logprobs",
	canon.TopLogprobs:          "top_logprobs",
	canon.LogitBias:            "logit_bias",
	canon.PresencePenalty:      "presence_penalty",
	canon.FrequencyPenalty:     "frequency_penalty",
	canon.Seed:                 "seed",
	canon.User:                 "user",
	canon.SafetyIdentifier:     "safety_identifier",
	canon.Metadata:             "metadata",
	canon.ServiceTier:          "service_tier",
	canon.Store:                "store",
	canon.Prediction:           "prediction",
	canon.Verbosity:            "verbosity",
	canon.Modalities:           "modalities",
	canon.AudioOut:             "audio",
	canon.WebSearch:            "web_search_options",
	canon.PromptCacheKey:       "prompt_cache_key",
	canon.PromptCacheRetention: "prompt_cache_retention",
	canon.Parallel:             "parallel_tool_calls",
	canon.CacheControl:         "cache_control",
	canon.MaxTokens:            "max_completion_tokens",
	canon.Stop:                 "stop",
	canon.ToolChoiceField:      "tool_choice",
	canon.ToolsField:           "tools",
	canon.FormatField:          "response_format",
	canon.ReasoningField:       "reasoning_effort",
}

// Members of a request that are no fields, after those that are.
const (
	reqModel = int(canon.NumFields) + iota
	reqMessages
	reqStream
	reqStreamOptions
	reqMaxTokens
	reqFunctions
	reqFunctionCall
	reqMembers
)

var requestMembers = func() []string {
	names := append(make([]string, 0, reqMembers), fieldNames[:]...)
	return append(names, "model", "messages", "stream", "stream_options", "max_tokens", "functions", "function_call")
}()

// Decode reads a chat completion request. What it returns aliases body.
// An error is a *canon.RequestError and names the member at fault.
func (Dialect) Decode(body []byte) (*canon.Request, error) {
	var f [reqMembers]scan.Value
	extra, err := canon.Pick(scan.Document(body), requestMembers, f[:], nil)
	if err != nil {
		return nil, canon.AtTop(err)
	}
	canon.Tunes(extra, onlyTuning...)
	canon.Own(extra, own)
	r := &canon.Request{Dialect: "openai", Names: &fieldNames, Extra: extra, Model: f[reqModel], Stream: f[reqStream].True()}
	r.ToolSchema, r.FormatSchema = "function.parameters", "response_format.json_schema.schema"
	copy(r.Fields[:], f[:])
	d := decoder{r: r}
	for _, read := range [...]func(*[reqMembers]scan.Value) error{d.settings, d.choice, d.format, d.tools, d.messages} {
		if err := read(&f); err != nil {
			return nil, err
		}
	}
	r.PairCalls()
	r.FindNamesakes()
	return r, nil
}

// decoder reads the parts of a request, or of an answer, into one list.
type decoder struct {
	r      *canon.Request // nil: an answer is read
	parts  []canon.Part   // all of them: messages hold pieces of it
	id     scan.Value     // of the answer
	called int            // calls of the answer that were read
}

func (d *decoder) settings(f *[reqMembers]scan.Value) error {
	r := d.r
	if f[reqModel].Kind() != scan.String {
		return canon.Errorf("model", "must be a string")
	}
	if k := f[reqStream].Kind(); k != scan.Bool && k != scan.Invalid {
		return canon.Errorf("stream", "must be a boolean")
	}
	if err := d.options(f[reqStreamOptions]); err != nil {
		return err
	}
	for _, i := range [...]int{reqMaxTokens, int(canon.MaxTokens)} {
		if f[i] == nil {
			continue
		}
		n, ok := f[i].Int()
		if !ok || n < 0 {
			return canon.Errorf(requestMembers[i], "must be a whole number, 0 or more")
		}
		r.MaxTokens, r.MaxTokensName = n, requestMembers[i]
	}
	if e := f[canon.ReasoningField]; e != nil {
		if e.Kind() != scan.String {
			return canon.Errorf("reasoning_effort", "must be a string")
		}
		r.Reason = canon.Reasoning{Mode: canon.ReasonOn, Effort: canon.Inside(e), Raw: e}
		if string(r.Reason.Effort) == "none" {
			r.Reason.Mode = canon.ReasonOff
		}
	}
	if err := d.reasoningObjects(); err != nil {
		return err
	}
	return first(want(f[canon.Parallel], scan.Bool, "parallel_tool_calls"), d.stop(f[canon.Stop]))
}

var optionMembers = []string{"include_usage"}

func (d *decoder) options(v scan.Value) (err error) {
	var o [1]scan.Value
	n := len(d.r.Extra)
	if d.r.Extra, err = canon.PickInside("stream_options", v, optionMembers, o[:], d.r.Extra); err != nil {
		return canon.Errorf("stream_options", "%v", err)
	}
	canon.Tunes(d.r.Extra[n:], tuningOfOptions...)
	d.r.Usage = o[0].True()
	return nil
}

func (d *decoder) stop(v scan.Value) error {
	if v.Kind() == scan.String {
		d.r.Stop = []scan.Value{v}
		return nil
	}
	if v != nil && v.Kind() != scan.Array {
		return canon.Errorf("stop", "must be a string or a list of strings")
	}
	e := v.Elements()
	for e.Next() {
		if e.Value().Kind() != scan.String {
			return canon.Errorf("stop", "must be a string or a list of strings")
		}
		d.r.Stop = append(d.r.Stop, e.Value())
	}
	return nil
}
