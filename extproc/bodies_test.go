package extproc

import (
	"strings"
	"testing"

	. "github.com/headgate/headgate/extproc/extproctest"
)

// boundPolicy lets bodies hold 1 MiB together, and each of them half of it.
const boundPolicy = testPolicy + "limits: {body: 512KiB, memory: 1MiB}\n"

// half is a length of which two are all that fits.
const half = "524288"

// held is what the metric says that bodies hold.
func (r *rig) held() float64 { return r.gauge("headgate_bodies_held_bytes") }

// TestRequestsBeyondTheBoundAreRefused holds that the requests that fit do not fail each other,
// that the one too many is refused in its client's dialect before its body comes, and that it
// fits as soon as another has ended.
func TestRequestsBeyondTheBoundAreRefused(t *testing.T) {
	for path, kind := range map[string]string{"/v1/chat/completions": `"type":"server_error"`, "/v1/messages": `"type":"overloaded_error"`} {
		r := newRig(t, boundPolicy)
		first, second, third := r.Open("router"), r.Open("router"), r.Open("router")
		for _, s := range []*Stream{first, second} {
			if reply := s.RequestHeaders(Post(path, "content-length", half), false); reply.Immediate() != nil {
				t.Fatalf("%s: refused below the bound: %s", path, reply.Immediate().Body)
			}
		}
		reply := third.RequestHeaders(Post(path, "content-length", half), false)
		im := reply.Immediate()
		if im == nil || im.Status.Code != 503 || reply.Set("retry-after") != "1" || reply.Set("x-should-retry") != "" {
			t.Fatalf("%s: answered %v", path, reply)
		}
		if body := string(im.Body); !strings.Contains(body, kind) || !strings.Contains(body, `"gateway_memory_full"`) {
			t.Errorf("%s: body %s", path, body)
		}
		if n := r.gauge("headgate_bodies_refused_total"); n != 1 {
			t.Errorf("%s: %v are counted as refused", path, n)
		}
		first.Cancel()
		r.awaitHeld(1 << 19)
		fourth := r.Open("router")
		if reply := fourth.RequestHeaders(Post(path, "content-length", half), false); reply.Immediate() != nil {
			t.Errorf("%s: refused although there is room again: %s", path, reply.Immediate().Body)
		}
		for _, s := range []*Stream{second, third, fourth} {
			s.Cancel()
		}
		r.idle()
		if n := r.held(); n != 0 {
			t.Errorf("%s: %v bytes are held after the end of all", path, n)
		}
	}
}

// awaitHeld waits until bodies hold so many bytes.
func (r *rig) awaitHeld(want float64) {
	r.t.Helper()
	r.await("bodies hold other bytes", func() bool { return r.held() == want })
}

// TestABodyOfUnknownLengthCountsAsItComes holds that a body that did not say its length is refused
// as it has come, and that one which is packed counts as long as it is plain.
func TestABodyOfUnknownLengthCountsAsItComes(t *testing.T) {
	long := strings.Replace(chatBody, `"hi"`, `"`+strings.Repeat("a", 400<<10)+`"`, 1)
	for name, c := range map[string]struct {
		headers []string
		body    string
	}{
		"chunked": {nil, long},
		"packed":  {[]string{"content-encoding", "gzip"}, strings.Join(zipped(t, long), "")},
	} {
		r := newRig(t, boundPolicy)
		var open []*Stream
		for range 2 {
			s := r.Open("router")
			open = append(open, s)
			s.RequestHeaders(Post("/v1/chat/completions", c.headers...), false)
			if reply := s.RequestBody(c.body); reply.Immediate() != nil {
				t.Fatalf("%s: refused below the bound: %s", name, reply.Immediate().Body)
			}
		}
		s := r.Open("router")
		s.RequestHeaders(Post("/v1/chat/completions", c.headers...), false)
		if im := s.RequestBody(c.body).Immediate(); im == nil || im.Status.Code != 503 {
			t.Errorf("%s: the one too many is answered %v", name, im)
		}
		for _, s := range append(open, s) {
			s.Cancel()
		}
		r.idle()
	}
}

// TestAnswersMayGoBeyondTheBound holds that an answer that says its length may go a fourth beyond
// the bound of requests, and no further. The refusal is the gateway's failure.
func TestAnswersMayGoBeyondTheBound(t *testing.T) {
	r := newRig(t, boundPolicy)
	s, other := r.Open("router"), r.Open("router")
	other.RequestHeaders(Post("/v1/chat/completions", "content-length", half), false)
	s.RequestHeaders(Post("/v1/chat/completions", "content-length", half), false)
	s.RequestBody(chatBody)
	if reply := s.ResponseHeaders(Answered("200", "application/json", "content-length", "262145"), false); reply.Immediate() == nil || reply.Immediate().Status.Code != 503 {
		t.Errorf("beyond it: %v", reply)
	}
	s.Cancel()
	r.awaitHeld(1 << 19)
	s = r.Open("router")
	s.RequestHeaders(Post("/v1/chat/completions", "content-length", half), false)
	s.RequestBody(chatBody)
	if reply := s.ResponseHeaders(Answered("200", "application/json", "content-length", "262144"), false); reply.Immediate() != nil {
		t.Errorf("a fourth beyond the bound: %s", reply.Immediate().Body)
	}
	s.Cancel()
	other.Cancel()
	r.idle()
	outcomes := map[string]bool{}
	for _, row := range r.rows() {
		outcomes[row.Outcome+" "+row.By] = true
	}
	if !outcomes["gateway_error gateway"] {
		t.Errorf("rows: %v", outcomes)
	}
}

