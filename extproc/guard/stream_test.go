package guard

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/exchange/exchangetest"
	"github.com/headgate/headgate/extproc/guard/content"
	"github.com/headgate/headgate/policy"
)

const masking = model + `guards: {output: [{pii: {}}, {words: {words: [project falcon], action: mask}}, {pattern: {patterns: {ticket: "TICK-[0-9]+"}, action: mask}}]}`

// secrets are texts that guards mask, and what is left of them.
var masked = []struct{ said, want string }{
	{"Write to ann.lee@example.com, now.", "Write to [EMAIL_ADDRESS], now."},
	{"Card 4111 1111 1111 1111 and 10.1.2.3 end here", "Card [CREDIT_CARD] and [IP_ADDRESS] end here"},
	{"a Project  Falcon, TICK-12345", "a [WORD], [TICKET]"},
	{"nothing: 4111 1111 1111 1112, falcon project, a@b", "nothing: 4111 1111 1111 1112, falcon project, a@b"},
	{"ann@example.com", "[EMAIL_ADDRESS]"},
}

// TestNothingMaskedLeavesInPieces holds of a streamed answer that it is masked as a whole one is,
// in whatever pieces it comes.
func TestNothingMaskedLeavesInPieces(t *testing.T) {
	s := compiled(t, masking)
	for _, c := range masked {
		for _, pieces := range inPieces(c.said) {
			v, _ := asks(t, s, user("Hi"))
			if got, _ := answered(v, canon.EventText, pieces...); got != c.want {
				t.Fatalf("%q: %q, want %q", pieces, got, c.want)
			}
		}
	}
}

// TestNothingRefusedLeavesInPieces holds that of what a guard refuses no byte leaves, and that
// what comes before it does.
func TestNothingRefusedLeavesInPieces(t *testing.T) {
	s := compiled(t, model+`guards: {output: [{pii: {action: deny, message: "No {types}."}}]}`)
	said := "So write to ann@example.com, now."
	for _, pieces := range inPieces(said) {
		v, _ := asks(t, s, user("Hi"))
		got, verdict := answered(v, canon.EventText, pieces...)
		if got != "So write to " || verdict.Reason != exchange.ReasonPII || !verdict.Ended || verdict.Message != "No EMAIL_ADDRESS." {
			t.Fatalf("%q: %q, %+v", pieces, got, verdict)
		}
	}
}

// TestArgumentsStayJSON holds of streamed arguments of a tool that they are masked through their
// escapes, and stay JSON.
func TestArgumentsStayJSON(t *testing.T) {
	s := compiled(t, masking)
	said := `{"to":"x\nann\u0040example.com","card":4111111111111111,"note":"Project\tFalcon \"TICK-1\""}`
	want := map[string]any{"to": "x\n[EMAIL_ADDRESS]", "card": "[CREDIT_CARD]", "note": `[WORD] "[TICKET]"`}
	for _, pieces := range inPieces(said) {
		v, _ := asks(t, s, user("Hi"))
		text, _ := answered(v, canon.EventToolArgs, pieces...)
		var got map[string]any
		if err := json.Unmarshal([]byte(text), &got); err != nil || !cmp.Equal(want, got) {
			t.Fatalf("%q: %s %v", pieces, text, err)
		}
	}
}

// TestPlaceholdersAreRestoredInStreams holds that what was masked in a request comes back in its
// answer, in texts and in arguments, in whatever pieces the model names it.
func TestPlaceholdersAreRestoredInStreams(t *testing.T) {
	s := compiled(t, model+`guards: {input: [{pii: {}}]}`)
	for _, c := range []struct {
		kind       canon.EventKind
		said, want string
	}{
		{canon.EventText, "I write to [EMAIL_ADDRESS_1] and [EMAIL_ADDRESS_2], not [EMAIL_ADDRESS_3].", "I write to ann@example.com and bob@example.com, not [EMAIL_ADDRESS_3]."},
		{canon.EventToolArgs, `{"to":"[EMAIL_ADDRESS_1]","cc":["[EMAIL_ADDRESS_2]"]}`, `{"to":"ann@example.com","cc":["bob@example.com"]}`},
		{canon.EventThinking, "mail [EMAIL_ADDRESS_1]", "mail [EMAIL_ADDRESS_1]"},
	} {
		for _, pieces := range inPieces(c.said) {
			v, _ := asks(t, s, user("ann@example.com bob@example.com ann@example.com"))
			if got, _ := answered(v, c.kind, pieces...); got != c.want {
				t.Fatalf("%q: %q, want %q", pieces, got, c.want)
			}
		}
	}
}

// TestWhatWasFoundInAStreamIsKnownAtItsEnd holds that stages below, whose End comes first, see what
// guards found.
func TestWhatWasFoundInAStreamIsKnownAtItsEnd(t *testing.T) {
	s := compiled(t, masking)
	v, _ := asks(t, s, user("Hi"))
	answered(v, canon.EventText, "ann@", "example.com")
	if got := v.Exchange.Guards; len(got) != 3 || got[0].Result != exchange.GuardMasked {
		t.Errorf("before the end: %+v", got)
	}
	v.End(exchange.Outcome{})
	if got := v.Exchange.Guards; len(got) != 3 || len(got[0].Hash) == 0 {
		t.Errorf("after it: %+v", got)
	}
}

