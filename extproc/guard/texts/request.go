package texts

import (
	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/guard/content"
	"github.com/headgate/headgate/extproc/scan"
)

// OfRequest returns the texts of a request, in the order in which they stand in the canonical
// form. An error is the client's fault.
func OfRequest(req *exchange.Request) ([]Item, error) {
	c := collector{body: req.Body}
	switch req.Operation {
	case exchange.Chat, exchange.CountTokens:
		r, err := req.Canon()
		if err != nil {
			return nil, err
		}
		c.items = make([]Item, 0, len(r.Messages)+len(r.Tools)+4)
		c.request(r)
	default:
		c.every(scan.Value(req.Body).Get("input"), content.Input, "user", canon.Place{}, "input")
	}
	return c.items, nil
}

func (c *collector) request(r *canon.Request) {
	for i := range r.Messages {
		m := &r.Messages[i]
		for j := range m.Parts {
			c.part(&m.Parts[j], roleOf(m.Role))
		}
		c.members(m.Extra, roleOf(m.Role), canon.Place{Message: m.At, Item: -1})
		for j := range m.Extra {
			if x := &m.Extra[j]; x.Read {
				c.again(x.Value, canon.Place{Message: m.At, Item: -1, List: canon.InReasoning})
			}
		}
	}
	for i := range r.Tools {
		c.tool(&r.Tools[i])
	}
	c.every(r.Fields[canon.Prediction], content.Message, "assistant", canon.Place{}, "prediction")
	if r.Format.Raw != nil {
		c.every(r.Format.Schema, content.Definition, "", canon.Place{}, r.FormatName())
	}
}

// part takes the texts of a part of a message, or of an answer.
func (c *collector) part(p *canon.Part, role string) {
	switch p.Kind {
	case canon.Text:
		c.add(p.Text, content.Message, role, p.Place, "")
	case canon.Refusal:
		c.add(p.Text, content.Refusal, role, p.Place, "")
	case canon.Thinking:
		if c.answer || canon.Empty(p.Signature) {
			c.add(p.Text, content.Thinking, role, p.Place, "")
		}
		return
	case canon.Redacted, canon.Image, canon.Audio:
		return
	case canon.Document:
		c.document(p, role)
	case canon.ToolCall:
		c.arguments(p, role)
	case canon.ToolResult:
		for i := range p.Content {
			c.result(&p.Content[i])
		}
	case canon.Other:
		c.every(p.Raw, content.Opaque, role, p.Place, "")
		return
	}
	c.members(p.Extra, role, p.Place)
}

// result takes a part of what a tool said.
func (c *collector) result(p *canon.Part) {
	from := len(c.items)
	c.part(p, "tool")
	for i := range c.items[from:] {
		if it := &c.items[from+i]; it.Kind == content.Message {
			it.Kind = content.Result
		}
	}
}

func (c *collector) tool(t *canon.Tool) {
	if t.Other {
		c.every(t.Raw, content.Definition, "", canon.Place{}, "tools")
		return
	}
	c.add(t.Description, content.Definition, "", canon.Place{}, "tools")
	c.every(t.Schema, content.Definition, "", canon.Place{}, "tools")
}

func roleOf(r canon.Role) string {
	switch r {
	case canon.RoleSystem, canon.RoleDeveloper:
		return "system"
	case canon.RoleUser:
		return "user"
	case canon.RoleAssistant:
		return "assistant"
	case canon.RoleOther:
	}
	return ""
}
