package extproc

import (
	"bytes"

	"github.com/headgate/headgate/extproc/exchange"
)

// arrivesAsStream reports whether an answer is read as a stream of events: by its label, or
// because it answers the request for one and its label does not say that it is whole. Some servers
// write no label, or the default of what they are built with. The label decides, as the form of an
// answer must be known with its headers.
func arrivesAsStream(req *exchange.Request, status int, h exchange.Headers) bool {
	switch {
	case status != 200:
		return false
	case isEventStream(h):
		return true
	}
	return req.Stream && req.Operation == exchange.Chat && !saysWhole(h)
}

func isEventStream(h exchange.Headers) bool {
	const want = "text/event-stream"
	v := h.Get("content-type")
	return len(v) >= len(want) && bytes.EqualFold(v[:len(want)], []byte(want))
}

// saysWhole reports whether a label names what is never a stream of events: JSON, or the page of
// an error.
func saysWhole(h exchange.Headers) bool {
	label, _, _ := bytes.Cut(h.Get("content-type"), []byte{';'})
	_, kind, _ := bytes.Cut(bytes.ToLower(bytes.TrimSpace(label)), []byte{'/'})
	for _, whole := range []string{"json", "html", "xml"} {
		if string(kind) == whole || bytes.HasSuffix(kind, []byte("+"+whole)) {
			return true
		}
	}
	return false
}