// TestGuardsThatWatchChangeNothing holds that flags and guards in shadow let the same events pass
// at once, and report what they found.
func TestGuardsThatWatchChangeNothing(t *testing.T) {
	for _, how := range []string{"action: flag", "action: deny, mode: shadow", "mode: shadow"} {
		s := compiled(t, model+`guards: {output: [{pii: {`+how+`}}]}`)
		v, _ := asks(t, s, user("Hi"))
		v.Stream()
		for _, piece := range []string{"ann@", "example.com"} {
			in := exchangetest.Text(piece)
			if out := v.Events(in); len(out) != 1 || !cmp.Equal(in, out[0]) {
				t.Errorf("%s: %q became %+v", how, piece, out)
			}
		}
		v.Events(canon.Event{Kind: canon.EventFinish}, exchangetest.Done())
		v.End(exchange.Outcome{})
		got := v.Exchange.Guards
		if len(got) != 1 || got[0].Result == exchange.GuardPassed || !cmp.Equal(got[0].Types, []exchange.TypeCount{{Type: "EMAIL_ADDRESS", Count: 1}}) {
			t.Errorf("%s: %+v", how, got)
		}
	}
}

// TestGuardsThatAskSeeWindows holds of a guard that asks others about a stream that its findings
// are masked wherever they lie, also across the border of two windows.
func TestGuardsThatAskSeeWindows(t *testing.T) {
	calls := 0
	g := &Guard{GuardTerms: terms(policy.GuardMask), Kind: "entities", Reason: exchange.ReasonEntity, Checker: names{calls: &calls}}
	s := with(t, nil, []*Guard{g})
	for pad := range 12 {
		said := strings.Repeat("x", pad) + strings.Repeat(" 123456789 Bob", 200)
		v, _ := asks(t, s, user("Hi"))
		got, _ := answered(v, canon.EventText, strings.SplitAfter(said, "B")...)
		if want := strings.ReplaceAll(said, "Bob", "[PERSON]"); got != want {
			t.Fatalf("pad %d: %s", pad, cmp.Diff(want, got))
		}
		if by := v.Exchange.Guards; len(by) != 1 || !by[0].Asks || by[0].Result != exchange.GuardMasked {
			t.Fatalf("pad %d: %+v", pad, by)
		}
	}
	if calls > 12*8 {
		t.Errorf("%d calls", calls)
	}
}

// TestGuardsThatCannotDecideInAStream holds that the policy says what happens then.
func TestGuardsThatCannotDecideInAStream(t *testing.T) {
	for _, c := range []struct {
		onError policy.OnError
		said    string
		reason  exchange.Reason
	}{{policy.FailOpen, "Hello Bob", ""}, {policy.FailClosed, "", exchange.ReasonGuardUnavailable}} {
		g := &Guard{GuardTerms: terms(policy.GuardMask), Checker: names{err: errors.New("down")}}
		g.OnError = c.onError
		v, _ := asks(t, with(t, nil, []*Guard{g}), user("Hi"))
		said, verdict := answered(v, canon.EventText, "Hello ", "Bob")
		if v.End(exchange.Outcome{}); said != c.said || verdict.Reason != c.reason || v.Exchange.Guards[0].Result != exchange.GuardFailed {
			t.Errorf("%s: %q, %+v, %+v", c.onError, said, verdict, v.Exchange.Guards)
		}
	}
}

// TestTheFormOfAnAnswerIsJudgedAtItsEnd holds that nothing of the text leaves before, and that
// arguments are judged by the schemas of the request.
func TestTheFormOfAnAnswerIsJudgedAtItsEnd(t *testing.T) {
	s := compiled(t, model+`guards: {output: [{format: {enum: ["yes"], schema: request, tools: true}}]}`)
	const request = `{"model":"m","messages":[{"role":"user","content":"?"}],"tools":[{"type":"function","function":{"name":"look","parameters":{"type":"object","properties":{"a":{"type":"integer"}},"required":["a"]}}}]}`
	for _, c := range []struct {
		text, args string
		refused    bool
	}{{"yes", "", false}, {"no", "", true}, {"no", `{"a":1}`, false}, {"yes", `{"a":"x"}`, true}, {"yes", `{"a":`, true}} {
		v, _ := asks(t, s, request)
		v.Stream()
		args := exchangetest.Text(c.args)
		args.Kind = canon.EventToolArgs
		events := []canon.Event{exchangetest.Text(c.text[:1]), exchangetest.Text(c.text[1:]), {Kind: canon.EventBlockEnd}}
		if c.args != "" {
			events = append(events, canon.Event{Kind: canon.EventToolStart, Name: []byte(`"look"`)}, args)
		}
		var out []canon.Event
		for _, ev := range events {
			out = append(out, v.Events(ev)...)
		}
		if saidBy(out, canon.EventText) != "" || saidBy(out, canon.EventToolArgs) != "" {
			t.Errorf("%+v left before the end", out)
		}
		end, verdict := v.EventsVerdict(canon.Event{Kind: canon.EventFinish}, exchangetest.Done())
		if text := saidBy(end, canon.EventText); c.refused != (verdict.Reason == exchange.ReasonFormat) || c.refused != (text == "") {
			t.Errorf("%+v: %q, %+v", c, text, verdict)
		}
	}
}

