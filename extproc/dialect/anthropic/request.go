package anthropic

import (
	"fmt"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// fieldNames are what the Messages API calls the fields of a request.
var fieldNames = canon.Names{
	canon.Temperature:       "temperature",
	canon.TopP:              "top_p",
	canon.TopK:              "top_k",
	canon.User:              "metadata.user_id",
	canon.Metadata:          "metadata",
	canon.ServiceTier:       "service_tier",
	canon.Parallel:          "tool_choice.disable_parallel_tool_use",
	canon.ContextManagement: "context_management",
	canon.OutputConfig:      "output_config",
	canon.CacheControl:      "cache_control",
	canon.MaxTokens:         "max_tokens",
	canon.Stop:              "stop_sequences",
	canon.ToolChoiceField:   "tool_choice",
	canon.ToolsField:        "tools",
	canon.FormatField:       "output_config.format",
	canon.ReasoningField:    "thinking",
}

// Members of a request.
const (
	reqModel = iota
	reqMessages
	reqSystem
	reqMaxTokens
	reqStream
	reqStop
	reqTools
	reqChoice
	reqThinking
	reqOutput
	reqOutputFormat
	reqMetadata
	reqTemperature
	reqTopP
	reqTopK
	reqServiceTier
	reqCache
	reqContext
	reqMembers
)

var requestMembers = []string{"model", "messages", "system", "max_tokens", "stream", "stop_sequences", "tools", "tool_choice", "thinking",
	"output_config", "output_format", "metadata", "temperature", "top_p", "top_k", "service_tier", "cache_control", "context_management"}

// Decode reads a Messages request, or one to count its tokens. What it
// returns aliases body. An error is a *canon.RequestError and names the member
// at fault.
func (Dialect) Decode(body []byte) (*canon.Request, error) {
	var f [reqMembers]scan.Value
	extra, err := canon.Pick(scan.Document(body), requestMembers, f[:], nil)
	if err != nil {
		return nil, canon.Errorf("", "%v", err)
	}
	canon.Tunes(extra, "speed", "betas", "anthropic_beta")
	r := &canon.Request{Dialect: "anthropic", Names: &fieldNames, Extra: extra, Model: f[reqModel], Stream: f[reqStream].True(), Usage: true}
	r.ToolSchema, r.FormatSchema = "input_schema", "output_config.format.schema"
	d := decoder{r: r}
	for _, read := range [...]func(*[reqMembers]scan.Value) error{d.settings, d.choice, d.output, d.tools, d.messages} {
		if err := read(&f); err != nil {
			return nil, err
		}
	}
	r.PairCalls()
	return r, nil
}

// decoder reads the parts of a request, or of an answer, into one list.
type decoder struct {
	r     *canon.Request // nil: an answer is read
	parts []canon.Part   // all of them: messages hold pieces of it
	id    scan.Value     // of the answer
	calls int            // of the answer that were read
}

func (d *decoder) settings(f *[reqMembers]scan.Value) error {
	r := d.r
	if f[reqModel].Kind() != scan.String {
		return canon.Errorf("model", "must be a string")
	}
	if k := f[reqStream].Kind(); k != scan.Bool && k != scan.Invalid {
		return canon.Errorf("stream", "must be a boolean")
	}
	if v := f[reqMaxTokens]; v != nil {
		n, ok := v.Int()
		if !ok || n < 0 {
			return canon.Errorf("max_tokens", "must be a whole number, 0 or more")
		}
		r.MaxTokens = n
	}
	r.Fields[canon.Temperature] = f[reqTemperature]
	r.Fields[canon.TopP] = f[reqTopP]
	r.Fields[canon.TopK] = f[reqTopK]
	r.Fields[canon.ServiceTier] = f[reqServiceTier]
	r.Fields[canon.CacheControl] = f[reqCache]
	r.Fields[canon.ContextManagement] = f[reqContext]
	if m := f[reqMetadata]; m != nil {
		r.Fields[canon.Metadata] = m
		if id := m.Get("user_id"); id.Kind() == scan.String {
			r.Fields[canon.User] = id
		}
	}
	if v := f[reqStop]; v != nil && v.Kind() != scan.Array {
		return canon.Errorf("stop_sequences", "must be a list of strings")
	}
	e := f[reqStop].Elements()
	for e.Next() {
		if e.Value().Kind() != scan.String {
			return canon.Errorf("stop_sequences", "must be a list of strings")
		}
		r.Stop = append(r.Stop, e.Value())
	}
	return nil
}

var literalFalse = scan.Value("false")

func (d *decoder) choice(f *[reqMembers]scan.Value) error {
	v := f[reqChoice]
	if v == nil {
		return nil
	}
	c := &d.r.Choice
	c.Raw = v
	switch string(canon.Inside(v.Get("type"))) {
	case "auto":
		c.Mode = canon.ChoiceAuto
	case "any":
		c.Mode = canon.ChoiceRequired
	case "none":
		c.Mode = canon.ChoiceNone
	case "tool":
		c.Mode, c.Name = canon.ChoiceNamed, v.Get("name")
		if c.Name.Kind() != scan.String {
			return canon.Errorf("tool_choice.name", "must be a string")
		}
	default:
		if v.Kind() != scan.Object {
			return canon.Errorf("tool_choice", "must be an object")
		}
		c.Mode = canon.ChoiceOther
	}
	if v.Get("disable_parallel_tool_use").True() {
		d.r.Fields[canon.Parallel] = literalFalse
	}
	return nil
}

// output reads how the answer must look and how much the model is to think about it.
func (d *decoder) output(f *[reqMembers]scan.Value) error {
	format := f[reqOutputFormat] // the older beta's name
	if v := f[reqOutput]; v != nil {
		d.r.Fields[canon.OutputConfig] = v
		if own := v.Get("format"); own != nil {
			format = own
		}
		d.r.Reason.Effort = canon.Inside(v.Get("effort"))
	}
	if len(format) > 0 && format.Kind() != scan.Null {
		out := &d.r.Format
		out.Raw, out.Kind = format, canon.FormatOther
		if string(canon.Inside(format.Get("type"))) == "json_schema" {
			out.Kind, out.Schema = canon.FormatSchema, format.Get("schema")
			if out.Schema.Kind() != scan.Object {
				return canon.Errorf("output_config.format.schema", "must be an object")
			}
		}
	}
	return d.thinking(f[reqThinking])
}

func (d *decoder) thinking(v scan.Value) error {
	reason := &d.r.Reason
	if v == nil {
		return nil
	}
	reason.Raw = v
	switch string(canon.Inside(v.Get("type"))) {
	case "enabled":
		reason.Mode = canon.ReasonOn
		reason.Budget, _ = v.Get("budget_tokens").Int()
	case "adaptive":
		reason.Mode = canon.ReasonAdaptive
	case "disabled":
		reason.Mode = canon.ReasonOff
	default:
		return canon.Errorf("thinking.type", "must be enabled, adaptive or disabled")
	}
	return nil
}

var toolMembers = []string{"type", "name", "description", "input_schema", "cache_control", "strict"}

func (d *decoder) tools(f *[reqMembers]scan.Value) error {
	if v := f[reqTools]; v != nil && v.Kind() != scan.Array {
		return canon.Errorf("tools", "must be a list")
	}
	e := f[reqTools].Elements()
	for i := 0; e.Next(); i++ {
		path := func() string { return fmt.Sprintf("tools[%d]", i) }
		var t [6]scan.Value
		extra, err := canon.Pick(e.Value().Fields(), toolMembers, t[:], nil)
		if err != nil {
			return canon.Errorf(path(), "%v", err)
		}
		canon.Tunes(extra, "eager_input_streaming", "input_examples", "defer_loading", "allowed_callers")
		tool := canon.Tool{Name: t[1], Description: t[2], Schema: t[3], Cache: t[4], Strict: t[5], Raw: e.Value(), Extra: extra}
		tool.Other = len(t[0]) > 0 && string(canon.Inside(t[0])) != "custom"
		if tool.Name.Kind() != scan.String {
			return canon.Errorf(path()+".name", "must be a string")
		}
		d.r.Tools = append(d.r.Tools, tool)
	}
	return nil
}
