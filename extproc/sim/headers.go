package sim

import (
	"net/http"
	"strconv"
)

const (
	jsonType   = "application/json"
	streamType = "text/event-stream; charset=utf-8"
	htmlType   = "text/html"
)

// head sets the headers of an answer as the provider sends them.
func (x *exchange) head(contentType string) {
	h := x.w.Header()
	h["Content-Type"] = []string{contentType}
	if x.do.Close {
		h["Connection"] = []string{"close"}
	}
	if x.do.Gzip {
		h["Content-Encoding"] = []string{"gzip"}
	}
	if contentType == streamType {
		h["Cache-Control"] = []string{"no-cache"}
	}
	if x.do.RetryAfter != "" {
		h["Retry-After"] = []string{x.do.RetryAfter}
	}
	if x.do.RetryAfterMS != nil {
		h["Retry-After-Ms"] = []string{strconv.Itoa(*x.do.RetryAfterMS)}
	}
	limited := x.do.Error == nil && (x.do.Status == http.StatusTooManyRequests || x.do.Quota)
	x.took = x.s.now().Sub(x.arrived)
	x.dialect.head(h, &x.turn, limited)
}
