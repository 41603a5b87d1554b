package extproc

import (
	"encoding/json"
	"strings"
	"testing"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/structpb"

	. "github.com/headgate/headgate/extproc/extproctest"
)

// foldPolicy has a model of which a stream is asked for.
var foldPolicy = strings.Replace(testPolicy, "assistant: gpt/gpt-4o-mini", "assistant: {chain: [gpt/gpt-4o-mini], ask: stream}", 1)

// answerAt plays the headers of an exchange's answer at the fold level.
func answerAt(r *rig, id string, h H, end bool) *Stream {
	s := r.Open("fold")
	r.attempts = append(r.attempts, s)
	headers := &corev3.HeaderMap{}
	for i := 0; i+1 < len(h); i += 2 {
		headers.Headers = append(headers.Headers, &corev3.HeaderValue{Key: h[i], RawValue: []byte(h[i+1])})
	}
	s.Tell(&extprocv3.ProcessingRequest{
		MetadataContext: &corev3.Metadata{FilterMetadata: map[string]*structpb.Struct{"io.headgate": {
			Fields: map[string]*structpb.Value{"exchange": structpb.NewStringValue(id)}}}},
		Request: &extprocv3.ProcessingRequest_ResponseHeaders{ResponseHeaders: &extprocv3.HttpHeaders{Headers: headers, EndOfStream: end}},
	})
	return s
}

// more plays a piece of the answer's body.
func more(s *Stream, text string, end bool) {
	s.Tell(&extprocv3.ProcessingRequest{Request: &extprocv3.ProcessingRequest_ResponseBody{ResponseBody: &extprocv3.HttpBody{Body: []byte(text), EndOfStream: end}}})
}

func trailers(s *Stream) {
	s.Tell(&extprocv3.ProcessingRequest{Request: &extprocv3.ProcessingRequest_ResponseTrailers{ResponseTrailers: &extprocv3.HttpTrailers{}}})
}

// pieceOf is the piece of a body in a reply, and whether it is the last.
func pieceOf(r *Reply) (text string, end bool) {
	p := r.GetResponseBody().GetResponse().GetBodyMutation().GetStreamedResponse()
	return string(p.GetBody()), p.GetEndOfStream()
}

// TestTheFoldLevelMakesOneAnswer holds that the headers of a stream wait until all of it is
// there, and that the router level gives the client the answer that was made.
func TestTheFoldLevelMakesOneAnswer(t *testing.T) {
	for name, ends := range map[string]func(*Stream){
		"by the last piece":   func(s *Stream) { more(s, "", true) },
		"by trailers":         trailers,
		"by an error at last": func(s *Stream) { more(s, `data: {"error":{"message":"no more","code":500}}`+"\n\n", false) },
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, foldPolicy)
			s, id, reply := begin(r, chatPath, wholeBody)
			if body, _ := reply.Body(); !asksForAStream(t, body) || reply.Set("x-headgate-int-fold") != "stream" {
				t.Fatalf("%v", reply)
			}
			f := answerAt(r, id, Answered("200", "text/event-stream", "content-encoding", "identity"), false)
			for _, text := range []string{begins, delta(`"content":"Hi"`), `data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}` + "\n\n"} {
				more(f, text, false)
			}
			ends(f)
			if h := f.Wait(); h.Set("content-type") != "application/json" || !h.Removes("content-length") || !h.Removes("content-encoding") {
				t.Errorf("%v", h)
			}
			if _, end := pieceOf(f.Wait()); end != (name != "by trailers") {
				t.Errorf("the body ends: %v", end)
			}
			if name == "by trailers" && f.Wait().GetResponseTrailers() == nil {
				t.Error("the trailers have no answer")
			}
			s.ResponseHeaders(Answered("200", "application/json"), false)
			got := s.ResponseBody("{}", true)
			failed := name == "by an error at last"
			if body, _ := got.Body(); strings.Contains(body, `"content":"Hi"`) == failed || (got.Set(":status") == "500") != failed {
				t.Errorf("the client gets %s", body)
			}
			s.Cancel()
			if row := r.row(); !row.Folded || row.Stream || (row.Outcome == "ok") == failed || row.Tokens == nil || row.FirstTokenMS == nil {
				t.Errorf("row %+v", row)
			}
		})
	}
}

