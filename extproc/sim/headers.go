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
