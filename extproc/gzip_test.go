package extproc

import (
	"bytes"
	"compress/gzip"
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/exchange"
	. "github.com/headgate/headgate/extproc/extproctest"
)

// zipped packs parts and flushes after each, as servers do after an event.
func zipped(t *testing.T, parts ...string) (chunks []string) {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	for _, p := range parts {
		if _, err := z.Write([]byte(p)); err != nil {
			t.Fatal(err)
		}
		if err := z.Flush(); err != nil {
			t.Fatal(err)
		}
		chunks = append(chunks, b.String())
		b.Reset()
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return append(chunks, b.String())
}

func TestCompressedAnswersAreMadePlain(t *testing.T) {
	r := newRig(t, testPolicy)
	s := r.Open("router")
	s.RequestHeaders(Post("/v1/chat/completions"), false)
	s.RequestBody(chatBody)
	s.ResponseHeaders(Answered("200", "application/json", "content-encoding", "gzip"), false)
	reply := s.ResponseBody(strings.Join(zipped(t, chatAnswer), ""), true)
	if body, _ := reply.Body(); body != chatAnswer || !reply.Removes("content-encoding") {
		t.Errorf("client got %q", body)
	}
	s.Cancel()
	if row := r.row(); row.Outcome != "ok" || row.Tokens.Output != 40 {
		t.Errorf("row %+v", row)
	}
}

func TestCompressedStreamsComeOutEventByEvent(t *testing.T) {
	for _, size := range []int{0, 1, 5} {
		r := newRig(t, testPolicy)
		s := r.Open("router")
		s.RequestHeaders(Post("/v1/chat/completions"), false)
		s.RequestBody(streamBody)
		if !s.ResponseHeaders(Answered("200", "text/event-stream", "content-encoding", "gzip"), false).Removes("content-encoding") {
			t.Error("the client would unpack again")
		}
		chunks := zipped(t, streamEvents...)
		if size == 0 {
			if body, _ := s.ResponseBody(chunks[0], false).Body(); body != unasked(streamEvents[0]) {
				t.Errorf("the first event came out as %q", body)
			}
			chunks = chunks[1:]
		} else {
			chunks = pieces(strings.Join(chunks, ""), size)
		}
		text, _ := play(s, chunks, true)
		want := unasked(strings.Join(streamEvents[:3], "") + streamEvents[4])
		if size == 0 {
			want = strings.TrimPrefix(want, unasked(streamEvents[0]))
		}
		if text != want {
			t.Errorf("pieces of %d: client got %q", size, text)
		}
		s.Cancel()
		if row := r.row(); row.Outcome != "ok" || row.Tokens.Output != 5 {
			t.Errorf("row %+v", row)
		}
	}
}

func TestBrokenCompressionIsNoSuccess(t *testing.T) {
	r := newRig(t, testPolicy)
	s := r.Open("router")
	s.RequestHeaders(Post("/v1/chat/completions"), false)
	s.RequestBody(chatBody)
	s.ResponseHeaders(Answered("200", "application/json", "content-encoding", "gzip"), false)
	if body, _ := s.ResponseBody("not gzip", true).Body(); !strings.Contains(body, "provider_answer_unreadable") {
		t.Errorf("client got %q", body)
	}
	stream := openStreamGzip(r)
	if body, _ := stream.ResponseBody("not gzip at all", false).Body(); !strings.HasPrefix(body, `data: {"error":{`) {
		t.Errorf("client got %q", body)
	}
}

func openStreamGzip(r *rig) *Stream {
	s := r.Open("router")
	s.RequestHeaders(Post("/v1/chat/completions"), false)
	s.RequestBody(streamBody)
	s.ResponseHeaders(Answered("200", "text/event-stream", "content-encoding", "gzip"), false)
	return s
}

func TestAnErrorWithAnUnreadableBodyIsReportedWithItsStatus(t *testing.T) {
	for _, tc := range []struct{ status, body, code string }{
		{"401", "<html>no gzip", "backend_credential_rejected"},
		{"429", "", "provider_rate_limited"},
		{"503", "\x1f\x8b\x08", "provider_error"},
	} {
		r := newRig(t, testPolicy)
		s := r.Open("router")
		s.RequestHeaders(Post("/v1/chat/completions"), false)
		s.RequestBody(chatBody)
		s.ResponseHeaders(Answered(tc.status, "application/json", "content-encoding", "gzip", "retry-after", "7"), false)
		reply := s.ResponseBody(tc.body, true)
		if body, _ := reply.Body(); reply.Set(":status") != tc.status || !strings.Contains(body, tc.code) || !reply.Removes("content-encoding") || reply.Removes("retry-after") {
			t.Errorf("%s became %s: %s", tc.status, reply.Set(":status"), body)
		}
	}
}

func TestGzipIsKnownByItsOtherNames(t *testing.T) {
	for _, name := range []string{"GZip", "x-gzip"} {
		r := newRig(t, testPolicy)
		s := r.Open("router")
		s.RequestHeaders(Post("/v1/chat/completions"), false)
		s.RequestBody(chatBody)
		s.ResponseHeaders(Answered("200", "application/json", "content-encoding", name), false)
		if body, _ := s.ResponseBody(strings.Join(zipped(t, chatAnswer), ""), true).Body(); body != chatAnswer {
			t.Errorf("%s: client got %q", name, body)
		}
	}
}

// TestAStreamThatCannotBeUnpackedEndsWithAnError holds so, in the client's own dialect and
// in another, and that the provider is blamed.
func TestAStreamThatCannotBeUnpackedEndsWithAnError(t *testing.T) {
	for _, path := range []string{"/v1/chat/completions", "/v1/messages"} {
		w := newWilds(t)
		a := wildAnswer{path: path, model: "gpt", stream: true, status: "200", kind: "text/event-stream", encoding: "gzip", size: 1, body: []byte("data: [DONE]\n\n")}
		for _, fault := range w.answer(t, a) {
			t.Error(fault)
		}
		if _, o := w.end(); o.Result != exchange.ProviderError {
			t.Errorf("%s: it ends as %+v", path, o)
		}
	}
}

// TestABombIsItsProvidersFault holds what comes of a small answer that unpacks to very much: whole,
// as the error of a stream, and in the row.
func TestABombIsItsProvidersFault(t *testing.T) {
	long := `{"id":"` + strings.Repeat("a", 4<<20) + `"}`
	for name, c := range map[string]struct{ request, label, plain string }{
		"whole":    {chatBody, "application/json", long},
		"a stream": {streamBody, "text/event-stream", "data: " + long + "\n\n"},
	} {
		r := newRig(t, testPolicy)
		s := r.Open("router")
		s.RequestHeaders(Post("/v1/chat/completions"), false)
		s.RequestBody(c.request)
		s.ResponseHeaders(Answered("200", c.label, "content-encoding", "gzip"), false)
		reply := s.ResponseBody(strings.Join(zipped(t, c.plain), ""), true)
		body, _ := reply.Body()
		if status := reply.Set(":status"); name == "whole" && status != "502" {
			t.Errorf("%s: status %s", name, status)
		}
		if !strings.Contains(body, "unpacks to more than 200 times its length") || len(body) > 2<<20 {
			t.Errorf("%s: the client gets %d bytes: %.200s", name, len(body), body)
		}
		s.Cancel()
		if row := r.row(); row.Outcome != "provider_error" || row.By != "provider" {
			t.Errorf("%s: row %+v", name, row)
		}
		if n := r.bombs.Load(); n != 1 {
			t.Errorf("%s: %d bombs are reported", name, n)
		}
	}
}