// TestAnUnpackedAnswerCountsBesideThePackedOne holds so, for as long as its exchange lasts.
func TestAnUnpackedAnswerCountsBesideThePackedOne(t *testing.T) {
	r := newRig(t, boundPolicy)
	s := r.Open("router")
	s.RequestHeaders(Post("/v1/chat/completions"), false)
	s.RequestBody(chatBody)
	s.ResponseHeaders(Answered("200", "application/json", "content-encoding", "gzip"), false)
	packed := strings.Join(zipped(t, chatAnswer), "")
	s.ResponseBody(packed, true)
	if n, want := r.held(), float64(len(chatBody)+len(packed)+len(chatAnswer)); n != want {
		t.Errorf("%v bytes are held, want %v", n, want)
	}
	s.Cancel()
	r.idle()
	if n := r.held(); n != 0 {
		t.Errorf("%v bytes are held after the end", n)
	}
}

// TestALongPieceOfAStreamCounts holds that what a small piece unpacks to counts until the next one,
// and that short pieces do not.
func TestALongPieceOfAStreamCounts(t *testing.T) {
	r := newRig(t, boundPolicy)
	s := openStreamGzip(r)
	before := r.held()
	chunks := zipped(t, streamEvents[0], ": "+strings.Repeat("a", longPiece)+"\n\n", streamEvents[1])
	for i, least := range []float64{0, longPiece, 0} {
		s.ResponseBody(chunks[i], false)
		if n := r.held() - before; n < least || least == 0 && n != 0 {
			t.Errorf("piece %d: %v bytes are held", i, n)
		}
	}
	s.Cancel()
	r.idle()
}

// TestWhatCameBeyondTheLimitIsRefused holds the limit of bodies to the byte where Envoy takes more:
// of a request that does not say its length, and of an answer.
func TestWhatCameBeyondTheLimitIsRefused(t *testing.T) {
	const limit = 512 << 10
	padded := func(body, at string, n int) string {
		return strings.Replace(body, at, at+strings.Repeat(" ", n-len(body)), 1)
	}
	for more, want := range []struct{ request, answer string }{{"", ""}, {"413", "422"}} {
		r := newRig(t, boundPolicy)
		s := r.Open("router")
		s.RequestHeaders(Post("/v1/chat/completions"), false)
		reply := s.RequestBody(padded(chatBody, "{", limit+more))
		if im := reply.Immediate(); want.request == "" && im != nil || want.request != "" && (im == nil || im.Status.Code != 413) {
			t.Errorf("a request of %d bytes: %v", limit+more, im)
		}
		s.Cancel()
		s = r.Open("router")
		s.RequestHeaders(Post("/v1/chat/completions"), false)
		s.RequestBody(chatBody)
		s.ResponseHeaders(Answered("200", "application/json"), false)
		reply = s.ResponseBody(padded(chatAnswer, "{", limit+more), true)
		if got := reply.Set(":status"); got != want.answer {
			t.Errorf("an answer of %d bytes: status %q", limit+more, got)
		}
		s.Cancel()
		r.idle()
		for _, row := range r.rows() {
			if row.Status == 422 && (row.Outcome != "provider_error" || row.By != "provider" || row.Tokens.Output != 40) {
				t.Errorf("row %+v", row)
			}
		}
	}
}

// TestWhatGuardsHoldCounts holds that the text of a stream that guards hold back counts for as long
// as they do.
func TestWhatGuardsHoldCounts(t *testing.T) {
	r := newRig(t, boundPolicy+"guards: {output: [{format: {}}]}\n")
	s := r.Open("router")
	s.RequestHeaders(Post("/v1/chat/completions"), false)
	s.RequestBody(strings.Replace(streamBody, `"stream":true`, `"stream":true,"response_format":{"type":"json_object"}`, 1))
	before := r.held()
	s.ResponseHeaders(Answered("200", "text/event-stream"), false)
	s.ResponseBody(`data: {"id":"a","choices":[{"index":0,"delta":{"content":"{\"a\":\"`+strings.Repeat("b", 1000)+`"}}]}`+"\n\n", false)
	if n := r.held() - before; n < 1000 {
		t.Errorf("%v bytes are held", n)
	}
	s.Cancel()
	r.idle()
	if n := r.held(); n != 0 {
		t.Errorf("%v bytes are held after the end", n)
	}
}
