package responses

import (
	"bytes"
	"strings"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// fieldNames are what the Responses API calls the fields of a request.
var fieldNames = canon.Names{
	canon.Temperature:          "temperature",
	canon.TopP:                 "top_p",
	canon.User:                 "user",
	canon.SafetyIdentifier:     "safety_identifier",
	canon.Metadata:             "metadata",
	canon.ServiceTier:          "service_tier",
	canon.Store:                "store",
	canon.Verbosity:            "text.verbosity",
	canon.PromptCacheKey:       "prompt_cache_key",
	canon.PromptCacheRetention: "prompt_cache_retention",
	canon.Parallel:             "parallel_tool_calls",
	canon.MaxTokens:            "max_output_tokens",
	canon.ToolChoiceField:      "tool_choice",
	canon.ToolsField:           "tools",
	canon.FormatField:          "text.format",
	canon.ReasoningField:       "reasoning.effort",
}

// Members of a request that are no fields, after those that are.
const (
	reqModel = int(canon.NumFields) + iota
	reqInput
	reqInstructions
	reqStream
	reqText
	reqReasoning
	reqMembers
)

// noMember is no member of a request: it is no text.
const noMember = "\xff"

// requestMembers are the members that are read. A field whose name is a path, or empty,
// has no member of its own.
var requestMembers = func() []string {
	names := append(make([]string, 0, reqMembers), fieldNames[:]...)
	for i, name := range names {
		if name == "" || strings.Contains(name, ".") {
			names[i] = noMember
		}
	}
	return append(names, "model", "input", "instructions", "stream", "text", "reasoning")
}()

// Decode reads a request for a response. What it returns aliases body. An error is a
// *canon.RequestError and names the member at fault.
func (Dialect) Decode(body []byte) (*canon.Request, error) {
	var f [reqMembers]scan.Value
	extra, err := canon.Pick(scan.Document(body), requestMembers, f[:], nil)
	if err != nil {
		return nil, canon.AtTop(err)
	}
	r := &canon.Request{Dialect: name, Names: &fieldNames, MessageList: "input", Extra: extra, Model: f[reqModel], Stream: f[reqStream].True(), Usage: true}
	r.ToolSchema, r.FormatSchema = "parameters", "text.format.schema"
	copy(r.Fields[:], f[:])
	d := decoder{r: r}
	d.reserve(f[reqInput])
	for _, read := range [...]func(*[reqMembers]scan.Value) error{d.settings, d.reasons, d.text, d.choice, d.tools, d.instructions, d.input} {
		if err := read(&f); err != nil {
			return nil, err
		}
	}
	canon.Own(r.Extra, own)
	canon.Tunes(r.Extra, tuning...)
	sameUnsaid(r.Extra)
	r.PairCalls()
	r.FindNamesakes()
	d.withoutNamesakes()
	return r, nil
}

// sameUnsaid marks the members that say what is so without them.
func sameUnsaid(extra []canon.Member) {
	for i := range extra {
		m := &extra[i]
		switch string(m.Name) {
		case "truncation":
			m.Read = string(m.Value) == `"disabled"`
		case "top_logprobs":
			m.Read = string(m.Value) == "0"
		case "include":
			m.Read = asksEncrypted(m.Value, true)
		}
	}
}

// asksEncrypted reports whether include asks for encrypted reasoning, and for nothing else
// if it must be alone.
func asksEncrypted(include scan.Value, alone bool) (asked bool) {
	for e := include.Elements(); e.Next(); {
		if string(canon.Inside(e.Value())) == includeReasoning {
			asked = true
		} else if alone {
			return false
		}
	}
	return asked
}

func (d *decoder) settings(f *[reqMembers]scan.Value) error {
	r := d.r
	if f[reqModel].Kind() != scan.String {
		return canon.Errorf("model", "must be a string")
	}
	if n := f[canon.MaxTokens]; n != nil {
		max, ok := n.Int()
		if !ok || max < 0 {
			return canon.Errorf("max_output_tokens", "must be a whole number, 0 or more")
		}
		r.MaxTokens, r.MaxTokensName = max, "max_output_tokens"
	}
	return first(want(f[reqStream], scan.Bool, "stream"), want(f[canon.Parallel], scan.Bool, "parallel_tool_calls"))
}

func (d *decoder) instructions(f *[reqMembers]scan.Value) error {
	v := f[reqInstructions]
	if err := want(v, scan.String, "instructions"); err != nil || canon.Empty(v) {
		return err
	}
	d.parts = append(d.parts, canon.Part{Kind: canon.Text, Text: v, Place: canon.Place{Message: -1, Item: -1, List: canon.InInstructions}})
	d.r.Messages = append(d.r.Messages, canon.Message{Role: canon.RoleSystem, At: -1, Parts: d.since(0)})
	return nil
}

// stateful are the members that bring items which the request does not hold.
var stateful = []string{"previous_response_id", "conversation", "prompt"}

// input reads what the model is asked: a text of the user's, or items.
func (d *decoder) input(f *[reqMembers]scan.Value) error {
	v := f[reqInput]
	switch v.Kind() {
	case scan.String:
		start := len(d.parts)
		d.parts = append(d.parts, canon.Part{Kind: canon.Text, Text: v, Place: canon.Place{Item: -1, List: canon.InInput}})
		d.r.Messages = append(d.r.Messages, canon.Message{Role: canon.RoleUser, Parts: d.since(start)})
		return nil
	case scan.Array:
		return d.items(v)
	case scan.Invalid:
		if d.held() {
			return nil
		}
	default: // no other value is input
	}
	return canon.Errorf("input", "must be a string or a list of items")
}

// held reports whether the server holds items that the request goes on with.
func (d *decoder) held() bool {
	for _, name := range stateful {
		if canon.Has(d.r.Extra, []byte(name)) {
			return true
		}
	}
	return false
}

// reserve makes room for the instructions and for what most items hold.
func (d *decoder) reserve(input scan.Value) {
	n := min(bytes.Count(input, []byte(`"type"`))+2, 1024)
	d.r.Messages, d.parts = make([]canon.Message, 0, n), make([]canon.Part, 0, n)
}

func (d *decoder) items(list scan.Value) error {
	at := int32(0)
	for e := list.Elements(); e.Next(); at++ {
		if carried, err := d.carry(e.Value(), at); carried || err != nil {
			if err != nil {
				return err
			}
			continue
		}
		m, err := d.item(e.Value(), at)
		if err != nil {
			return err
		}
		d.r.Messages = append(d.r.Messages, m)
	}
	if at == 0 && !d.held() {
		return canon.Errorf("input", "must not be empty")
	}
	return nil
}
