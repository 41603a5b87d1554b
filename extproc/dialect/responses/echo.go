package responses

import (
	"strconv"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// appendEcho appends the members of a response that repeat its request, which the types of
// OpenAI's SDKs demand. What a request leaves open has OpenAI's default. A response that is
// translated is kept nowhere, so it names none before it.
func appendEcho(dst []byte, r *canon.Request) []byte {
	if r == nil {
		r = &canon.Request{}
	}
	dst = appendOr(dst, "instructions", instructionsOf(r), "null")
	dst = canon.AppendKey(dst, "max_output_tokens")
	if r.MaxTokens > 0 {
		dst = strconv.AppendInt(dst, r.MaxTokens, 10)
	} else {
		dst = append(dst, "null"...)
	}
	dst = append(dst, `,"previous_response_id":null,"store":false,"background":false`...)
	dst = appendOr(dst, "parallel_tool_calls", r.Fields[canon.Parallel], "true")
	dst = appendOr(dst, "temperature", r.Fields[canon.Temperature], "1.0")
	dst = appendOr(dst, "top_p", r.Fields[canon.TopP], "1.0")
	dst = appendOr(dst, "truncation", extraOf(r, "truncation"), `"disabled"`)
	dst = appendOr(dst, "reasoning", objectOf(r.Reason.Raw), `{"effort":null,"summary":null}`)
	dst = appendOr(append(dst, `,"text":{`...), "format", r.Format.Raw, `{"type":"text"}`)
	dst = append(canon.AppendRaw(dst, "verbosity", r.Fields[canon.Verbosity]), '}')
	dst = appendOr(dst, "tool_choice", r.Choice.Raw, `"auto"`)
	dst = appendOr(dst, "tools", r.ToolList, "[]")
	dst = appendOr(dst, "metadata", r.Fields[canon.Metadata], "{}")
	for _, f := range [...]canon.Field{canon.User, canon.SafetyIdentifier, canon.PromptCacheKey} {
		dst = canon.AppendRaw(dst, fieldNames[f], r.Fields[f])
	}
	return dst
}

// appendOr appends a member with a value, or with another for one that is absent.
func appendOr(dst []byte, name string, v scan.Value, or string) []byte {
	if dst = canon.AppendKey(dst, name); len(v) > 0 {
		return append(dst, v...)
	}
	return append(dst, or...)
}

func instructionsOf(r *canon.Request) scan.Value {
	if len(r.Messages) == 0 || len(r.Messages[0].Parts) == 0 {
		return nil
	}
	p := &r.Messages[0].Parts[0]
	if p.Place.List != canon.InInstructions {
		return nil
	}
	return p.Text
}

func extraOf(r *canon.Request, name string) scan.Value {
	for i := range r.Extra {
		if string(r.Extra[i].Name) == name {
			return r.Extra[i].Value
		}
	}
	return nil
}

func objectOf(v scan.Value) scan.Value {
	if v.Kind() != scan.Object {
		return nil
	}
	return v
}

// oneLine puts blanks in the place of the line ends of JSON, which would end an event's
// data. No string holds any.
func oneLine(text []byte) {
	for i, c := range text {
		if c == '\n' || c == '\r' {
			text[i] = ' '
		}
	}
}