// TestTheFoldLevelKeepsAWholeAnswer holds that an answer that is labelled as a stream, or not at
// all, is what it is.
func TestTheFoldLevelKeepsAWholeAnswer(t *testing.T) {
	for _, c := range []struct{ label, body, status, outcome string }{
		{"text/event-stream", formedAnswers[0].whole, "", "ok"},
		{"text/plain", "\ufeff" + formedAnswers[0].whole, "", "ok"},
		{"text/plain", formedAnswers[0].stream, "", "ok"},
		{"text/event-stream", `{"error":{"message":"no more","code":500}}`, "500", "provider_error"},
		{"text/plain", "upstream connect error", "502", "provider_error"},
	} {
		t.Run(c.label+" "+c.body, func(t *testing.T) {
			r := newRig(t, foldPolicy)
			s, id, _ := begin(r, chatPath, wholeBody)
			f := answerAt(r, id, Answered("200", c.label), false)
			more(f, c.body[:10], false)
			more(f, c.body[10:], true)
			if h := f.Wait(); h.Set("content-type") != "application/json" {
				t.Errorf("%v", h)
			}
			f.Wait()
			s.ResponseHeaders(Answered("200", "application/json"), false)
			reply := s.ResponseBody("{}", true)
			body, _ := reply.Body()
			if reply.Set(":status") != c.status || !json.Valid([]byte(body)) || strings.Contains(body, `"content":"hi"`) != (c.status == "") {
				t.Errorf("the client gets %s %s", reply.Set(":status"), body)
			}
			s.Cancel()
			if row := r.row(); row.Outcome != c.outcome || row.Stream || row.Folded != (c.body[0] != '{' && c.body[:3] != "\ufeff") || c.status == "" && row.Tokens.Output != 7 {
				t.Errorf("row %+v", row)
			}
		})
	}
}

// TestWithoutAFoldLevelTheStreamIsTakenWhole holds what becomes of a stream before an Envoy
// that has the routes of the release before.
func TestWithoutAFoldLevelTheStreamIsTakenWhole(t *testing.T) {
	for name, packed := range map[string]bool{"plain": false, "packed": true} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, foldPolicy)
			s, _, _ := begin(r, chatPath, wholeBody)
			body, more := strings.Join(streamEvents, ""), []string(nil)
			if packed {
				body, more = strings.Join(zipped(t, body), ""), []string{"content-encoding", "gzip"}
			}
			if reply := s.ResponseHeaders(Answered("200", "text/event-stream", more...), false); reply.Streams() {
				t.Error("the stream would pass event by event")
			}
			got := s.ResponseBody(body, true)
			if text, _ := got.Body(); got.Set("content-type") != "application/json" || !strings.Contains(text, `"object":"chat.completion"`) {
				t.Errorf("the client gets %q", text)
			}
			s.Cancel()
			if row := r.row(); row.Outcome != "ok" || !row.Folded || row.Stream || row.Tokens.Output != 5 {
				t.Errorf("row %+v", row)
			}
		})
	}
}

// TestAnAnswerTooLongForEnvoyIsRefused holds that the row does not say ok of an answer that
// Envoy would not pass on.
func TestAnAnswerTooLongForEnvoyIsRefused(t *testing.T) {
	r := newRig(t, foldPolicy+"limits: {body: 1KiB}\n")
	s, _, _ := begin(r, chatPath, wholeBody)
	s.ResponseHeaders(Answered("200", "text/event-stream"), false)
	long := begins + delta(`"content":"`+strings.Repeat("x", 1024)+`"`) + `data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}` + "\n\n"
	got := s.ResponseBody(long, true)
	if text, _ := got.Body(); got.Set(":status") != "422" || got.Set("x-should-retry") != "false" || !strings.Contains(text, "answer_too_large") || len(text) > 1024 {
		t.Errorf("the client gets %s", text)
	}
	s.Cancel()
	if row := r.row(); row.Outcome != "provider_error" || row.By != "provider" || row.Status != 422 || row.Tokens == nil {
		t.Errorf("row %+v", row)
	}
}

// TestTheFoldLevelPassesWhatIsNoStream holds that answers pass it as they come.
func TestTheFoldLevelPassesWhatIsNoStream(t *testing.T) {
	for name, h := range map[string]H{
		"JSON":       Answered("200", "application/json"),
		"an error":   Answered("429", "text/event-stream"),
		"of Envoy's": {":status", "200", "content-type", "text/event-stream"},
		"compressed": Answered("200", "text/event-stream", "content-encoding", "br"),
	} {
		r := newRig(t, foldPolicy)
		_, id, _ := begin(r, chatPath, wholeBody)
		f := answerAt(r, id, h, false)
		if got := f.Wait(); got.GetResponseHeaders() == nil || got.Set("content-type") != "" {
			t.Errorf("%s: %v", name, got)
		}
		long := strings.Repeat("x", maxPiece+1)
		more(f, long, false)
		first, _ := pieceOf(f.Wait())
		second, _ := pieceOf(f.Wait())
		more(f, "end", true)
		third, end := pieceOf(f.Wait())
		if first+second != long || third != "end" || !end {
			t.Errorf("%s: %d and %d bytes, %q, ended %v", name, len(first), len(second), third, end)
		}
	}
}

// TestTheFoldLevelFailsClosed holds that an answer of no exchange does not pass, nor a second
// one.
func TestTheFoldLevelFailsClosed(t *testing.T) {
	r := newRig(t, foldPolicy)
	_, id, _ := begin(r, chatPath, wholeBody)
	answerAt(r, id, Answered("200", "application/json"), false).Wait()
	for _, exchange := range []string{"no-such-exchange", id} {
		f := answerAt(r, exchange, Answered("200", "text/event-stream"), false)
		if err := f.Wait().Err; status.Code(err) != codes.Unavailable {
			t.Errorf("%s: %v", exchange, err)
		}
	}
}