// TestWhatIsHeldWhenAStreamBreaksOffIsDropped holds that nothing undecided leaves then.
func TestWhatIsHeldWhenAStreamBreaksOffIsDropped(t *testing.T) {
	v, _ := asks(t, compiled(t, masking), user("Hi"))
	v.Stream()
	out := append(v.Events(exchangetest.Text("see ann@exam")), v.Events(exchangetest.Failed())...)
	if len(out) != 1 || out[0].Kind != canon.EventFailed {
		t.Errorf("%+v", out)
	}
}

// hoarder is a scanner that is never sure, and counts the bytes that it looks at.
type hoarder struct{ looked *int }

func (h hoarder) Scan(dst []content.Finding, s []byte) []content.Finding {
	*h.looked += len(s)
	return dst
}

func (h hoarder) Hold([]byte) int { return 0 }

// TestWhatIsHeldIsNotLookedAtForEachToken holds that a text of which all is held back is looked at
// a few times, not once for each of its pieces, and comes whole in the end.
func TestWhatIsHeldIsNotLookedAtForEachToken(t *testing.T) {
	looked := 0
	g := &Guard{GuardTerms: terms(policy.GuardMask), Scanner: hoarder{&looked}}
	s := with(t, nil, []*Guard{g})
	said := strings.Repeat("abc ", 5000)
	ex := exchangetest.Ask(t, "openai", user("Hi"))
	v := s.Join(ex).(*visit)
	_, _ = v.Request(t.Context(), &ex.Request)
	ex.Response.Status, ex.Response.Stream = 200, true
	_, _ = v.Response(t.Context(), &ex.Response)
	var out []canon.Event
	emit := func(ev *canon.Event) { out = append(out, *ev.Clone()) }
	for _, piece := range strings.SplitAfter(said, " ") {
		_, _ = v.Events(t.Context(), []canon.Event{exchangetest.Text(piece)}, emit)
	}
	if len(out) > 0 {
		t.Fatalf("%d events left", len(out))
	}
	_, _ = v.Events(t.Context(), []canon.Event{{Kind: canon.EventFinish}, exchangetest.Done()}, emit)
	if got := saidBy(out, canon.EventText); got != said || looked > 8*len(said) {
		t.Errorf("%d bytes came, %d were looked at of %d", len(got), looked, len(said))
	}
}

// TestChoicesDoNotMix holds of two answers whose texts come by turns that each is masked by itself,
// also while the other one is held back.
func TestChoicesDoNotMix(t *testing.T) {
	v, _ := asks(t, compiled(t, masking), user("Hi"))
	v.Stream()
	said := []string{"see ann@example.com, 4111 1111 1111 1111 now", "a project falcon and nothing else to be seen"}
	want := []string{"see [EMAIL_ADDRESS], [CREDIT_CARD] now", "a [WORD] and nothing else to be seen"}
	var out []canon.Event
	for i := 0; i < max(len(said[0]), len(said[1])); i += 2 {
		for choice, text := range said {
			if i < len(text) {
				ev := exchangetest.Text(text[i:min(i+2, len(text))])
				ev.Choice = choice
				out = append(out, v.Events(ev)...)
			}
		}
	}
	out = append(out, v.Events(canon.Event{Kind: canon.EventFinish}, canon.Event{Kind: canon.EventFinish, Choice: 1}, exchangetest.Done())...)
	for choice := range said {
		var of []canon.Event
		for _, ev := range out {
			if ev.Choice == choice {
				of = append(of, ev)
			}
		}
		if got := saidBy(of, canon.EventText); got != want[choice] {
			t.Errorf("choice %d: %q, want %q", choice, got, want[choice])
		}
	}
}

// TestEachGuardIsCountedOnce holds that the metric says of each exchange what its row says.
func TestEachGuardIsCountedOnce(t *testing.T) {
	s := compiled(t, model+`guards: {input: [{pii: {}}], output: [{words: {words: [falcon]}}]}`)
	v, _ := asks(t, s, user("ann@example.com"))
	answered(v, canon.EventText, "a falcon")
	v.End(exchange.Outcome{})
	if got := testutil.CollectAndCount(s.kind.metrics.verdicts); got != 2 {
		t.Errorf("%d series", got)
	}
	for _, labels := range [][]string{{"pii", "pii", "input", "enforce", "mask", "masked"}, {"words", "words", "output", "enforce", "deny", "cut"}} {
		if got := testutil.ToFloat64(s.kind.metrics.verdicts.WithLabelValues(labels...)); got != 1 {
			t.Errorf("%v: %v", labels, got)
		}
	}
}
