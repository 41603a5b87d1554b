package responses

import (
	"bytes"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// toolStart begins a call. Those before it that are whole are over.
func (e *StreamEncoder) toolStart(dst []byte, ev *canon.Event) []byte {
	dst = e.closeCalls(e.close(dst, completed))
	it := outItem{kind: canon.ToolCall, tool: ev.Tool, name: bytes.Clone(e.Request.ToolName(ev.Name)), namespace: e.Request.Namespace(ev.Name)}
	it.callID = e.ids.AppendID(nil, e.Request, ev.ID, false)
	it.wraps = !ev.Custom && e.Request.CallsCustom(ev.Name)
	prefix := prefixCall
	if it.custom = ev.Custom || it.wraps; it.custom {
		prefix = prefixCustom
	}
	return e.whole(dst, "response.output_item.added", e.begin(it, prefix), inProgress)
}

// closeCalls ends the calls that are whole.
func (e *StreamEncoder) closeCalls(dst []byte) []byte {
	for i := range e.items {
		if it := &e.items[i]; it.args.Done() {
			dst = e.closeCall(dst, it, completed)
		}
	}
	return dst
}

// toolArgs writes a piece of a call. The text of a custom tool that comes as an argument
// waits until it is whole.
func (e *StreamEncoder) toolArgs(dst []byte, ev *canon.Event) []byte {
	it, text := e.call(ev.Tool), canon.Inside(ev.Text)
	switch {
	case len(text) == 0:
		return dst
	case it == nil:
		return e.Abort(dst, canon.Malformed("arguments for a tool call that is over"))
	case !e.holds(text):
		return e.Abort(dst, tooLong())
	}
	it.text = append(it.text, text...)
	if !it.custom || it.wraps {
		it.args.Feed(text)
	}
	if it.wraps {
		return dst
	}
	return e.argsDelta(dst, it, text)
}

// call returns the open call of a number.
func (e *StreamEncoder) call(tool int) *outItem {
	for i := len(e.items) - 1; i >= 0; i-- {
		if it := &e.items[i]; it.kind == canon.ToolCall && it.tool == tool && !it.closed {
			return it
		}
	}
	return nil
}

func (e *StreamEncoder) argsDelta(dst []byte, it *outItem, text []byte) []byte {
	name := "response.function_call_arguments.delta"
	if it.custom {
		name = "response.custom_tool_call_input.delta"
	}
	return endEvent(canon.AppendQuoted(append(e.itemEvent(dst, name, it), `,"delta":`...), text))
}

// closeCall ends a call that is open. One that was cut off is as incomplete as the answer.
func (e *StreamEncoder) closeCall(dst []byte, it *outItem, status string) []byte {
	if it.kind != canon.ToolCall || it.closed {
		return dst
	}
	if it.args.Done() {
		status = completed
	}
	it.closed, it.status = true, status
	switch none := len(canon.SkipBlank(it.text)) == 0; {
	case it.wraps:
		it.text = canon.Inside(canon.Input(canon.AppendQuoted(nil, it.text)))
		dst = e.argsDelta(dst, it, it.text)
	case none && !it.custom:
		dst = e.argsDelta(dst, it, []byte("{}"))
		it.text = append(it.text, "{}"...)
	}
	name := "response.function_call_arguments.done"
	if it.custom {
		name = "response.custom_tool_call_input.done"
	}
	dst = e.itemEvent(dst, name, it)
	if !it.custom {
		dst = canon.AppendRaw(dst, "name", scan.Value(it.name))
	}
	dst = endEvent(canon.AppendQuoted(canon.AppendKey(dst, it.textName()), it.text))
	return e.whole(dst, "response.output_item.done", it, status)
}
