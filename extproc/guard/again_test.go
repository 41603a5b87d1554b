package guard

import (
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/exchange/exchangetest"
	"github.com/headgate/headgate/policy"
)

// givenAgain has a stage's answer go up through the guards.
func givenAgain(v *exchangetest.Visit, result exchange.CacheResult, text string) exchange.Verdict {
	const before, after = `{"id":"1","model":"x","choices":[{"index":0,"message":{"role":"assistant","content":"`, `"},"finish_reason":"stop"}]}`
	v.Exchange.Cached.Result = result
	resp := &v.Exchange.Response
	resp.Origin = exchange.FromStage
	resp.DecodeBy(decodeOpenAI)
	return v.Respond(200, before+text+after)
}

// TestAnAnswerThatIsGivenAgainIsLookedAt holds that guards mask and refuse in it what they would in
// one of a provider's, that placeholders of this request come back, and that nobody is asked.
func TestAnAnswerThatIsGivenAgainIsLookedAt(t *testing.T) {
	calls := 0
	asks := &Guard{GuardTerms: terms(policy.GuardDeny), Kind: "names", Reason: exchange.ReasonEntity, Checker: names{calls: &calls}}
	s := compiled(t, "models: {m: sim/x}\nguards: {input: [{pii: {types: [EMAIL_ADDRESS]}}], output: [{pii: {types: [CREDIT_CARD]}}, {words: {words: [falcon]}}]}")
	s.guards.all.output = append(s.guards.all.output, asks)

	v := exchangetest.Join(t, s, chat(t, "I am ada@example.com"))
	v.Request()
	verdict := givenAgain(v, exchange.CacheSemanticHit, "Bob, write to [EMAIL_ADDRESS_1], not to 4012 8888 8888 1881")
	if got := string(v.Exchange.Response.Body); verdict.Action != exchange.Pass || !strings.Contains(got, "Bob, write to ada@example.com, not to [CREDIT_CARD]") {
		t.Errorf("it is %s, %+v", got, verdict)
	}
	v = exchangetest.Join(t, s, chat(t, "Who is it?"))
	v.Request()
	if verdict := givenAgain(v, exchange.CacheHit, "Project falcon"); verdict.Action != exchange.Deny || verdict.Reason != exchange.ReasonWord {
		t.Errorf("it is not refused: %+v", verdict)
	}
	if calls > 0 {
		t.Errorf("a service was asked %d times", calls)
	}
	v = exchangetest.Join(t, s, chat(t, "Who is it?"))
	v.Request()
	if verdict := givenAgain(v, "", "Project falcon"); verdict.Action != exchange.Pass {
		t.Errorf("another stage's answer is looked at: %+v", verdict)
	}
}
