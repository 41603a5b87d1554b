package responses

import (
	"github.com/headgate/headgate/extproc/canon"
)

// parts writes the elements of a content list.
func (e *encoder) parts(list []canon.Part, text string) {
	for i := range list {
		e.part(&list[i], text)
	}
}

// part writes one element of a content list, unless it does not fit. Text is what a text is
// called there.
func (e *encoder) part(p *canon.Part, text string) {
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
		e.b = append(append(append(e.b, `{"type":"`...), text...), `","text":`...)
		e.b = append(e.b, p.Text...)
	case canon.Refusal:
		e.b = append(append(e.b, `{"type":"refusal","refusal":`...), p.Text...)
	case canon.Image:
		e.b = append(e.b, `{"type":"input_image","image_url":"`...)
		e.data(p)
		e.b = append(e.b, `","detail":`...)
		if p.Detail == nil {
			e.b = append(e.b, `"auto"`...)
		}
		e.b = append(e.b, p.Detail...)
	case canon.Document:
		e.document(p)
	case canon.Audio, canon.Other, canon.ToolCall, canon.ToolResult, canon.Thinking, canon.Redacted: // are no parts of a content list
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
	switch p.Source {
	case canon.FromText:
		e.b = append(appendTextOf(append(e.b, `{"type":"input_text","text":"`...), p), '"')
	case canon.FromURL:
		e.b = canon.AppendQuoted(append(e.b, `{"type":"input_file","file_url":`...), p.Data)
	default:
		e.b = append(e.b, `{"type":"input_file","filename":"`...)
		if canon.Empty(p.Name) {
			e.b = append(e.b, "document.pdf"...)
		}
		e.b = append(append(e.b, canon.Inside(p.Name)...), `","file_data":"`...)
		e.data(p)
		e.b = append(e.b, '"')
	}
}

// isText reports whether a part is text, if only the text of a document.
func isText(p *canon.Part) bool {
	return p.Kind == canon.Text || p.Kind == canon.Refusal || p.Kind == canon.Document && p.Source == canon.FromText
}

// appendTextOf appends the inside of a text, of a document's after its title.
func appendTextOf(dst []byte, p *canon.Part) []byte {
	if p.Kind == canon.Document && !canon.Empty(p.Name) {
		dst = append(append(dst, canon.Inside(p.Name)...), ':', '\\', 'n')
	}
	return append(dst, canon.Inside(p.Text)...)
}
