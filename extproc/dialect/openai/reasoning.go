package openai

import (
	"bytes"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// Reasoning has no place in OpenAI's own chat completions. Two extensions are
// common and both are spoken here: reasoning_content (reasoning at some
// servers) holds the text, and reasoning_details holds what a client must send
// back for the model to go on thinking where it was:
//
//	{"type":"reasoning.text","text":"...","signature":"...","format":"anthropic-claude-v1","index":0}
//	{"type":"reasoning.encrypted","data":"...","format":"anthropic-claude-v1","index":1}
//
// In a stream, the text of one index comes in pieces and its signature last.

// Members of one of the reasoning_details.
const (
	detailType = iota
	detailText
	detailSummary
	detailSignature
	detailData
	detailFormat
	detailMembers
)

var detailNames = []string{"type", "text", "summary", "signature", "data", "format"}

// reasoning reads a message's reasoning: the details if there are any, since
// the text repeats them.
func (d *decoder) reasoning(f *[msgMembers]scan.Value, at int32) {
	e := f[msgDetails].Elements()
	found := false
	for i := int32(0); e.Next(); i++ {
		p, ok := readDetail(e.Value())
		if ok {
			found = true
			p.Place = canon.Place{Message: at, Item: i, List: canon.InReasoning}
			d.parts = append(d.parts, p)
		}
	}
	if text := reasoningText(f[msgReasoningContent], f[msgReasoning]); !found && !canon.Empty(text) {
		d.parts = append(d.parts, canon.Part{Kind: canon.Thinking, Text: text, Place: canon.Place{Message: at, Item: -1, List: canon.InReasoning}})
	}
}

func reasoningText(content, reasoning scan.Value) scan.Value {
	if content.Kind() == scan.String {
		return content
	}
	if reasoning.Kind() == scan.String {
		return reasoning
	}
	return nil
}

// readDetail reads one of the reasoning_details. What only a provider other than
// Anthropic can read is carried whole. It returns false for a kind that it does
// not know, and if a member stands there twice.
func readDetail(v scan.Value) (canon.Part, bool) {
	var f [detailMembers]scan.Value
	if _, err := canon.Pick(v.Fields(), detailNames, f[:], nil); err != nil {
		return canon.Part{}, false
	}
	p := canon.Part{Raw: v, Type: canon.Inside(f[detailType])}
	theirs := f[detailFormat] == nil || bytes.HasPrefix(canon.Inside(f[detailFormat]), []byte("anthropic"))
	switch string(p.Type) {
	case "reasoning.text":
		p.Kind, p.Text = canon.Thinking, f[detailText]
		if theirs {
			p.Signature = f[detailSignature]
		}
	case "reasoning.summary":
		p.Kind, p.Text = canon.Thinking, f[detailSummary]
	case "reasoning.encrypted":
		if p.Text = f[detailData]; theirs {
			p.Kind = canon.Redacted
		}
		return p, p.Text.Kind() == scan.String
	default:
		return p, false
	}
	if canon.Empty(p.Signature) {
		p.Signature = nil
	}
	return p, p.Text.Kind() == scan.String || p.Signature != nil
}
