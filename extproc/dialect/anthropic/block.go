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
	blockToolName
	blockMembers
)

var blockNames = []string{"type", "text", "cache_control", "source", "id", "name", "input", "tool_use_id", "content", "is_error",
	"thinking", "signature", "data", "title", "tool_name"}

// form is what a kind of block is, and which members it has besides those of all.
type form struct {
	kind    canon.Kind
	members uint
}

// forms are the kinds of blocks that other dialects have words for.
var forms = map[string]form{
	"text":              {canon.Text, 1 << blockText},
	"tool_reference":    {canon.Text, 1 << blockToolName},
	"image":             {canon.Image, 1 << blockSource},
	"document":          {canon.Document, 1<<blockSource | 1<<blockTitle},
	"search_result":     {canon.Document, 1<<blockSource | 1<<blockTitle | 1<<blockContent},
	"tool_use":          {canon.ToolCall, 1<<blockID | 1<<blockName | 1<<blockInput},
	"tool_result":       {canon.ToolResult, 1<<blockCallID | 1<<blockContent | 1<<blockFailed},
	"thinking":          {canon.Thinking, 1<<blockThinking | 1<<blockSignature},
	"redacted_thinking": {canon.Redacted, 1 << blockData},
}

const ofAllBlocks = 1<<blockType | 1<<blockCache

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
	p.Raw, p.Cache, p.Type = v, f[blockCache], canon.Inside(f[blockType])
	form, ok := forms[string(p.Type)]
	if !ok {
		return nil
	}
	p.Kind = form.kind
	for i := range f {
		if f[i] != nil && (form.members|ofAllBlocks)&(1<<i) == 0 {
			p.Extra = append(p.Extra, canon.Member{Name: []byte(blockNames[i]), Value: f[i]})
		}
	}
	if err = d.known(&f, p); err != nil {
		return canon.Errorf(p.Place.Path(), "%v", err)
	}
	canon.Tunes(p.Extra, tuningOfBlocks...)
	if p.Kind == canon.ToolResult {
		return d.result(f[blockContent], p)
	}
	return nil
}

func (d *decoder) known(f *[blockMembers]scan.Value, p *canon.Part) error {
	switch p.Kind {
	case canon.Text:
		if p.Text = f[blockText]; string(p.Type) == "tool_reference" { // other dialects have all tools at hand
			p.Text = f[blockToolName]
			return wantString(p.Text, "tool_name")
		}
		return wantString(p.Text, "text")
	case canon.Image:
		return readSource(f[blockSource], p)
	case canon.Document:
		return readDocument(f, p)
	case canon.ToolCall:
		p.Name, p.Args = f[blockName], f[blockInput]
		return d.call(f[blockID], p)
	case canon.ToolResult:
		p.Failed = f[blockFailed].True()
		p.ID, p.Twin = canon.ReadCallID(f[blockCallID])
		if k := f[blockFailed].Kind(); k != scan.Bool && k != scan.Invalid {
			return fmt.Errorf("is_error must be a boolean")
		}
	case canon.Thinking:
		p.Text = f[blockThinking]
		if !canon.Empty(f[blockSignature]) {
			p.Signature = f[blockSignature]
		}
		return wantString(p.Text, "thinking")
	case canon.Redacted:
		p.Text = f[blockData]
		return wantString(p.Text, "data")
	default: // is no form
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
