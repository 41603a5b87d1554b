package anthropic

import (
	"bytes"
	"fmt"
	"strconv"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// readDocument reads a document, or a result of a search, which is one too: text with a
// title and an address.
func readDocument(f *[blockMembers]scan.Value, p *canon.Part) error {
	p.Name = f[blockTitle]
	if k := p.Name.Kind(); k != scan.String && k != scan.Invalid {
		return fmt.Errorf("title must be a string")
	}
	if string(p.Type) == "document" {
		return readSource(f[blockSource], p)
	}
	if err := first(wantString(p.Name, "title"), wantString(f[blockSource], "source")); err != nil {
		return err
	}
	name := append(append(p.Name[:len(p.Name)-1:len(p.Name)-1], " ("...), canon.Inside(f[blockSource])...)
	p.Name = append(name, ')', '"')
	readText(f[blockContent], "content", p)
	return nil
}

// readText reads the text of a document if it is text and nothing else.
func readText(v scan.Value, at string, p *canon.Part) {
	p.Source = canon.FromOther
	if text := contentText(v, at, p); text != nil {
		p.Source, p.Text = canon.FromText, text
	}
}

// readSource reads where an image's or a document's data come from.
func readSource(v scan.Value, p *canon.Part) error {
	if v.Kind() != scan.Object {
		return fmt.Errorf("source must be an object")
	}
	p.Source = canon.FromOther
	kind := string(canon.Inside(v.Get("type")))
	known := sourceMembers[kind]
	p.Extra = canon.Strangers(p.Extra, "source", v, known...)
	switch kind {
	case "base64":
		p.Source, p.Media, p.Data = canon.FromBase64, canon.Inside(v.Get("media_type")), canon.Inside(v.Get("data"))
		return first(wantString(v.Get("data"), "source.data"), wantString(v.Get("media_type"), "source.media_type"))
	case "url":
		p.Source, p.Data = canon.FromURL, canon.Inside(v.Get("url"))
		return wantString(v.Get("url"), "source.url")
	case "text":
		p.Source, p.Text = canon.FromText, v.Get("data")
		if media := v.Get("media_type"); media != nil && string(media) != `"text/plain"` {
			return fmt.Errorf("source.media_type must be text/plain")
		}
		return wantString(p.Text, "source.data")
	case "content":
		readText(v.Get("content"), "source.content", p)
	case "file":
		p.Source, p.Data = canon.FromFile, canon.Inside(v.Get("file_id"))
	}
	return nil
}

// sourceMembers are the members of each kind of source.
var sourceMembers = map[string][]string{
	"base64":  {"type", "media_type", "data"},
	"url":     {"type", "url"},
	"text":    {"type", "media_type", "data"},
	"content": {"type", "content"},
	"file":    {"type", "file_id"},
}

// contentText reads a document that is given as text: a string, or a list of texts,
// which become its lines. It returns nil if there is something else in it. What is lost
// of the texts are members of the part.
func contentText(v scan.Value, at string, p *canon.Part) scan.Value {
	if v.Kind() == scan.String {
		return v
	}
	var text scan.Value
	e := v.Elements()
	for i := 0; e.Next(); i++ {
		line := canon.Inside(e.Value().Get("text"))
		if string(canon.Inside(e.Value().Get("type"))) != "text" || line == nil {
			return nil
		}
		if text == nil {
			text = append(text, '"')
		} else {
			text = append(text, '\\', 'n')
		}
		text = append(text, line...)
		n := len(p.Extra)
		p.Extra = canon.Strangers(p.Extra, at+"["+strconv.Itoa(i)+"]", e.Value(), "type", "text")
		tuneTexts(p.Extra[n:])
	}
	if text == nil {
		return nil
	}
	return append(text, '"')
}

// tuneTexts marks what is lost of the texts of a document.
func tuneTexts(extra []canon.Member) {
	for i := range extra {
		name := extra[i].Name
		name = name[bytes.LastIndexByte(name, '.')+1:]
		extra[i].Tuning = string(name) == "cache_control" || string(name) == "citations"
	}
}
