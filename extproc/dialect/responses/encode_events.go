package responses

import (
	"bytes"
	"strconv"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// StreamEncoder writes the stream of a response. Items follow each other in the order in
// which they begin; calls that are not whole stay open beside later items. How the response
// ended, and its usage, wait for the end of the answer. Not for concurrent use.
//
// In a stream of this dialect it follows the frames that pass, so that what it writes once
// it takes over goes on with their numbers and ids.
type StreamEncoder struct {
	client
	head    []byte // of each response, up to its status
	echo    []byte // what each response repeats of its request
	seq     int64  // the next sequence number
	items   []outItem
	choice  canon.OneChoice
	open    int // 1 more than the index in items of the open message or reasoning; 0: none
	held    int // bytes of text that items hold
	ids     canon.CallIDs
	usage   canon.Usage
	finish  canon.Finish
	refused bool
	theirs  theirs
	started bool
	ended   bool
}

// Encoder starts writing a stream for a client.
func (Dialect) Encoder(c canon.Client) canon.StreamEncoder {
	return &StreamEncoder{client: client{Client: c}}
}

// Ended reports whether the stream has got its end, good or bad.
func (e *StreamEncoder) Ended() bool { return e.ended }

// Append appends what an event means for the client to dst. Of several choices the first
// counts.
func (e *StreamEncoder) Append(dst []byte, ev *canon.Event) []byte {
	if e.ended || e.choice.Skips(ev) {
		return dst
	}
	if e.follow(ev); !e.started {
		dst = e.start(dst, ev)
	}
	switch ev.Kind {
	case canon.EventText, canon.EventRefusal, canon.EventThinking:
		return e.say(dst, ev)
	case canon.EventSignature:
		return e.signature(dst, ev.Text)
	case canon.EventRedacted:
		return e.redacted(dst, ev.Text)
	case canon.EventToolStart:
		return e.toolStart(dst, ev)
	case canon.EventToolArgs:
		return e.toolArgs(dst, ev)
	case canon.EventBlockEnd:
		return e.closePart(dst)
	case canon.EventOther:
		return e.other(dst, ev)
	case canon.EventOtherDelta:
		return e.otherDelta(dst, ev)
	case canon.EventFinish:
		e.finish = ev.Finish
	case canon.EventUsage:
		e.usage.Overwrite(ev.Usage)
	case canon.EventFailed:
		return e.Abort(dst, ev.Fault)
	case canon.EventDone:
		return e.done(dst)
	case canon.EventStart, canon.EventBlockStart, canon.EventBlank, canon.EventComment: // say nothing beyond the head
	}
	return dst
}

// Abort ends the stream with an error, in the form that SDKs raise, and with a response
// that failed if one has begun.
func (e *StreamEncoder) Abort(dst []byte, f *canon.Fault) []byte {
	if e.ended {
		return dst
	}
	e.ended = true
	body, _ := Dialect{}.EncodeFault(nil, f)
	fault := scan.Value(body).Get("error")
	dst = e.event(dst, "error")
	for _, name := range [...]string{"code", "message", "param"} {
		dst = canon.AppendRaw(dst, name, fault.Get(name))
	}
	dst = endEvent(canon.AppendRaw(dst, "error", fault))
	if !e.started {
		return dst
	}
	dst = append(e.event(dst, "response.failed"), `,"response":`...)
	dst = append(append(dst, e.head...), `,"status":"failed","error":{"code":`...)
	if code := fault.Get("code"); code.Kind() == scan.String {
		dst = append(dst, code...)
	} else {
		dst = append(dst, `"server_error"`...)
	}
	dst = canon.AppendRaw(dst, "message", fault.Get("message"))
	dst = append(dst, `},"incomplete_details":null,"output":[`...)
	dst = append(e.output(dst), `],"usage":null`...)
	return endEvent(append(append(dst, e.echo...), '}'))
}

// start writes the events that a response has begun.
func (e *StreamEncoder) start(dst []byte, ev *canon.Event) []byte {
	if ev.Kind == canon.EventFailed { // none has
		return dst
	}
	e.started = true
	e.answer = bytes.Clone(ev.ID)
	e.head = appendHead(e.head, ev.ID, ev.Model, ev.Created, &e.Client)
	e.echo = appendEcho(e.echo, e.Request)
	oneLine(e.echo)
	for _, name := range [...]string{"response.created", "response.in_progress"} {
		dst = append(append(e.event(dst, name), `,"response":`...), e.head...)
		dst = append(dst, `,"status":"in_progress","error":null,"incomplete_details":null,"output":[],"usage":null`...)
		dst = endEvent(append(append(dst, e.echo...), '}'))
	}
	return dst
}

// event begins an event, which endEvent ends.
func (e *StreamEncoder) event(dst []byte, name string) []byte {
	dst = append(append(dst, "event: "...), name...)
	dst = append(append(append(dst, "\ndata: {\"type\":\""...), name...), `","sequence_number":`...)
	e.seq++
	return strconv.AppendInt(dst, e.seq-1, 10)
}

func endEvent(dst []byte) []byte { return append(dst, '}', '\n', '\n') }

// itemEvent begins an event about an item, or about a part of it.
func (e *StreamEncoder) itemEvent(dst []byte, name string, it *outItem) []byte {
	dst = append(append(e.event(dst, name), `,"item_id":"`...), it.id...)
	return strconv.AppendInt(append(dst, `","output_index":`...), it.index, 10)
}

func (e *StreamEncoder) partEvent(dst []byte, name string, it *outItem) []byte {
	dst = append(e.itemEvent(dst, name, it), it.partIndex()...)
	return strconv.AppendInt(dst, it.part, 10)
}

// whole writes an item that has begun, or is whole.
func (e *StreamEncoder) whole(dst []byte, name string, it *outItem, status string) []byte {
	dst = strconv.AppendInt(append(e.event(dst, name), `,"output_index":`...), it.index, 10)
	dst = it.append(append(dst, `,"item":`...), status)
	return endEvent(dst)
}

// output appends the items that are whole.
func (e *StreamEncoder) output(dst []byte) []byte {
	for i := range e.items {
		if it := &e.items[i]; it.closed {
			dst = it.append(canon.AppendComma(dst), it.status)
		}
	}
	return dst
}

func (e *StreamEncoder) done(dst []byte) []byte {
	end := endOf(e.finish, e.refused)
	dst = e.close(dst, end.status)
	for i := range e.items {
		dst = e.closeCall(dst, &e.items[i], end.status)
	}
	e.ended = true
	dst = append(append(e.event(dst, "response."+end.status), `,"response":`...), e.head...)
	dst = append(end.append(dst), `,"output":[`...)
	dst = append(e.output(dst), ']')
	e.Complete(&e.usage)
	dst = appendUsage(canon.AppendKey(dst, "usage"), &e.usage)
	return endEvent(append(append(dst, e.echo...), '}'))
}
