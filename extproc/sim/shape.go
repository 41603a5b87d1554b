package sim

import (
	"fmt"
	"net/http"

	"github.com/headgate/headgate/extproc/scan"
	"github.com/headgate/headgate/extproc/sim/wire"
)

// streams reports whether the answer is a stream: what was asked for, unless the script says
// otherwise.
func (x *exchange) streams() bool {
	switch {
	case x.Do.Form == wire.FormStream && !x.Call.Stream:
		x.Call.IncludeUsage = true // as the whole answer that was asked for has it
		return true
	case x.Do.Form == wire.FormJSON:
		return false
	default:
		return x.Call.Stream
	}
}

const unheard = "event: unheard.of\ndata: {\"type\":\"unheard.of\"}"

// reshaped returns the events of a stream as the script wants them: without members, out of
// order, some twice, some that nobody knows.
func (x *exchange) reshaped(st *wire.Stream) *wire.Stream {
	do, n := &x.Do, len(st.Events)
	if len(do.Without) == 0 && do.Twice == nil && do.Swap == nil && do.Unknown == nil || n == 0 {
		return st
	}
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	if do.Swap != nil && n > 1 {
		i := min(*do.Swap, n-1) - 1
		order[i], order[i+1] = order[i+1], order[i]
	}
	out := &wire.Stream{}
	for at, i := range order {
		event := wire.LackingEvent(st.Bytes(i), do.Without)
		out.Out, out.Hidden = max(out.Out, st.Events[i].Out), max(out.Hidden, st.Events[i].Hidden)
		if do.Unknown != nil && at == min(*do.Unknown, n)-1 {
			out.Add([]byte(unheard))
		}
		out.Add(event)
		if do.Twice != nil && at == min(*do.Twice, n)-1 {
			out.Add(event)
		}
	}
	return out
}

// foreign renders an error in the form of another kind of server.
func foreign(shape string, e *wire.Error) (contentType string, body []byte) {
	message := e.Message
	if message == "" {
		message = http.StatusText(e.Status)
	}
	quoted := string(scan.AppendString(nil, message))
	switch shape {
	case wire.ErrorList:
		return jsonType, fmt.Appendf(nil, `[{"error":{"code":%d,"message":%s,"status":"FAILED_PRECONDITION"}}]`, e.Status, quoted)
	case wire.ErrorDetail:
		return jsonType, fmt.Appendf(nil, `{"detail":%s}`, quoted)
	case wire.ErrorDetails:
		return jsonType, fmt.Appendf(nil, `{"detail":[{"type":"value_error","loc":["body"],"msg":%s}]}`, quoted)
	case wire.ErrorString:
		return jsonType, fmt.Appendf(nil, `{"error":%s}`, quoted)
	case wire.ErrorFlat:
		return jsonType, fmt.Appendf(nil, `{"object":"error","message":%s,"type":"BadRequestError","param":null,"code":%d}`, quoted, e.Status)
	case wire.ErrorText:
		return textType, []byte(message + "\n")
	case wire.ErrorHTML:
		return htmlType, fmt.Appendf(nil, "<html><head><title>%d</title></head><body><h1>%d %s</h1></body></html>\n", e.Status, e.Status, http.StatusText(e.Status))
	default: // wire.ErrorEmpty
		return "", nil
	}
}
