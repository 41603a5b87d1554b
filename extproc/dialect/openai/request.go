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
	reqMembers
)

var requestMembers = func() []string {
	names := append(make([]string, 0, reqMembers), fieldNames[:]...)
	return append(names, "model", "messages", "stream", "stream_options", "max_tokens")
}()

// Decode reads a chat completion request. What it returns aliases body.
// An error is a *canon.RequestError and names the member at fault.
func (Dialect) Decode(body []byte) (*canon.Request, error) {
	var f [reqMembers]scan.Value
	extra, err := canon.Pick(scan.Document(body), requestMembers, f[:], nil)
	if err != nil {
		return nil, canon.AtTop(err)
	}
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
	if o := f[reqStreamOptions]; o != nil {
		r.Usage = o.Get("include_usage").True()
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
	d.reasoningObjects()
	return d.stop(f[canon.Stop])
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

func (d *decoder) choice(f *[reqMembers]scan.Value) error {
	v := f[canon.ToolChoiceField]
	c := &d.r.Choice
	c.Raw = v
	switch v.Kind() {
	case scan.Invalid:
		return nil
	case scan.String:
		switch string(canon.Inside(v)) {
		case "auto":
			c.Mode = canon.ChoiceAuto
		case "none":
			c.Mode = canon.ChoiceNone
		case "required", "any":
			c.Mode = canon.ChoiceRequired
		default:
			c.Mode = canon.ChoiceOther
		}
		return nil
	case scan.Object:
		c.Mode = canon.ChoiceOther
		name := v.Get("function").Get("name")
		if string(canon.Inside(v.Get("type"))) == "function" && name.Kind() == scan.String {
			c.Mode, c.Name = canon.ChoiceNamed, name
		}
		return nil
	default:
		return canon.Errorf("tool_choice", "must be a string or an object")
	}
}

var schemaMembers = []string{"name", "schema", "strict", "description"}

func (d *decoder) format(f *[reqMembers]scan.Value) error {
	v := f[canon.FormatField]
	if v == nil {
		return nil
	}
	out := &d.r.Format
	out.Raw = v
	switch string(canon.Inside(v.Get("type"))) {
	case "text":
		out.Kind = canon.FormatText
	case "json_object":
		out.Kind = canon.FormatObject
	case "json_schema":
		out.Kind = canon.FormatSchema
		var s [4]scan.Value
		if _, err := canon.Pick(v.Get("json_schema").Fields(), schemaMembers, s[:], nil); err != nil {
			return canon.Errorf("response_format.json_schema", "%v", err)
		}
		out.Name, out.Schema, out.Strict, out.Description = s[0], s[1], s[2], s[3]
		if out.Schema.Kind() != scan.Object {
			return canon.Errorf("response_format.json_schema.schema", "must be an object")
		}
	default:
		if v.Kind() != scan.Object {
			return canon.Errorf("response_format", "must be an object")
		}
		out.Kind = canon.FormatOther
	}
	return nil
}
