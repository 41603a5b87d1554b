package openai

import (
	"strconv"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// idPrefix begins the ids of answers.
const idPrefix = "chatcmpl-"

// EncodeAnswer appends an answer as a chat completion to dst.
func (Dialect) EncodeAnswer(dst []byte, r *canon.Response, c canon.Client) []byte {
	same := r.Dialect == "openai"
	c.Own = same
	b := c.AppendAnswerID(append(dst, `{"id":`...), r.ID, idPrefix)
	b = append(b, `,"object":"chat.completion","created":`...)
	b = strconv.AppendInt(b, createdOf(r.Created, c), 10)
	b = c.AppendModel(append(b, `,"model":`...), r.Model)
	b = append(b, `,"choices":[`...)
	ids := canon.CallIDs{}
	for i := range r.Choices {
		b = appendChoice(canon.AppendComma(b), &r.Choices[i], same, callsOf{&ids, c.Request, false})
	}
	b = append(b, ']')
	switch {
	case same:
		b = canon.AppendRaw(b, "usage", r.RawUsage)
		b = canon.AppendRaw(b, "service_tier", r.ServiceTier)
		b = canon.AppendMembers(b, r.Extra)
	case r.Usage.Seen != 0:
		b = appendUsage(canon.AppendKey(b, "usage"), &r.Usage)
	}
	return append(b, '}')
}

func createdOf(created int64, c canon.Client) int64 {
	if created != 0 {
		return created
	}
	return c.Created
}

func appendChoice(b []byte, c *canon.Choice, same bool, calls callsOf) []byte {
	b = strconv.AppendInt(append(b, `{"index":`...), int64(c.Index), 10)
	b = append(b, `,"message":{"role":"assistant","content":`...)
	b = appendText(b, c.Parts, canon.Text)
	b = append(b, `,"refusal":`...)
	b = appendText(b, c.Parts, canon.Refusal)
	if !calls.asked.HidesReasoning() {
		b = appendReasoning(b, c.Parts)
	}
	b = calls.append(b, c.Parts)
	if same {
		b = canon.AppendMembers(b, c.Message)
	}
	b = appendLogprobs(append(b, `},"logprobs":`...), c.Logprobs)
	b = append(b, `,"finish_reason":`...)
	finish := c.Finish
	if finish.Good() && canon.Calls(c.Parts) && !same {
		finish = canon.FinishToolCalls
	}
	switch {
	case calls.asked.KnowsFunctions() && canon.Calls(c.Parts):
		b = append(b, `"function_call"`...)
	case same && c.RawFinish != nil:
		b = append(b, c.RawFinish...)
	default:
		b = scan.AppendString(b, finishWord(finish))
	}
	if same {
		b = canon.AppendMembers(b, c.Extra)
	}
	return append(b, '}')
}

// appendLogprobs appends log probabilities; null: there are none.
func appendLogprobs(b []byte, v scan.Value) []byte {
	if v == nil {
		return append(b, "null"...)
	}
	return append(b, v...)
}

// appendText appends all parts of a kind as one string, null if there is none.
func appendText(b []byte, parts []canon.Part, kind canon.Kind) []byte {
	found := false
	for i := range parts {
		if parts[i].Kind != kind {
			continue
		}
		if !found {
			b = append(b, '"')
			found = true
		}
		b = append(b, canon.Inside(parts[i].Text)...)
	}
	if !found {
		return append(b, "null"...)
	}
	return append(b, '"')
}

// appendReasoning writes reasoning as reasoning_content, and as reasoning_details
// if a client has to send them back.
func appendReasoning(b []byte, parts []canon.Part) []byte {
	text, details := false, false
	for i := range parts {
		p := &parts[i]
		text = text || p.Kind == canon.Thinking && len(canon.Inside(p.Text)) > 0
		details = details || p.Kind == canon.Redacted || p.Kind == canon.Thinking && p.Signature != nil || p.Place.List == canon.InReasoning && p.Raw != nil
	}
	if text {
		b = appendThinking(canon.AppendKey(b, "reasoning_content"), parts)
	}
	if !details {
		return b
	}
	b = append(canon.AppendKey(b, "reasoning_details"), '[')
	n := 0
	for i := range parts {
		p := &parts[i]
		if p.Place.List == canon.InReasoning && p.Raw != nil {
			b = append(canon.AppendComma(b), p.Raw...)
			continue
		}
		switch {
		case p.Kind == canon.Thinking && canon.Sealed(p.Signature):
			b = appendDetail(canon.AppendComma(b), canon.Thinking, p.Text, nil, n)
			b = appendDetail(canon.AppendComma(b), canon.Redacted, p.Signature, nil, n+1)
			n += 2
		case p.Kind == canon.Thinking || p.Kind == canon.Redacted:
			b = appendDetail(canon.AppendComma(b), p.Kind, p.Text, p.Signature, n)
			n++
		}
	}
	return append(b, ']')
}

// appendDetail appends one of the reasoning_details.
func appendDetail(b []byte, kind canon.Kind, text, signature scan.Value, index int) []byte {
	format := `,"format":"anthropic-claude-v1","index":`
	if kind == canon.Redacted {
		b = canon.AppendRaw(append(b, `{"type":"reasoning.encrypted"`...), "data", text)
		if by, id, _, ok := canon.ReadSeal(text); ok && by == canon.MadeByOpenAI {
			b = canon.AppendQuoted(append(b, `,"id":`...), id)
			format = `,"format":"openai-responses-v1","index":`
		}
	} else {
		b = canon.AppendRaw(append(b, `{"type":"reasoning.text"`...), "text", text)
		b = canon.AppendRaw(b, "signature", signature)
	}
	b = strconv.AppendInt(append(b, format...), int64(index), 10)
	return append(b, '}')
}

// appendUsage writes a usage as OpenAI counts: prompt_tokens with what was read
// from and written to a cache, of which cached_tokens is the part that was read.
// What was written stands in cache_write_tokens, and cache_write_1h_tokens is
// the part of it that is kept for an hour.
func appendUsage(b []byte, u *canon.Usage) []byte {
	in, out := u.TotalInput(), u.TotalOutput()
	b = strconv.AppendInt(append(b, `{"prompt_tokens":`...), in, 10)
	b = strconv.AppendInt(append(b, `,"completion_tokens":`...), out, 10)
	b = strconv.AppendInt(append(b, `,"total_tokens":`...), in+out, 10)
	b = strconv.AppendInt(append(b, `,"prompt_tokens_details":{"cached_tokens":`...), u.CacheRead, 10)
	b = strconv.AppendInt(append(b, `,"audio_tokens":`...), u.AudioInput, 10)
	if n := u.CacheWrite5m + u.CacheWrite1h; n > 0 {
		b = strconv.AppendInt(append(b, `,"cache_write_tokens":`...), n, 10)
	}
	if n := u.CacheWrite1h; n > 0 {
		b = strconv.AppendInt(append(b, `,"cache_write_1h_tokens":`...), n, 10)
	}
	b = strconv.AppendInt(append(b, `},"completion_tokens_details":{"reasoning_tokens":`...), u.Reasoning, 10)
	b = strconv.AppendInt(append(b, `,"audio_tokens":`...), u.AudioOutput, 10)
	return append(b, '}', '}')
}
