package texts

import (
	"bytes"
	"encoding/base64"
	"unicode/utf8"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/guard/content"
	"github.com/headgate/headgate/extproc/scan"
)

// Item is a text that was found, and what becomes of it.
type Item struct {
	content.Text
	At     scan.Value // where it stands in the body
	Choice int        // of an answer
	form   form
	raw    []byte // as At holds it: decoded, or as it stands
	view   View
	place  canon.Place
	name   string // where it stands if no place says so
	intro  int    // of base64: bytes of At's text before the data
	edited bool
	fixed  bool
}

// form says how a body holds a text.
type form uint8

const (
	formText   form = iota // a JSON string
	formArgs               // JSON in a JSON string
	formJSON               // JSON as such
	formBase64             // base64 in a JSON string, perhaps with an introduction
)

// collector gathers the texts of one body.
type collector struct {
	body   []byte
	answer bool // thinking is looked at even if the provider has signed it
	items  []Item
}

// add takes a JSON string.
func (c *collector) add(at scan.Value, kind content.Kind, role string, place canon.Place, name string) {
	if at.Kind() != scan.String || len(at) <= 2 {
		return
	}
	c.take(Item{At: at, form: formText, raw: scan.Unescape(at[1 : len(at)-1]), Text: content.Text{Kind: kind, Role: role}, place: place, name: name})
}

// arguments takes the arguments of a tool call, which are JSON as such or in a string; of a
// custom call they are a text.
func (c *collector) arguments(p *canon.Part, role string) {
	if p.Custom {
		c.add(p.Args, content.Arguments, role, p.Place, "")
		return
	}
	it := Item{At: p.Args, form: formJSON, raw: p.Args, Text: content.Text{Kind: content.Arguments, Role: role}, place: p.Place}
	if p.Args.Kind() == scan.String {
		it.form, it.raw = formArgs, scan.Unescape(p.Args[1:len(p.Args)-1])
	}
	if len(it.raw) > 2 { // {} says nothing
		c.take(it)
	}
}

// document takes what a document holds, if that is text.
func (c *collector) document(p *canon.Part, role string) {
	c.add(p.Name, content.Attachment, role, p.Place, "")
	switch p.Source {
	case canon.FromText:
		if len(p.Data) == 0 || !c.base64(p, role) {
			c.add(p.Text, content.Attachment, role, p.Place, "")
		}
	case canon.FromBase64:
		if isText(p.Media) {
			c.base64(p, role)
		}
	case canon.FromURL, canon.FromFile, canon.FromOther: // it is not in the body
	}
}

// base64 takes text that the body holds in base64. It returns false if it is none.
func (c *collector) base64(p *canon.Part, role string) bool {
	start, ok := scan.Within(c.body, p.Data)
	if !ok {
		return false
	}
	open := bytes.LastIndexByte(c.body[:start], '"')
	end := start + len(p.Data)
	data := scan.Unescape(p.Data) // some writers escape each slash
	plain := make([]byte, base64.StdEncoding.DecodedLen(len(data)))
	n, err := base64.StdEncoding.Decode(plain, data)
	if err != nil || open < 0 || end >= len(c.body) || !utf8.Valid(plain[:n]) {
		return false
	}
	c.take(Item{At: c.body[open : end+1], form: formBase64, raw: plain[:n], intro: start - open - 1, Text: content.Text{Kind: content.Attachment, Role: role}, place: p.Place})
	return true
}

// isText reports whether an attachment of a media type, which may hold escapes, is text.
func isText(media []byte) bool {
	media, _, _ = bytes.Cut(scan.Unescape(media), []byte{';'})
	return bytes.HasPrefix(media, []byte("text/")) || bytes.HasSuffix(media, []byte("json")) ||
		bytes.HasSuffix(media, []byte("xml")) || bytes.HasSuffix(media, []byte("yaml")) || bytes.HasSuffix(media, []byte("csv"))
}

// notText are the members of parts that only a provider understands: ids, and what it has
// signed or encrypted.
var notText = []string{"id", "type", "data", "signature", "encrypted_content", "encrypted_index", "encrypted_stdout", "tool_use_id", "call_id", "file_id", "container", "media_type", "cache_control"}

// every takes all strings in a value. In parts that only a provider understands, members that are no
// text are left out.
func (c *collector) every(v scan.Value, kind content.Kind, role string, place canon.Place, name string) {
	switch v.Kind() {
	case scan.String:
		c.add(v, kind, role, place, name)
	case scan.Array:
		for e := v.Elements(); e.Next(); {
			c.every(e.Value(), kind, role, place, name)
		}
	case scan.Object:
		for f := v.Fields(); f.Next(); {
			if kind != content.Opaque || !isNoText(f.Key()) {
				c.every(f.Value(), kind, role, place, name)
			}
		}
	default: // numbers and literals
	}
}

func isNoText(key []byte) bool {
	for _, name := range notText {
		if string(key) == name {
			return true
		}
	}
	return false
}

func (c *collector) members(all []canon.Member, role string, place canon.Place) {
	for i := range all {
		if m := &all[i]; !m.Read && !m.Inside && !isNoText(m.Name) && string(m.Name) != logprobs {
			c.every(all[i].Value, content.Opaque, role, place, "")
		}
	}
}

// again takes the strings in a value of an assistant's message that say again what its parts say, but
// for those that are of a part, and what is signed in a request.
func (c *collector) again(v scan.Value, place canon.Place) {
	from := len(c.items)
	if v.Kind() == scan.String {
		c.add(v, content.Opaque, "assistant", place, "")
	}
	for e := v.Elements(); e.Next(); {
		if c.answer || canon.Empty(e.Value().Get("signature")) {
			c.every(e.Value(), content.Opaque, "assistant", place, "")
		}
	}
	kept := c.items[:from]
	for _, it := range c.items[from:] {
		if !holds(c.items[:from], it.At) {
			kept = append(kept, it)
		}
	}
	c.items = kept
}

// holds reports whether one of the items is the text at the same place.
func holds(items []Item, at scan.Value) bool {
	for i := range items {
		if len(at) > 0 && len(items[i].At) == len(at) && &items[i].At[0] == &at[0] {
			return true
		}
	}
	return false
}

func (c *collector) take(it Item) {
	_, inBody := scan.Within(c.body, it.At)
	it.fixed = !inBody
	c.items = append(c.items, it)
	last := &c.items[len(c.items)-1]
	last.look()
}

// look makes what guards see of the text.
func (it *Item) look() {
	it.view.Reset(it.raw, it.inJSON(), false)
	it.Plain = it.view.Plain
}

// inJSON reports whether the text is a JSON document.
func (it *Item) inJSON() bool { return it.form == formArgs || it.form == formJSON }

// Locate says where the text stands in the client's body.
func (it *Item) Locate() string {
	if it.name != "" {
		return it.name
	}
	return it.place.Path()
}

// Fixed reports whether the text cannot be changed: a reader has put it together of pieces.
func (it *Item) Fixed() bool { return it.fixed }

// Edited reports whether the text was changed.
func (it *Item) Edited() bool { return it.edited }

// Edit is the change of the body that the text's changes come to.
func (it *Item) Edit() exchange.Edit {
	switch it.form {
	case formJSON:
		return exchange.Edit{Text: it.At, Raw: it.raw}
	case formBase64:
		intro := string(scan.Unescape(it.At[1 : 1+it.intro]))
		return exchange.Edit{Text: it.At, With: intro + base64.StdEncoding.EncodeToString(it.raw)}
	case formText, formArgs:
	}
	return exchange.Edit{Text: it.At, With: string(it.raw)}
}
