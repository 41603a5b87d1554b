package responses

import (
	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// piece reads a piece of an item, or a part of it that is whole.
func (d *StreamDecoder) piece(kind []byte, e *event, data []byte) {
	switch string(kind) {
	case "response.output_text.delta":
		d.textOf(e, canon.EventText, e[evContentIndex], e[evDelta], false)
	case "response.output_text.done":
		d.textOf(e, canon.EventText, e[evContentIndex], e[evText], true)
	case "response.refusal.delta":
		d.textOf(e, canon.EventRefusal, e[evContentIndex], e[evDelta], false)
	case "response.refusal.done":
		d.textOf(e, canon.EventRefusal, e[evContentIndex], e[evRefusal], true)
	case "response.reasoning_summary_text.delta":
		d.thinking(e, canon.InItemSummary, e[evSummaryIndex])
	case "response.reasoning_text.delta":
		d.thinking(e, canon.InItemContent, e[evContentIndex])
	case "response.function_call_arguments.delta", "response.custom_tool_call_input.delta":
		d.argsOf(e, e[evDelta], false)
	case "response.function_call_arguments.done":
		d.argsOf(e, e[evArguments], true)
	case "response.custom_tool_call_input.done":
		d.argsOf(e, e[evInput], true)
	case "response.content_part.added", "response.content_part.done", "response.reasoning_text.done",
		"response.reasoning_summary_part.added", "response.reasoning_summary_part.done", "response.reasoning_summary_text.done", "":
		// say nothing that the pieces or the item do not
	default:
		if d.Whole {
			d.emit(canon.Event{Kind: canon.EventOtherDelta, Raw: data})
		}
	}
}

// of returns the item that a piece is of, which has begun unless a server forgot to say so.
func (d *StreamDecoder) of(e *event) *itemSeen {
	index, ok := e[evOutputIndex].Int()
	if !ok {
		index = int64(max(0, len(d.items)-1))
	}
	if it := d.seen(index); it != nil {
		return it
	}
	return d.begin(index, &[itemMembers]scan.Value{itemType: scan.Value(`"message"`)})
}

// textOf reads a text, or a piece of it. All of it counts if no piece of its part came.
func (d *StreamDecoder) textOf(e *event, kind canon.EventKind, part, v scan.Value, all bool) {
	it := d.of(e)
	n, _ := part.Int()
	if it == nil || all && it.spoke && it.part == n {
		return
	}
	d.text(it, kind, n, v)
}

// thinking reads a piece of a reasoning: of what the model thought if the server shows
// that, else of its summary.
func (d *StreamDecoder) thinking(e *event, in canon.List, part scan.Value) {
	it := d.of(e)
	if it == nil || it.shows != canon.InItem && it.shows != in {
		return
	}
	n, _ := part.Int()
	it.shows = in
	d.text(it, canon.EventThinking, n, e[evDelta])
}

// argsOf reads the arguments of a call, or a piece of them.
func (d *StreamDecoder) argsOf(e *event, v scan.Value, all bool) {
	it := d.of(e)
	if it == nil {
		return
	}
	if it.kind != "function_call" && it.kind != "custom_tool_call" {
		d.fail(canon.Malformed("arguments of a call that has not begun"))
		return
	}
	d.args(it, v, all)
}
