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
//	{"type":"reasoning.encrypted","data":"hg1.openai...","id":"rs_1","format":"openai-responses-v1","index":2}
//
// What OpenAI's Responses encrypted is under its seal (canon.AppendSeal): what another
// gateway's account was given there would be refused.
//
// In a stream, the text of one index comes in pieces and its signature last.

// A third is LiteLLM's: thinking_blocks holds them as Anthropic writes them.

// keepReasoning notes what a client's message says of reasoning, as it stands there: a
// server of this dialect gets it so.
func keepReasoning(m *canon.Message, f *[msgMembers]scan.Value) {
	for _, k := range [...]struct {
		member int
		kind   scan.Kind
	}{{msgReasoningContent, scan.String}, {msgReasoning, scan.String}, {msgDetails, scan.Array}, {msgBlocks, scan.Array}} {
		if v := f[k.member]; v != nil && m.Role != canon.RoleOther {
			m.Extra = append(m.Extra, canon.Member{Name: []byte(messageMembers[k.member]), Value: v, Read: v.Kind() == k.kind})
		}
	}
}

// keptReasoning reports whether a message's reasoning is among its members.
func keptReasoning(m *canon.Message) bool {
	for i := range m.Extra {
		if m.Extra[i].Read {
			return true
		}
	}
	return false
}

// reasoning reads a message's reasoning: the details or the blocks if there are any, since
// the text repeats them.
func (d *decoder) reasoning(f *[msgMembers]scan.Value, at int32) {
	place := canon.Place{Message: at, List: canon.InReasoning}
	found := d.thoughts(f[msgDetails], place, readDetail)
	if !found {
		found = d.thoughts(f[msgBlocks], canon.Place{Message: at, List: canon.InThinkingBlocks}, readBlock)
	}
	if text := reasoningText(f[msgReasoningContent], f[msgReasoning]); !found && !canon.Empty(text) {
		place.Item = -1
		d.parts = append(d.parts, canon.Part{Kind: canon.Thinking, Text: text, Place: place})
	}
}

// reasoningForms returns the forms in which an answer's reasoning is written; nil: no more than one.
func reasoningForms(f *[msgMembers]scan.Value) (all []scan.Value) {
	for _, i := range [...]int{msgReasoningContent, msgReasoning, msgDetails, msgBlocks} {
		if v := f[i]; !canon.Void(v) {
			all = append(all, v)
		}
	}
	if len(all) < 2 {
		return nil
	}
	return all
}

// thoughts reads a list of pieces of reasoning. Of a client's, those that are not known
// are carried whole.
func (d *decoder) thoughts(list scan.Value, place canon.Place, read func(scan.Value) (canon.Part, bool)) (found bool) {
	e := list.Elements()
	for ; e.Next(); place.Item++ {
		p, ok := read(e.Value())
		if !ok && d.r == nil {
			continue
		}
		if !ok {
			p = canon.Part{}
		}
		p.Raw, p.Place, found = e.Value(), place, found || ok
		d.parts = append(d.parts, p)
	}
	return found
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

// Members of one of the reasoning_details.
const (
	detailType = iota
	detailText
	detailSummary
	detailSignature
	detailData
	detailFormat
	detailID
	detailIndex
	detailMembers
)

var detailNames = []string{"type", "text", "summary", "signature", "data", "format", "id", "index"}

// readDetail reads one of the reasoning_details. What only a provider other than
// Anthropic can read is carried whole. It returns false for a kind that it does
// not know, and if a member stands there twice.
func readDetail(v scan.Value) (p canon.Part, ok bool) {
	var f [detailMembers]scan.Value
	var err error
	if p.Extra, err = canon.Pick(v.Fields(), detailNames, f[:], nil); err != nil {
		return p, false
	}
	p.Type = canon.Inside(f[detailType])
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
		if p.Text = f[detailData]; theirs || canon.Sealed(p.Text) {
			p.Kind = canon.Redacted
		}
		return p, p.Text.Kind() == scan.String
	default:
		return p, false
	}
	return p, signed(&p)
}

var blockMembers = []string{"type", "thinking", "signature", "data"}

// readBlock reads one of the thinking_blocks. It returns false for what it does not know.
func readBlock(v scan.Value) (p canon.Part, ok bool) {
	var f [4]scan.Value
	var err error
	if p.Extra, err = canon.Pick(v.Fields(), blockMembers, f[:], nil); err != nil {
		return p, false
	}
	p.Type = canon.Inside(f[0])
	switch string(p.Type) {
	case "thinking":
		p.Kind, p.Text, p.Signature = canon.Thinking, f[1], f[2]
		return p, signed(&p)
	case "redacted_thinking":
		p.Kind, p.Text = canon.Redacted, f[3]
		return p, p.Text.Kind() == scan.String
	}
	return p, false
}

// signed reports whether a piece of thinking holds a text or a signature.
func signed(p *canon.Part) bool {
	if canon.Empty(p.Signature) {
		p.Signature = nil
	}
	return p.Text.Kind() == scan.String || p.Signature != nil
}
