package responses

import (
	"strings"

	"github.com/headgate/headgate/extproc/scan"
	"github.com/headgate/headgate/extproc/sim/wire"
)

// output is an item of a response.
type output struct {
	kind, id string
	pieces   []string       // what a stream brings one by one
	call     *wire.ToolCall // of a call
	refusal  bool           // of a message
	cited    bool           // of a message: it names a page that was found
	hosted   hosted
	cut      bool // the response ended within it
}

// outputs returns the items of an answer: reasoning, what the provider has run, and then
// either calls or a message. What a conversation is compacted to stands alone.
func (q *request) outputs(ch *wire.Choice) []output {
	var items []output
	add := func(o output, prefix string) {
		o.id = q.place(prefix, len(items)+1)
		items = append(items, o)
	}
	if q.Silent > 0 {
		add(output{kind: "compaction"}, "cmp_")
		return items
	}
	if ch.Hidden > 0 {
		add(output{kind: "reasoning", pieces: ch.Reasoning}, "rs_")
	}
	own, cited := false, false
	for i := range ch.Calls {
		call := &ch.Calls[i]
		h, ok := q.hosted[call.Name]
		own = own || !call.Hosted
		switch {
		case ok:
			cited = cited || call.Name == "web_search"
			add(output{kind: h.item, call: call, hosted: h}, h.prefix)
		case call.Custom:
			add(output{kind: "custom_tool_call", call: call, pieces: call.Pieces}, "ctc_")
		default:
			add(output{kind: "function_call", call: call, pieces: call.Pieces}, "fc_")
		}
	}
	if thought := ch.End == wire.EndLength && ch.Tokens == 0 && len(ch.Pieces) == 0; !own && !thought {
		add(output{kind: "message", pieces: ch.Pieces, refusal: ch.Refused, cited: cited && !ch.Refused}, "msg_")
	}
	if n := len(items); n > 0 {
		items[n-1].cut = q.status == statusIncomplete
	}
	return items
}

// state returns the state of an item: at its beginning, or at its end.
func (o *output) state(ended bool) string {
	switch {
	case !ended:
		return statusInProgress
	case o.cut:
		return statusIncomplete
	default:
		return statusCompleted
	}
}

// appendItem appends an item as it is when it ends, or when it begins.
func (q *request) appendItem(b []byte, o *output, ended bool) []byte {
	b = append(append(append(append(append(b, `{"id":"`...), o.id...), `","type":"`...), o.kind...), '"')
	switch o.kind {
	case "reasoning":
		return append(q.appendReasoning(b, o, ended), '}')
	case "compaction":
		return append(scan.AppendString(append(b, `,"encrypted_content":`...), seal(q.account, q.Silent)), '}')
	}
	if o.kind != "custom_tool_call" {
		b = append(append(append(b, `,"status":"`...), o.state(ended)...), '"')
	}
	text := ""
	if ended {
		text = strings.Join(o.pieces, "")
	}
	switch {
	case o.hosted.item != "":
		b = append(append(b, ','), o.hosted.members(q)...)
		if o.hosted.theirs {
			b = scan.AppendString(append(b, `,"call_id":`...), o.call.ID)
		}
	case o.kind == "message":
		b = append(b, `,"content":[`...)
		if ended {
			b = q.appendPart(b, o, text)
		}
		b = append(b, `],"role":"assistant"`...)
	default:
		b = q.appendCall(b, o, text)
	}
	return append(b, '}')
}

// appendCall appends the members of a call whose text is so far.
func (q *request) appendCall(b []byte, o *output, text string) []byte {
	b = append(scan.AppendString(append(b, `,"`+o.member()+`":`...), text), `,"call_id":`...)
	b = scan.AppendString(append(scan.AppendString(b, o.call.ID), `,"name":`...), o.call.Name)
	if space := q.namespaces[o.call.Name]; space != "" {
		b = scan.AppendString(append(b, `,"namespace":`...), space)
	}
	return b
}

// member returns the name of a call's text.
func (o *output) member() string {
	if o.kind == "custom_tool_call" {
		return "input"
	}
	return "arguments"
}

func (q *request) appendReasoning(b []byte, o *output, ended bool) []byte {
	if q.sealed && ended {
		b = scan.AppendString(append(b, `,"encrypted_content":`...), seal(q.account, q.given.Choices[0].Hidden))
	}
	shown := ended && len(o.pieces) > 0
	b = append(b, `,"summary":[`...)
	if shown && !q.do.ReasoningContent {
		b = appendText(b, "summary_text", strings.Join(o.pieces, ""))
	}
	b = append(b, ']')
	if q.do.ReasoningContent {
		b = append(b, `,"content":[`...)
		if shown {
			b = appendText(b, "reasoning_text", strings.Join(o.pieces, ""))
		}
		b = append(b, ']')
	}
	return b
}

func appendText(b []byte, kind, text string) []byte {
	b = append(append(append(b, `{"type":"`...), kind...), `","text":`...)
	return append(scan.AppendString(b, text), '}')
}

// appendPart appends the part of a message.
func (q *request) appendPart(b []byte, o *output, text string) []byte {
	if o.refusal {
		return append(scan.AppendString(append(b, `{"type":"refusal","refusal":`...), text), '}')
	}
	b = append(b, `{"type":"output_text","annotations":[`...)
	if o.cited && text != "" {
		b = o.appendCitation(b)
	}
	return append(scan.AppendString(append(b, `],"logprobs":[],"text":`...), text), '}')
}

// appendCitation appends the page that the first word of a message is said to be from.
func (o *output) appendCitation(b []byte) []byte {
	b = wire.AppendCount(b, `{"type":"url_citation","end_index":`, len([]rune(o.pieces[0])))
	return append(b, `,"start_index":0,"title":"`+pageTitle+`","url":"`+pageURL+`"}`...)
}
