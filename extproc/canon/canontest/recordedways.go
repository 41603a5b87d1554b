package canontest

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/canon/canontest/recorded"
	"github.com/headgate/headgate/extproc/dialect"
)

// recordedWays plays what servers of every dialect really answered to clients of the dialect
// under test, through the provider stage: whole answers, streams, each made of the other, and
// errors. Held is that the client gets what the server said, and that its SDK
// takes it.
func (u *under) recordedWays(t *testing.T) {
	if len(u.Families) == 0 {
		t.Skip("the corpus names no recordings")
	}
	played := 0
	for _, ex := range recorded.Exchanges(t, "") {
		from := answeredIn(ex.URL)
		if from == nil {
			continue
		}
		played++
		server := &under{Dialect: from, Corpus: &Corpus{Loses: lost[from.Name()], Judge: u.Judge}}
		t.Run(ex.Name, func(t *testing.T) {
			switch {
			case ex.Status != 200:
				server.recordedError(t, &ex, u.Dialect)
			case ex.Stream:
				server.recordedStreamTo(t, &ex, u.Dialect)
			default:
				server.recordedWhole(t, &ex, u.Dialect)
			}
		})
	}
	if played == 0 {
		t.Error("no recording was played")
	}
}

// answeredIn is the dialect of the answers that a URL gives; nil: no model's answers.
func answeredIn(url string) dialect.Dialect {
	for ending, name := range map[string]string{"/chat/completions": "openai", "/v1/messages": "anthropic", "/responses": "responses"} {
		if path, _, _ := strings.Cut(url, "?"); strings.HasSuffix(path, ending) {
			return dialect.ByName(name)
		}
	}
	return nil
}

// recordedError answers clients that want a stream, and those that do not, with an error.
func (u *under) recordedError(t *testing.T, ex *recorded.Exchange, to dialect.Dialect) {
	want := FaultSaid(u.DecodeFault(ex.Status, ex.Response))
	for _, stream := range []bool{false, true} {
		v := u.ask(t, to, &Answer{}, stream)
		verdict := v.Respond(ex.Status, string(ex.Response), "content-type", "application/json")
		status, body := received(v, to, verdict)
		means(t, want, whole(to, status, body))
	}
}

// recordedWhole answers clients that want a whole answer, and those that want a stream, which
// is made of it.
func (u *under) recordedWhole(t *testing.T, ex *recorded.Exchange, to dialect.Dialect) {
	r, err := u.DecodeAnswer(ex.Response)
	if err != nil {
		t.Fatal(err)
	}
	v := u.ask(t, to, &Answer{}, false)
	verdict := v.Respond(200, string(ex.Response), "content-type", "application/json")
	status, body := received(v, to, verdict)
	want := u.want(to, SaidBy(r))
	means(t, want, whole(to, status, body))
	hears(t, want, u.Judge.Answer(t, body))

	v = u.ask(t, to, &Answer{}, true)
	v.Stream()
	out := streamTo(t, v, to, Pieces(ex.Response, 333), false)
	means(t, want, StreamSaid(to, out))
	h, ended, failed := u.Judge.Stream(t, out)
	if hears(t, want, h); !ended || failed {
		t.Errorf("as a stream: ended %v, failed %v: %s", ended, failed, out)
	}
}

func (u *under) recordedStreamTo(t *testing.T, ex *recorded.Exchange, to dialect.Dialect) {
	want := u.want(to, StreamSaid(u, ex.Response))
	for _, size := range []int{1, 333, len(ex.Response)} {
		v := u.ask(t, to, &Answer{}, true)
		v.Stream()
		out := streamTo(t, v, to, Pieces(ex.Response, size), false)
		means(t, want, unguessed(want, StreamSaid(to, out)))
		switch h, ended, failed := u.Judge.Stream(t, out); {
		case to.Name() == u.Name(): // it passes, whatever an SDK makes of it
			if original, _, _ := u.Judge.Stream(t, ex.Response); !cmp.Equal(original, h) {
				t.Errorf("pieces of %d: the SDK reads %+v, of the original %+v", size, h, original)
			}
		case ended == failed, failed != (want.Fault != ""):
			t.Errorf("pieces of %d: ended %v, failed %v: %s", size, ended, failed, out)
		case !failed:
			hears(t, want, h)
		}
	}
	u.recordedFold(t, ex, to, want)
}

// unguessed is what a client got, without the counts that the gateway has put in the place of
// those that the server did not report. Of an answer that fails the fault alone is held: how
// much of it came before depends on its form.
func unguessed(want, got Said) Said {
	if want.Fault != "" {
		return Said{ID: want.ID, Model: want.Model, Choices: want.Choices, Fault: got.Fault, Message: got.Message}
	}
	if want.Usage == (canon.Usage{}) {
		got.Usage = want.Usage
	}
	return got
}

// recordedFold answers a client that wants a whole answer with the stream.
func (u *under) recordedFold(t *testing.T, ex *recorded.Exchange, to dialect.Dialect, want Said) {
	body, fault := folded(u.Dialect, ex.Response)
	if fault == nil {
		r, err := u.DecodeAnswer(body)
		if err != nil && !errors.As(err, &fault) {
			t.Fatal(err)
		}
		if fault == nil {
			want = u.want(to, SaidBy(r))
		}
	}
	v := u.ask(t, to, &Answer{}, false)
	v.Exchange.Response.Folded = true
	verdict := v.Respond(200, string(ex.Response), "content-type", "text/event-stream")
	status, body := received(v, to, verdict)
	means(t, want, unguessed(want, whole(to, status, body)))
	if want.Fault == "" {
		hears(t, want, u.Judge.Answer(t, body))
	}
}

// hears holds that an SDK reads the text that was said, as many calls, and an end if there was
// one.
func hears(t *testing.T, want Said, h Heard) {
	t.Helper()
	text, calls := "", 0
	for _, block := range h.Blocks {
		if said, ok := strings.CutPrefix(block, "text "); ok {
			text += said
		}
		if strings.HasPrefix(block, "function ") || strings.HasPrefix(block, "call ") {
			calls++
		}
	}
	first := Choice{}
	if len(want.Choices) > 0 {
		first = want.Choices[0]
	}
	if text != first.Text || calls != len(first.Calls) || (h.Finish == "") != (first.Finish == canon.FinishUnset) {
		t.Errorf("the SDK reads %q, %d calls, end %q; said was %+v", text, calls, h.Finish, first)
	}
}
