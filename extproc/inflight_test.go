package extproc

import (
	"testing"

	. "github.com/headgate/headgate/extproc/extproctest"
)

// TestRequestsInFlightCountByModel holds that an exchange counts from when its model is known to its end,
// however it ends, and one that names no model of the policy's never.
func TestRequestsInFlightCountByModel(t *testing.T) {
	r := newRig(t, chainPolicy)
	in := func(want float64) {
		t.Helper()
		r.await("another number of requests in flight", func() bool { return r.gauge("headgate_requests_in_flight") == want })
	}
	const asks = `{"model":"assistant","messages":[{"role":"user","content":"hi"}]}`
	left, _, _ := begin(r, "/v1/chat/completions", asks)
	refused, _, _ := begin(r, "/v1/chat/completions", `{"model":"nobody-serves-it","messages":[]}`)
	in(1)
	answered, _, _ := begin(r, "/v1/chat/completions", asks)
	in(2)
	left.Cancel()
	in(1)
	answered.ResponseHeaders(H{":status", "500", "content-type", "application/json"}, false)
	answered.ResponseBody(`{}`, true)
	answered.Cancel()
	in(0)
	refused.Cancel()
	r.idle()
	in(0)
}
