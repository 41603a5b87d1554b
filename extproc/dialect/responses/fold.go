package responses

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/scan"
)

// folder makes a response of its events, as the server would have written it: that of the
// last event. Some servers leave its output empty there, so the items are kept as they
// come.
type folder struct {
	response []byte // of the last event
	items    []foldedItem
}

// foldedItem is an item of the output.
type foldedItem struct {
	index int64
	whole []byte // nil: it has begun
}

// maxItems bounds the items of one answer, which are searched one by one.
const maxItems = 1024

// Fold starts making a response of a stream.
func (Dialect) Fold() exchange.Folder { return &folder{} }

// Streamable reports whether a stream can carry what a request asks for. A response that is
// made in the background has no answer to wait for. A look into the body may find the name
// in a text, which only costs the stream.
func (Dialect) Streamable(body []byte, _ *canon.Target) bool {
	return !bytes.Contains(body, []byte(`"background"`))
}

// Frame implements exchange.Folder.
func (f *folder) Frame(raw []byte) *canon.Fault {
	ev := scan.Event(raw)
	data := bytes.TrimSpace(ev.Data())
	if len(data) == 0 {
		return nil
	}
	var e event
	if err := canon.Find(scan.Document(data), eventNames, e[:]); err != nil {
		return canon.Malformed(err.Error())
	}
	kind := e.kind(ev.Field("event"))
	switch string(kind) {
	case "error":
		return readFault(data)
	case "response.output_item.added":
		return f.item(&e, false)
	case "response.output_item.done":
		return f.item(&e, true)
	}
	if ends(kind) {
		return f.end(&e)
	}
	return nil
}

// item takes over an item that begins, or is whole.
func (f *folder) item(e *event, whole bool) *canon.Fault {
	index, ok := e[evOutputIndex].Int()
	if !ok || index < 0 || e[evItem].Kind() != scan.Object {
		return canon.Malformed("an output item without a place")
	}
	at := f.at(index)
	switch {
	case at == nil && len(f.items) == maxItems:
		return canon.Malformed("too many output items")
	case at == nil:
		f.items = append(f.items, foldedItem{index: index})
		at = &f.items[len(f.items)-1]
	}
	if whole {
		at.whole = bytes.Clone(e[evItem])
	}
	return nil
}

func (f *folder) at(index int64) *foldedItem {
	for i := range f.items {
		if f.items[i].index == index {
			return &f.items[i]
		}
	}
	return nil
}

// end takes over the response of the last event.
func (f *folder) end(e *event) *canon.Fault {
	h := e.response()
	if fault := h.fault(e[evResponse]); fault != nil {
		return fault
	}
	if canon.Void(e[evResponse]) {
		return canon.Malformed("the last event holds no response")
	}
	f.response = bytes.Clone(e[evResponse])
	return nil
}

// Answer implements exchange.Folder. An item that came and is not in the last event's
// output is put there.
func (f *folder) Answer(dst []byte) ([]byte, bool) {
	if f.response == nil {
		return dst, false
	}
	n := 0
	output := scan.Value(f.response).Get("output")
	for e := output.Elements(); e.Next(); {
		n++
	}
	if n >= len(f.items) {
		return append(dst, f.response...), true
	}
	slices.SortFunc(f.items, func(a, b foldedItem) int { return cmp.Compare(a.index, b.index) })
	list := []byte{'['}
	for i := range f.items {
		if f.items[i].whole == nil {
			return dst, false
		}
		list = append(canon.AppendComma(list), f.items[i].whole...)
	}
	return scan.Splice(dst, f.response, f.placed(output, append(list, ']'))), true
}

// placed is the edit that gives the response an output.
func (f *folder) placed(was scan.Value, list []byte) []scan.Edit {
	if start, ok := scan.Within(f.response, was); ok {
		return []scan.Edit{{Start: start, End: start + len(was), With: list}}
	}
	member := append(append([]byte(`"output":`), list...), ',')
	at := bytes.IndexByte(f.response, '{') + 1
	return []scan.Edit{{Start: at, End: at, With: member}}
}
