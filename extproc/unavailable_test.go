package extproc

import (
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/headgate/headgate/extproc/exchange"
	. "github.com/headgate/headgate/extproc/extproctest"
	"github.com/headgate/headgate/policy"
)

// TestAnAttemptThatEnvoyCouldNotAskAboutIsTheGatewaysFault holds who is to blame, and what
// stands in the row, if Envoy gave up on ext_proc while an attempt was answered: its answer
// to that is a local reply, which names no one.
func TestAnAttemptThatEnvoyCouldNotAskAboutIsTheGatewaysFault(t *testing.T) {
	if string(exchange.ReasonUnavailable) != policy.UnavailableCode {
		t.Fatal("the reason in rows is not the code that clients get")
	}
	for path, request := range map[string]string{
		"/v1/chat/completions": `{"model":"assistant","messages":[{"role":"user","content":"hi"}]}`,
		"/v1/messages":         `{"model":"assistant","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}`,
	} {
		for _, status := range []string{"504", "503"} {
			r := newRig(t, chainPolicy)
			s, id, _ := begin(r, path, request)
			a, _ := attempt(r, id, "gpt", "gpt-4o-mini", Post("/"))
			a.ResponseHeaders(H{":status", "200"}, false)
			s.ResponseHeaders(H{":status", status, "content-type", "application/json", "retry-after", "1", "x-envoy-attempt-count", "1"}, false)
			reply := s.ResponseBody(`{"error":{"code":"gateway_unavailable","message":"x"}}`, true)
			if _, replaced := reply.Body(); replaced || reply.Set(":status") != "" || reply.Set("x-headgate-refused-by") != "gateway" || reply.Removes("retry-after") {
				t.Errorf("Envoy's reply does not pass as it is: %v", reply)
			}
			s.Cancel()
			row := r.row()
			if row.Outcome != "gateway_error" || row.By != "gateway" || len(row.Tried) != 1 || row.Tried[0].Tokens == nil {
				t.Errorf("row %+v", row)
			}
		}
	}
}

// TestWhatEnvoyDidNotShowLeavesItsRowToEnvoysAccount holds that the reply to a request that
// Envoy refused before it asked names an exchange, and tells Envoy so.
func TestWhatEnvoyDidNotShowLeavesItsRowToEnvoysAccount(t *testing.T) {
	r := newRig(t, chainPolicy)
	s := r.Open("router")
	s.ResponseHeaders(H{":status", "400", "content-type", "application/json"}, false)
	reply := s.ResponseBody(`{"error":{"code":"invalid_request"}}`, true)
	if id := reply.Set("x-headgate-exchange-id"); id == "" {
		t.Errorf("no exchange is named: %v", reply)
	}
	s.Cancel()
	if rows := r.rows(); len(rows) != 0 {
		t.Errorf("rows %+v", rows)
	}
}

// TestWhatNobodyHasReadIsEstimated holds that what the only backend had answered when Envoy
// gave up on ext_proc stands in the row, if Envoy's account says that it had.
func TestWhatNobodyHasReadIsEstimated(t *testing.T) {
	for _, answered := range []bool{true, false} {
		r := newRig(t, testPolicy)
		s := r.Open("router")
		id := s.RequestHeaders(Post("/v1/chat/completions"), false).Metadata("exchange")
		s.RequestBody(chatBody)
		s.ResponseHeaders(H{":status", "504", "content-type", "application/json", "x-envoy-attempt-count", "1"}, false)
		s.ResponseBody(`{"error":{"code":"gateway_unavailable"}}`, true)
		s.Cancel()
		r.idle()
		e := entry(id, "ext_proc_error_per-message_timeout_exceeded", 504, nil)
		if answered {
			e.CommonProperties.TimeToFirstUpstreamRxByte = durationpb.New(time.Second)
		}
		sendEntry(t, r, e)
		row := r.row()
		if row.By != "gateway" || row.Reason != "gateway_unavailable" || (row.Tokens != nil) != answered || answered && (row.UsageSource != "estimated" || row.CostNano == nil) {
			t.Errorf("answered %v: row %+v", answered, row)
		}
	}
}
