package responses

import (
	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// itemSeen is an item of which events come.
type itemSeen struct {
	index int64 // as the server counts
	kind  string
	tool  int        // of a call, as we count
	part  int64      // of which pieces came last
	spoke bool       // pieces of a part came
	shows canon.List // of a reasoning: the list whose texts are shown; InItem: none yet
	head  canon.ArgsHead
}

// item reads an item that begins, or is whole.
func (d *StreamDecoder) item(e *event, whole bool) {
	index, ok := e[evOutputIndex].Int()
	if !ok {
		index = int64(len(d.items))
	}
	d.itemAt(index, e[evItem], whole)
}

func (d *StreamDecoder) itemAt(index int64, v scan.Value, whole bool) {
	var f [itemMembers]scan.Value
	var err error
	if d.extra, err = canon.Pick(v.Fields(), itemNames, f[:], d.extra[:0]); err != nil {
		d.fail(canon.Malformed("an output item that cannot be read: " + err.Error()))
		return
	}
	it := d.seen(index)
	if it == nil {
		it = d.begin(index, &f)
	}
	if it != nil && whole {
		d.whole(it, v, &f)
	}
}

// seen returns an item that has begun, nil for a new one.
func (d *StreamDecoder) seen(index int64) *itemSeen {
	for i := len(d.items) - 1; i >= 0; i-- {
		if d.items[i].index == index {
			return &d.items[i]
		}
	}
	return nil
}

// begin takes note of a new item. It returns nil if it cannot, which ends the stream.
func (d *StreamDecoder) begin(index int64, f *[itemMembers]scan.Value) *itemSeen {
	if len(d.items) == maxItems {
		d.fail(canon.Malformed("too many output items"))
		return nil
	}
	d.items = append(d.items, itemSeen{index: index, kind: string(canon.Inside(f[itemType])), shows: canon.InItem})
	it := &d.items[len(d.items)-1]
	custom := it.kind == "custom_tool_call"
	if !custom && it.kind != "function_call" {
		return it
	}
	if f[itemName].Kind() != scan.String || canon.Empty(f[itemName]) {
		d.fail(canon.Malformed("a tool call without a name"))
		return nil
	}
	it.tool = d.tools
	d.tools++
	id := canon.ServerCallID(f[itemCallID], d.id, it.tool)
	d.emit(canon.Event{Kind: canon.EventToolStart, Tool: it.tool, ID: id, Name: f[itemName], Custom: custom})
	return it
}

// whole reads what an item says of which no piece came, and ends it.
func (d *StreamDecoder) whole(it *itemSeen, v scan.Value, f *[itemMembers]scan.Value) {
	switch it.kind {
	case "message":
		d.message(it, f[itemContent])
	case "function_call":
		d.args(it, f[itemArguments], true)
	case "custom_tool_call":
		d.args(it, f[itemInput], true)
	case "reasoning":
		d.reasoned(it, v, f)
	default:
		if d.Whole {
			d.emit(canon.Event{Kind: canon.EventOther, Raw: v})
		}
	}
	d.emit(canon.Event{Kind: canon.EventBlockEnd})
}

// message reads the content of a message.
func (d *StreamDecoder) message(it *itemSeen, content scan.Value) {
	list := content.Elements()
	for i, silent := int64(0), !it.spoke; silent && list.Next(); i++ {
		switch v := list.Value(); string(canon.Inside(v.Get("type"))) {
		case "output_text":
			d.text(it, canon.EventText, i, v.Get("text"))
		case "refusal":
			d.text(it, canon.EventRefusal, i, v.Get("refusal"))
		}
	}
}

// reasoned reads the texts of a reasoning, and what only its maker can read: the signature
// of what was shown, or what is hidden.
func (d *StreamDecoder) reasoned(it *itemSeen, v scan.Value, f *[itemMembers]scan.Value) {
	list := f[itemContent]
	if canon.Void(list) {
		list = f[itemSummary]
	}
	texts := list.Elements()
	for i, silent := int64(0), !it.spoke; silent && texts.Next(); i++ {
		d.text(it, canon.EventThinking, i, texts.Value().Get("text"))
	}
	kind, content := canon.EventSignature, f[itemEncrypted]
	by, label, text, sealed := canon.ReadSeal(content)
	switch {
	case content.Kind() != scan.String || canon.Empty(content):
		return
	case !sealed || by != canon.MadeByAnthropic:
		if !it.spoke {
			kind = canon.EventRedacted
		}
		content = canon.AppendSeal(nil, canon.MadeByOpenAI, canon.Inside(v.Get("id")), canon.Inside(content))
	default:
		if string(label) == labelRedacted {
			kind = canon.EventRedacted
		}
		content = canon.AppendQuoted(nil, text)
	}
	d.emit(canon.Event{Kind: kind, Text: content})
}

// text reads a text of a part of an item, or a piece of it.
func (d *StreamDecoder) text(it *itemSeen, kind canon.EventKind, part int64, v scan.Value) {
	if v.Kind() != scan.String || canon.Empty(v) {
		return
	}
	if it.spoke && it.part != part {
		d.emit(canon.Event{Kind: canon.EventBlockEnd})
	}
	it.spoke, it.part = true, part
	d.emit(canon.Event{Kind: kind, Text: v})
}

// args reads the arguments of a call, or a piece of them. All of them count if no piece
// came.
func (d *StreamDecoder) args(it *itemSeen, v scan.Value, all bool) {
	if all && it.spoke || v.Kind() != scan.String {
		return
	}
	it.spoke = it.spoke || !canon.Empty(v)
	if it.kind == "function_call" {
		v = it.head.Feed(v)
	}
	if !canon.Empty(v) {
		d.emit(canon.Event{Kind: canon.EventToolArgs, Tool: it.tool, Text: v, Custom: it.kind != "function_call"})
	}
}
