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
		return nil, canon.AtTop(err)
	}
	r := &canon.Request{Dialect: "anthropic", Names: &fieldNames, Extra: extra, Model: f[reqModel], Stream: f[reqStream].True(), Usage: true}
	r.ToolSchema, r.FormatSchema, r.MaxTokensName = "input_schema", "output_config.format.schema", "max_tokens"
	d := decoder{r: r}
	for _, read := range [...]func(*[reqMembers]scan.Value) error{d.settings, d.choice, d.output, d.tools, d.messages} {
		if err := read(&f); err != nil {
			return nil, err
		}
	}
	canon.Tunes(r.Extra, tuning...)
	canon.Own(r.Extra, own)
	noteThread(r.Extra)
	r.PairCalls()
	r.FindNamesakes()
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
		r.MaxTokens, r.MaxTokensName = n, "max_tokens"
		if n == 0 {
			r.Extra = append(r.Extra, canon.Member{Name: []byte("max_tokens"), Value: v, Inside: true})
		}
	}
	r.Fields[canon.Temperature] = f[reqTemperature]
	r.Fields[canon.TopP] = f[reqTopP]
	r.Fields[canon.TopK] = f[reqTopK]
	r.Fields[canon.ServiceTier] = f[reqServiceTier]
	r.Fields[canon.CacheControl] = f[reqCache]
	r.Fields[canon.ContextManagement] = f[reqContext]
	if err := d.metadata(f[reqMetadata]); err != nil {
		return err
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

func (d *decoder) metadata(v scan.Value) error {
	id := v.Get("user_id")
	if err := first(want(v, scan.Object, "metadata"), want(id, scan.String, "metadata.user_id")); err != nil {
		return err
	}
	d.r.Fields[canon.Metadata] = v
	if id.Kind() == scan.String {
		d.r.Fields[canon.User] = id
	}
	d.tunes("metadata", v, "user_id")
	return nil
}

// Members of a tool.
const (
	toolType = iota
	toolName
	toolDescription
	toolSchema
	toolCache
	toolStrict
	toolMembers
)

var toolNames = []string{"type", "name", "description", "input_schema", "cache_control", "strict"}

func (d *decoder) tools(f *[reqMembers]scan.Value) error {
	if v := f[reqTools]; v != nil && v.Kind() != scan.Array {
		return canon.Errorf("tools", "must be a list")
	}
	e := f[reqTools].Elements()
	for i := 0; e.Next(); i++ {
		tool, err := readTool(e.Value())
		if err != nil {
			return canon.Errorf(fmt.Sprintf("tools[%d]", i), "%v", err)
		}
		d.r.Tools = append(d.r.Tools, tool)
	}
	return nil
}

// readTool reads a tool. A kind that only Anthropic has, some of which have no name, is
// carried whole.
func readTool(v scan.Value) (canon.Tool, error) {
	var f [toolMembers]scan.Value
	extra, err := canon.Pick(v.Fields(), toolNames, f[:], nil)
	if err != nil {
		return canon.Tool{}, err
	}
	tool := canon.Tool{Name: f[toolName], Description: f[toolDescription], Schema: f[toolSchema], Cache: f[toolCache], Strict: f[toolStrict], Raw: v, Extra: extra}
	tool.Other = f[toolType] != nil && string(f[toolType]) != `"custom"`
	if tool.Other {
		return tool, nil
	}
	canon.Tunes(extra, tuningOfTools...)
	if k := tool.Strict.Kind(); k != scan.Bool && k != scan.Invalid {
		return tool, fmt.Errorf("strict must be a boolean")
	}
	return tool, wantString(tool.Name, "name")
}
