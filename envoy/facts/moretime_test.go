package facts_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// sending is a message of the server and the time that it lets pass before.
type sending struct {
	after  time.Duration
	answer *response
}

// inTime sends each message at its time, unless Envoy gives up before.
func inTime(all ...sending) step {
	return func(s *stream, _ *request) error {
		for _, one := range all {
			select {
			case <-time.After(one.after):
			case <-s.grpc.Context().Done():
				return nil
			}
			if err := s.grpc.Send(one.answer); err != nil {
				return err
			}
		}
		return nil
	}
}

func TestMoreTimeIsGrantedForEachMessageOfAnExchange(t *testing.T) {
	const longer = 400 * time.Millisecond
	r := start(t, setup{MessageTimeout: "0.3s", MaxMessageTimeout: "20s"})
	held := func(answer *response) step {
		return inTime(sending{0, override(10 * time.Second)}, sending{longer, answer})
	}
	r.play(script{
		requestHeaders: held(requestHeaders(nil)), requestBody: held(requestBody(toPool())),
		responseHeaders: held(responseHeaders(nil)), responseBody: held(responseBody(nil)),
	}, script{})
	if got := r.post(t, `{}`); got.status != 200 || got.body != `{"ok":true}` || got.err != nil {
		t.Errorf("answer: %+v", got)
	}
}

// What Envoy does not take it ignores, without a word to the server: the time
// that was running goes on.
func TestMoreTimeIsIgnoredBeyondTheMaximumAndASecondTime(t *testing.T) {
	const ms = time.Millisecond
	answer := requestBody(toPool())
	both := override(10 * time.Second)
	both.Response = answer.Response
	cases := []struct {
		name  string
		sends []sending
		code  int
		at    time.Duration // not before; the time of the last answer, or of the 504
	}{
		{"none is asked for", []sending{{2000 * ms, answer}}, 504, 250 * ms},
		{"as much as the maximum", []sending{{0, override(10 * time.Second)}, {600 * ms, answer}}, 200, 600 * ms},
		{"more than the maximum: none is given", []sending{{0, override(10*time.Second + ms)}, {2000 * ms, answer}}, 504, 250 * ms},
		{"a second time, longer: the first stays", []sending{{0, override(600 * ms)}, {50 * ms, override(10 * time.Second)}, {2000 * ms, answer}}, 504, 550 * ms},
		{"time counts from the asking", []sending{{150 * ms, override(600 * ms)}, {2000 * ms, answer}}, 504, 700 * ms},
		{"less time is given too", []sending{{0, override(20 * ms)}, {2000 * ms, answer}}, 504, 20 * ms},
		{"an answer in the same message is lost", []sending{{0, both}, {600 * ms, answer}}, 200, 600 * ms},
	}
	r := start(t, setup{MessageTimeout: "0.3s", MaxMessageTimeout: "10s"})
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r.play(script{requestBody: inTime(c.sends...)}, script{})
			since := time.Now()
			got := r.post(t, `{}`)
			took := time.Since(since)
			if got.status != c.code || took < c.at {
				t.Errorf("%d after %v, want %d after %v", got.status, took, c.code, c.at)
			}
			want := "via_upstream"
			if c.code == 504 {
				want = "ext_proc_error_per-message_timeout_exceeded"
				within(t, "the 504", since.Add(c.at), time.Now(), time.Second)
			}
			if diff := cmp.Diff(want, r.logged(t, "all").Response.ResponseCodeDetails); diff != "" {
				t.Errorf("details (-want +got):\n%s", diff)
			}
		})
	}
}
