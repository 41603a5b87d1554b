package openai

import (
	"github.com/headgate/headgate/extproc/canon"
)

// part writes one element of a content list, unless it does not fit.
func (e *encoder) part(p *canon.Part) {
	if !e.supports(p) {
		return
	}
	e.b = canon.AppendComma(e.b)
	if e.same && p.Raw != nil {
		e.b = append(e.b, p.Raw...)
		return
	}
	switch p.Kind {
	case canon.Text:
		e.b = append(append(e.b, `{"type":"text","text":`...), p.Text...)
	case canon.Refusal:
		e.b = append(append(e.b, `{"type":"refusal","refusal":`...), p.Text...)
	case canon.Image:
		e.b = append(e.b, `{"type":"image_url","image_url":{"url":"`...)
		e.data(p)
		e.b = append(e.b, '"')
		e.b = append(canon.AppendRaw(e.b, "detail", p.Detail), '}')
	case canon.Audio:
		e.b = append(append(e.b, `{"type":"input_audio","input_audio":{"data":"`...), p.Data...)
		e.b = append(append(e.b, `","format":"`...), p.Media...)
		e.b = append(e.b, '"', '}')
	case canon.Document:
		e.document(p)
	case canon.Other, canon.ToolCall, canon.ToolResult, canon.Thinking, canon.Redacted: // are no parts of a content list
	}
	e.b = append(e.b, '}')
}

// data writes an address, or data as a data URI.
func (e *encoder) data(p *canon.Part) {
	if p.Source == canon.FromBase64 {
		e.b = append(append(e.b, "data:"...), p.Media...)
		e.b = append(e.b, ";base64,"...)
	}
	e.b = append(e.b, p.Data...)
}

// document writes a document: plain text as text, since files must be PDF.
func (e *encoder) document(p *canon.Part) {
	if p.Source == canon.FromText {
		e.b = append(appendTextOf(append(e.b, `{"type":"text","text":"`...), p), '"')
		return
	}
	e.b = append(e.b, `{"type":"file","file":{"filename":"`...)
	if canon.Empty(p.Name) {
		e.b = append(e.b, "document.pdf"...)
	}
	e.b = append(e.b, canon.Inside(p.Name)...)
	e.b = append(e.b, `","file_data":"`...)
	e.data(p)
	e.b = append(e.b, '"', '}')
}

// isText reports whether a part is text, if only the text of a document.
func isText(p *canon.Part) bool {
	return p.Kind == canon.Text || p.Kind == canon.Document && p.Source == canon.FromText
}

// appendTextOf appends the inside of a text, of a document's after its title.
func appendTextOf(dst []byte, p *canon.Part) []byte {
	if p.Kind == canon.Document && !canon.Empty(p.Name) {
		dst = append(append(dst, canon.Inside(p.Name)...), ':', '\\', 'n')
	}
	return append(dst, canon.Inside(p.Text)...)
}

// reasoning writes an assistant's earlier reasoning if it is wanted back.
func (e *encoder) reasoning(parts []canon.Part) {
	text, details := false, false
	for i := range parts {
		p := &parts[i]
		if p.Place.List != canon.InReasoning && !e.t.Quirks.ReplayReasoning || !e.supports(p) {
			continue
		}
		text = text || p.Kind == canon.Thinking && p.Text != nil
		details = details || (p.Kind == canon.Thinking || p.Kind == canon.Redacted) && p.Raw != nil && e.same
	}
	if text {
		e.b = canon.AppendKey(e.b, "reasoning_content")
		e.b = appendThinking(e.b, parts)
	}
	if details {
		e.b = append(canon.AppendKey(e.b, "reasoning_details"), '[')
		for i := range parts {
			if p := &parts[i]; p.Raw != nil && p.Place.List == canon.InReasoning {
				e.b = append(canon.AppendComma(e.b), p.Raw...)
			}
		}
		e.b = append(e.b, ']')
	}
}

// appendThinking appends the texts of all thinking parts as one string.
func appendThinking(dst []byte, parts []canon.Part) []byte {
	dst = append(dst, '"')
	for i := range parts {
		if parts[i].Kind == canon.Thinking {
			dst = append(dst, canon.Inside(parts[i].Text)...)
		}
	}
	return append(dst, '"')
}
