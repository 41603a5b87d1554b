package sim

import (
	"net/http"
	"strconv"
)

const (
	jsonType   = "application/json"
	streamType = "text/event-stream; charset=utf-8"
	htmlType   = "text/html"
	textType   = "text/plain; charset=utf-8"
	noType     = "none" // as a directive says it
)

// head sets the headers of an answer as the provider sends them.
func (x *exchange) head(contentType string) {
	h := x.w.Header()
	switch {
	case x.Do.Type == noType, contentType == "":
		h["Content-Type"] = nil // else the server would look at the body
	case x.Do.Type != "":
		h["Content-Type"] = []string{x.Do.Type}
	default:
		h["Content-Type"] = []string{contentType}
	}
	if x.Do.Close {
		h["Connection"] = []string{"close"}
	}
	if x.Do.Gzip {
		h["Content-Encoding"] = []string{"gzip"}
	}
	if contentType == streamType {
		h["Cache-Control"] = []string{"no-cache"}
	}
	if x.Do.RetryAfter != "" {
		h["Retry-After"] = []string{x.Do.RetryAfter}
	}
	if x.Do.RetryAfterMS != nil {
		h["Retry-After-Ms"] = []string{strconv.Itoa(*x.Do.RetryAfterMS)}
	}
	limited := x.Do.Error == nil && (x.Do.Status == http.StatusTooManyRequests || x.Do.Quota)
	x.Took = x.s.now().Sub(x.Arrived)
	x.dialect.Head(h, &x.Turn, limited)
}
