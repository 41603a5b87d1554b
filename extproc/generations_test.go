package extproc

import (
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	alsdatav3 "github.com/envoyproxy/go-control-plane/envoy/data/accesslog/v3"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	. "github.com/headgate/headgate/extproc/extproctest"
	"github.com/headgate/headgate/extproc/record"
)

// successor is a process after the rig's, which serves the same socket.
type successor struct {
	*rig
	endings *AccessLog
}

// succession makes the rig the first generation of a socket, and another one the second.
func succession(t *testing.T, first *rig, document string) *successor {
	t.Helper()
	dir := t.TempDir()
	path := func(n uint64) string { return filepath.Join(dir, strconv.FormatUint(n, 10)) }
	second := newRig(t, document)
	for i, r := range []*rig{first, second} {
		g := NewGenerations(uint64(i+1), time.Now(), path)
		r.server.Among(g)
		r.endings.Among(g)
		l, err := Listen(path(uint64(i + 1)))
		if err != nil {
			t.Fatal(err)
		}
		private := GRPC(r.server, r.endings)
		go func() { _ = private.Serve(l) }()
		t.Cleanup(func() { private.Stop(); _ = g.Close() })
	}
	return &successor{second, second.endings}
}

// attemptOf plays the request headers of an attempt whose exchange a process has.
func (s *successor) attemptOf(generation, exchange, backend, model string) (*Stream, *Reply) {
	s.t.Helper()
	m := attemptMessage(exchange, backend, model, Post("/v1/chat/completions"))
	m.MetadataContext.FilterMetadata["io.headgate"].Fields["generation"] = structpb.NewStringValue(generation)
	attempt := s.Open("upstream")
	return attempt, attempt.Raw(m)
}

// TestAnAttemptIsHandedToTheProcessThatHasTheExchange holds that an attempt that comes to the next
// process is prepared and judged by the one that has its exchange.
func TestAnAttemptIsHandedToTheProcessThatHasTheExchange(t *testing.T) {
	r := newRig(t, chainPolicy)
	next := succession(t, r, chainPolicy)
	s, id, _ := begin(r, "/v1/chat/completions", `{"model":"assistant","messages":[{"role":"user","content":"hi"}]}`)
	at, got := next.attemptOf("1", id, "gpt", "gpt-4o-mini")
	if got.Set("authorization") != "Bearer sk-backend-secret" {
		t.Errorf("the attempt gets %v", got)
	}
	if judged := at.ResponseHeaders(Answered("200", "application/json"), false); judged.Set("x-headgate-again") != "" {
		t.Errorf("judged %v", judged)
	}
	at.Cancel()
	if n := next.gauge("headgate_streams_handed_over_total"); n != 1 {
		t.Errorf("%v streams were handed over", n)
	}
	s.ResponseHeaders(Answered("200", "application/json"), false)
	s.ResponseBody(`{"id":"x","object":"chat.completion","model":"gpt-4o-mini","choices":[{"index":0,"message":{"role":"assistant","content":"hello"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}`, true)
	s.Cancel()
	if row := r.row(); row.Outcome != "ok" || len(row.Tried) != 1 || row.Tried[0].Status != 200 {
		t.Errorf("row %+v", row)
	}
}

// TestNobodyIsAskedByAnotherName holds that an attempt goes to no socket but those of generations,
// and fails closed if there is none.
func TestNobodyIsAskedByAnotherName(t *testing.T) {
	r := newRig(t, chainPolicy)
	next := succession(t, r, chainPolicy)
	_, id, _ := begin(r, "/v1/chat/completions", `{"model":"assistant","messages":[{"role":"user","content":"hi"}]}`)
	for _, generation := range []string{"", "2", "3", "../1", "01x", "-1", "1/../1", "99999999999999999999"} {
		if _, got := next.attemptOf(generation, id, "gpt", "gpt-4o-mini"); !joinsNothing(got) {
			t.Errorf("generation %q: %v", generation, got.Err)
		}
	}
	if _, got := next.attemptOf("1", "01UNKNOWN", "gpt", "gpt-4o-mini"); !joinsNothing(got) {
		t.Errorf("an exchange that the other process does not have: %v", got.Err)
	}
}

// joinsNothing reports whether a stream ended because no process has its exchange.
func joinsNothing(r *Reply) bool {
	return status.Code(r.Err) == codes.Unavailable && strings.Contains(r.Err.Error(), "belongs to no exchange")
}

// TestAnEntryIsHandedToTheProcessThatHasTheExchange holds that Envoy's account of an exchange
// reaches the process that has it, and no other makes a row of it.
func TestAnEntryIsHandedToTheProcessThatHasTheExchange(t *testing.T) {
	r := newRig(t, chainPolicy)
	next := succession(t, r, chainPolicy)
	got := make(chan record.Ending, 4)
	r.endings.take = func(e record.Ending) { got <- e }
	next.endings.take = func(e record.Ending) { t.Errorf("the next process takes %+v", e) }
	entry := func(generation string) *alsdatav3.HTTPAccessLogEntry {
		fields := map[string]*structpb.Value{"exchange": structpb.NewStringValue("of " + generation), "generation": structpb.NewStringValue(generation)}
		return &alsdatav3.HTTPAccessLogEntry{CommonProperties: &alsdatav3.AccessLogCommon{
			Metadata: &corev3.Metadata{FilterMetadata: map[string]*structpb.Struct{"io.headgate": {Fields: fields}}},
		}}
	}
	next.endings.sort([]*alsdatav3.HTTPAccessLogEntry{entry("1"), entry("9"), entry("1")})
	for range 2 {
		if e := <-got; e.Exchange != "of 1" {
			t.Errorf("the process that has the exchange gets %+v", e)
		}
	}
}

// TestAnEntryOfARequestThatNobodyAnsweredIsOfTheProcessThatServed holds that Envoy's account of a
// request reaches the process that served as it began, if that lives, and else this one.
func TestAnEntryOfARequestThatNobodyAnsweredIsOfTheProcessThatServed(t *testing.T) {
	r := newRig(t, chainPolicy)
	next := succession(t, r, chainPolicy)
	before, now := make(chan record.Ending, 2), make(chan record.Ending, 2)
	r.endings.take = func(e record.Ending) { before <- e }
	next.endings.take = func(e record.Ending) { now <- e }
	entry := func(request string, began time.Time) *alsdatav3.HTTPAccessLogEntry {
		return &alsdatav3.HTTPAccessLogEntry{Request: &alsdatav3.HTTPRequestProperties{RequestId: request}, CommonProperties: &alsdatav3.AccessLogCommon{StartTime: timestamppb.New(began)}}
	}
	next.endings.sort([]*alsdatav3.HTTPAccessLogEntry{entry("early", time.Now().Add(-time.Hour)), entry("late", time.Now().Add(time.Hour))})
	if e := <-before; e.Request != "early" {
		t.Errorf("the process before gets %+v", e)
	}
	if e := <-now; e.Request != "late" {
		t.Errorf("this process gets %+v", e)
	}
	r.endings.sort([]*alsdatav3.HTTPAccessLogEntry{entry("first", time.Now().Add(-time.Hour))}) // no process was before
	if e := <-before; e.Request != "first" {
		t.Errorf("the first process gets %+v", e)
	}
}
