package anthropic

import (
	"fmt"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// Members of a content block.
const (
	blockType = iota
	blockText
	blockCache
	blockSource
	blockID
	blockName
	blockInput
	blockCallID
	blockContent
	blockFailed
	blockThinking
	blockSignature
	blockData
	blockTitle
	blockMembers
)

var blockNames = []string{"type", "text", "cache_control", "source", "id", "name", "input", "tool_use_id", "content", "is_error",
	"thinking", "signature", "data", "title"}

// block reads one content block. A kind that it does not know is carried whole.
func (d *decoder) block(v scan.Value, p *canon.Part) error {
	if v.Kind() != scan.Object {
		return canon.Errorf(p.Place.Path(), "must be an object")
	}
	var f [blockMembers]scan.Value
	var err error
	if p.Extra, err = canon.Pick(v.Fields(), blockNames, f[:], nil); err != nil {
		return canon.Errorf(p.Place.Path(), "%v", err)
	}
	canon.Tunes(p.Extra, "citations", "caller", "context")
	p.Raw, p.Cache, p.Type = v, f[blockCache], canon.Inside(f[blockType])
	if err = d.known(&f, p); err != nil {
		return canon.Errorf(p.Place.Path(), "%v", err)
	}
	if p.Kind == canon.ToolResult {
		return d.result(f[blockContent], p)
	}
	return nil
}

func (d *decoder) known(f *[blockMembers]scan.Value, p *canon.Part) error {
	switch string(p.Type) {
	case "text":
		p.Kind, p.Text = canon.Text, f[blockText]
		return wantString(p.Text, "text")
	case "image":
		p.Kind = canon.Image
		return readSource(f[blockSource], p)
	case "document":
		p.Kind, p.Name = canon.Document, f[blockTitle]
		return readSource(f[blockSource], p)
	case "tool_use":
		p.Kind, p.Name, p.Args = canon.ToolCall, f[blockName], f[blockInput]
		return d.call(f[blockID], p)
	case "tool_result":
		p.Kind, p.Failed = canon.ToolResult, f[blockFailed].True()
		p.ID, p.Twin = canon.ReadCallID(f[blockCallID])
	case "thinking":
		p.Kind, p.Text = canon.Thinking, f[blockThinking]
		if !canon.Empty(f[blockSignature]) {
			p.Signature = f[blockSignature]
		}
		return wantString(p.Text, "thinking")
	case "redacted_thinking":
		p.Kind, p.Text = canon.Redacted, f[blockData]
		return wantString(p.Text, "data")
	}
	return nil
}

// call checks a call of a tool. An answer's counts whatever its server calls it and gives
// it; what a client sends must be what Anthropic takes.
func (d *decoder) call(id scan.Value, p *canon.Part) error {
	if d.r == nil {
		p.ID = canon.ServerCallID(id, d.id, d.calls)
		d.calls++
		return wantString(p.Name, "name")
	}
	p.ID, p.Twin = canon.ReadCallID(id)
	if !canon.IsObject(p.Args) {
		return fmt.Errorf("input must be an object")
	}
	return wantString(p.Name, "name")
}

func (d *decoder) result(v scan.Value, p *canon.Part) error {
	if v == nil {
		return nil
	}
	own := decoder{r: d.r}
	place := p.Place
	place.Nested = 1
	if v.Kind() == scan.String {
		place.Nested = 0
	}
	if err := own.content(v, place); err != nil {
		return err
	}
	p.Content = own.parts
	return nil
}

func wantString(v scan.Value, name string) error {
	if v.Kind() != scan.String {
		return fmt.Errorf("%s must be a string", name)
	}
	return nil
}

// readSource reads where an image's or a document's data come from.
func readSource(v scan.Value, p *canon.Part) error {
	if v.Kind() != scan.Object {
		return fmt.Errorf("source must be an object")
	}
	p.Source = canon.FromOther
	switch string(canon.Inside(v.Get("type"))) {
	case "base64":
		p.Source, p.Media, p.Data = canon.FromBase64, canon.Inside(v.Get("media_type")), canon.Inside(v.Get("data"))
		return wantString(v.Get("data"), "source.data")
	case "url":
		p.Source, p.Data = canon.FromURL, canon.Inside(v.Get("url"))
		return wantString(v.Get("url"), "source.url")
	case "text":
		p.Source, p.Text = canon.FromText, v.Get("data")
		return wantString(p.Text, "source.data")
	case "content":
		if text := contentText(v.Get("content")); text != nil {
			p.Source, p.Text = canon.FromText, text
		}
	case "file":
		p.Source, p.Data = canon.FromFile, canon.Inside(v.Get("file_id"))
	}
	return nil
}

// contentText reads a document that is given as text: a string, or a list of texts,
// which become its lines. It returns nil if there is something else in it.
func contentText(v scan.Value) scan.Value {
	if v.Kind() == scan.String {
		return v
	}
	var text scan.Value
	for e := v.Elements(); e.Next(); {
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
	}
	if text == nil {
		return nil
	}
	return append(text, '"')
}
