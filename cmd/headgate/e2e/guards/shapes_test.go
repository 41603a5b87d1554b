package guards

import (
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// TestAnswersOfEveryShape holds that guards find the same whatever an answer looks like on the
// wire: compressed, byte by byte, at once, with other line ends, with comments.
func TestAnswersOfEveryShape(t *testing.T) {
	t.Parallel()
	r := start(t, map[string]string{"mask": `{output: [{pii: {}}]}`, "deny": `{output: [{pii: {action: deny}}]}`}, "", "")
	for _, shape := range []string{"gzip", "drip=1", "burst", "crlf", "comments", "stutter=3"} {
		everyWay(t, func(t *testing.T, w gatewaytest.Way, backend string) {
			if shape == "stutter=3" && !w.Stream {
				return // a whole answer is faulty then
			}
			t.Run(shape, func(t *testing.T) {
				r, says := r.with(t), shape+";"+answering("It is "+mail+", I think.")
				if s := r.speak(t, w, "mask-"+backend, "Who?", says); s.err != nil || s.status != 0 || s.text != "It is [EMAIL_ADDRESS], I think." {
					t.Errorf("%+v: %v", s, s.err)
				}
				s := r.speak(t, w, "deny-"+backend, "Who?", says)
				if checkAbsent(t, "the answer", s.text+s.refusal, "ada."); s.err != nil || w.Stream && s.finish != "content_filter" || !w.Stream && s.status != 403 {
					t.Errorf("%+v: %v", s, s.err)
				}
			})
		})
	}
}

// TestSeveralChoicesAreJudgedByThemselves holds that each choice of an answer is masked, and that
// one of which something is refused ends them all.
func TestSeveralChoicesAreJudgedByThemselves(t *testing.T) {
	t.Parallel()
	r := start(t, map[string]string{"mask": `{output: [{pii: {}}]}`, "deny": `{output: [{pii: {action: deny}}]}`}, "", "")
	for _, w := range []gatewaytest.Way{{Dialect: "openai"}, {Dialect: "openai", Stream: true}} {
		t.Run(w.String(), func(t *testing.T) {
			r := r.with(t)
			ask := func(model string) (heard, gatewaytest.Answer) {
				body := strings.Replace(gatewaytest.ChatBody(model, "Who?", w.Stream), "{", `{"n":3,`, 1)
				a := r.Chat(body, answering("It is "+mail+"."))
				return hear(t, w, &a), a
			}
			got, a := ask("mask-openai")
			if checkAbsent(t, "the answer", a.Body, "ada.", "lovelace"); strings.Count(got.Text, "[EMAIL_ADDRESS]") != 3 || strings.Count(got.Finish, "stop") != 3 {
				t.Errorf("%+v: %s", got, a.Body)
			}
			got, a = ask("deny-openai")
			if checkAbsent(t, "the answer", a.Body, "ada.", "lovelace"); w.Stream && (!got.Ended || !strings.HasPrefix(got.Finish, "content_filter")) || !w.Stream && a.Status != 403 {
				t.Errorf("%+v: %s", got, a.Body)
			}
		})
	}
}

// TestErrorsEndAStreamIfThePolicySaysSo holds that a stream which is refused can end with an
// error event, which the SDKs raise.
func TestErrorsEndAStreamIfThePolicySaysSo(t *testing.T) {
	t.Parallel()
	r := start(t, map[string]string{"erring": `{output: [{pii: {action: deny, cut: error, message: "Not this: {types}."}}]}`}, "", "")
	for _, w := range streams {
		for _, backend := range backends {
			t.Run(w.Dialect+" to "+backend, func(t *testing.T) {
				s := r.with(t).speak(t, w, "erring-"+backend, "Who?", answering("It is "+mail+"."))
				if checkAbsent(t, "the answer", s.text, "ada."); s.finish != "" || s.err == nil && s.status == 0 || s.err != nil && !strings.Contains(s.err.Error(), "Not this: EMAIL_ADDRESS.") {
					t.Errorf("%+v: %v", s, s.err)
				}
				row := r.rowOf(&s)
				if got, want := blockedIn(&row), (blocked{200, "blocked", "provider", "pii_found", "guard pii"}); got != want {
					t.Errorf("row %+v, want %+v", got, want)
				}
			})
		}
	}
}
