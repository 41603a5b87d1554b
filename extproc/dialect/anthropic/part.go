package anthropic

import (
	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/policy/trait"
)

// supports reports whether Anthropic takes a part in turn n; -1 is the system prompt
// or the content of a result.
func (e *encoder) supports(n int, p *canon.Part) bool {
	if e.refuses(p) || !e.admits(n, p.Kind) {
		return false
	}
	switch p.Kind {
	case canon.Text, canon.Refusal:
		return true
	case canon.Thinking:
		return p.Signature != nil && !foreign(p.Signature)
	case canon.Redacted:
		return !foreign(p.Text)
	case canon.Image:
		return fetches(p, imageTypes...)
	case canon.Document:
		return p.Source == canon.FromText || fetches(p, "application/pdf")
	case canon.ToolCall:
		return !p.Broken && e.paired(n, p)
	case canon.ToolResult:
		return e.paired(n, p)
	default:
		return false
	}
}

func (e *encoder) lacks(n int, p *canon.Part) (canon.UnsupportedKind, string) {
	if why, refers := p.RefersToItem(); refers {
		return canon.Meaning, why
	}
	switch {
	case p.Kind == canon.Thinking || p.Kind == canon.Redacted:
		return canon.Tuning, "it takes back only thinking that it signed"
	case n == inSystem && p.Kind != canon.Other:
		return canon.Meaning, "its system prompt is text only"
	case p.Kind == canon.Other && string(p.Type) == "reference":
		return canon.Tuning, "it does not take another provider's references back"
	case p.Kind == canon.Other && (p.Place.List == canon.InReasoning || p.Place.List == canon.InThinkingBlocks):
		return canon.Tuning, "it does not take another provider's reasoning back"
	case p.Kind == canon.ToolCall && !p.Broken:
		return canon.Meaning, "the next message must answer this call"
	case p.Kind == canon.ToolCall:
		return canon.Meaning, "the arguments must be a JSON object"
	case p.Kind == canon.ToolResult:
		return canon.Meaning, "the message before it must make this call"
	case p.Kind == canon.Image && e.t.Quirks.NoImages:
		return canon.Meaning, "it takes no images"
	case p.Kind == canon.Image:
		return canon.Meaning, "it takes images by data and by address only"
	case p.Kind == canon.Audio:
		return canon.Meaning, "it takes no audio"
	case p.Kind == canon.Document && e.t.Traits.PDF == trait.No:
		return canon.Meaning, "the model takes no PDF"
	case p.Kind == canon.Document:
		return canon.Meaning, "it takes documents by PDF data only"
	}
	return canon.Meaning, "it takes no such content"
}
