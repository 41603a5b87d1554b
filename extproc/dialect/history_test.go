package dialect_test

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/canon/canontest"
	"github.com/headgate/headgate/extproc/dialect"
	"github.com/headgate/headgate/extproc/extproctest/wild"
)

// wildChoices are the bytes that choose an answer.
func wildChoices(seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 1))
	choices := make([]byte, r.IntN(40))
	for i := range choices {
		choices[i] = byte(r.IntN(254)) // the strange values of wild belong to other tests
	}
	return choices
}

// remembered is the request of a client that goes on after an answer.
func remembered(t *testing.T, client string, answer []byte) []byte {
	t.Helper()
	var a struct {
		Choices []struct{ Message json.RawMessage }
		Content json.RawMessage
		Output  []json.RawMessage
	}
	decoded(t, answer, &a)
	turn := ""
	switch client {
	case "openai":
		turn = "," + string(a.Choices[0].Message)
	case "anthropic":
		turn = `,{"role":"assistant","content":` + string(a.Content) + `}`
	default:
		for _, item := range a.Output {
			turn += "," + string(item)
		}
	}
	return []byte(thinkers[client][0] + turn + `,{"role":"user","content":"and?"}` + thinkers[client][1])
}

// notBack are what a client's dialect has no place for, so that it comes back in another one or
// not at all.
var notBack = map[string]func(*canontest.Said){
	// What only the maker of a reasoning can read stands beside what it shows.
	"openai": func(s *canontest.Said) {
		c := &s.Choices[0]
		c.Signatures = slices.DeleteFunc(slices.Clone(c.Signatures), func(signature string) bool {
			sealed := strings.HasPrefix(signature, canon.SealMark)
			if sealed {
				c.Redacted += signature
			}
			return sealed
		})
	},
	// A custom tool is a function with a text, and what is no object is in one (calledBy).
	"anthropic": func(*canontest.Said) {},
	"responses": func(*canontest.Said) {},
}

// called is a call as canontest says it, in its parts.
type called struct {
	Head string // id and name
	Args any
}

// calledBy reads a call. As Anthropic's clients know it, its arguments are an object.
func calledBy(call string, object bool) called {
	for at := range call {
		args := call[at+1:]
		if call[at] != ' ' || strings.HasPrefix(args, " ") {
			continue
		}
		text, custom := strings.CutPrefix(args, "text ")
		broken, isBroken := strings.CutPrefix(args, "not JSON: ")
		var v any
		switch {
		case isBroken && object:
			return called{call[:at], map[string]any{"invalid_arguments": broken}}
		case isBroken:
			return called{call[:at], broken}
		case custom && json.Unmarshal([]byte(text), &v) == nil && object:
			return called{call[:at], map[string]any{"input": v}}
		case json.Unmarshal([]byte(args), &v) == nil && object && args[0] != '{':
			return called{call[:at], map[string]any{"invalid_arguments": args}}
		case v != nil || args == "null":
			return called{call[:at], v}
		}
	}
	return called{Head: call}
}

// readCalls compares calls by their values, whatever is escaped in them.
func readCalls(client string) cmp.Option {
	return cmp.FilterPath(func(p cmp.Path) bool { return p.String() == "Calls" },
		cmp.Transformer("called", func(call string) called { return calledBy(call, client == "anthropic") }))
}

// comesBackAs holds that an answer which a client got says, as its history, what was said.
func comesBackAs(t *testing.T, client dialect.Dialect, want canontest.Said, answer []byte) {
	t.Helper()
	want.Choices = slices.Clone(want.Choices[:1])
	calls := slices.Clone(want.Choices[0].Calls)
	for i, call := range calls { // a stream may leave open that the arguments are none
		if none, ok := strings.CutSuffix(call, "not JSON: "); ok {
			calls[i] = none + "{}"
		}
	}
	want.Choices[0].Calls = calls
	notBack[client.Name()](&want)
	asked := remembered(t, client.Name(), answer)
	back, err := client.Decode(asked)
	if err != nil {
		t.Fatalf("%v: %s", err, asked)
	}
	turn := canon.Response{Choices: []canon.Choice{{}}}
	for i := range back.Messages {
		if back.Messages[i].Role == canon.RoleAssistant {
			turn.Choices[0].Parts = append(turn.Choices[0].Parts, back.Messages[i].Parts...)
		}
	}
	ended := cmpopts.IgnoreFields(canontest.Choice{}, "Finish", "StopHit")
	if diff := cmp.Diff(want.Choices[0], canontest.SaidBy(&turn).Choices[0], ended, cmpopts.EquateEmpty(), readCalls(client.Name())); diff != "" {
		t.Errorf("(-said +came back) %s", diff)
	}
}

// TestAnswersComeBackAsTheyWere holds that an answer of any shape, whole or streamed, which a
// client of another dialect got and sends again as history, says what its server said.
func TestAnswersComeBackAsTheyWere(t *testing.T) {
	for _, maker := range dialect.All {
		for _, client := range dialect.All {
			if maker.Name() == client.Name() {
				continue
			}
			t.Run(maker.Name()+" to "+client.Name(), func(t *testing.T) {
				answers, streams := 0, 0
				for seed := uint64(0); seed < 3000 && !t.Failed(); seed++ {
					choices := wildChoices(seed)
					if body := wild.Answer(maker.Name(), choices); answerComesBack(t, maker, client, body) {
						answers++
					}
					if stream := wild.Stream(maker.Name(), choices); streamComesBack(t, maker, client, stream) {
						streams++
					}
				}
				if !t.Failed() && (answers < 500 || streams < 500) {
					t.Errorf("only %d answers and %d streams", answers, streams)
				}
			})
		}
	}
}

// answerComesBack plays a whole answer, if it is one.
func answerComesBack(t *testing.T, maker, client dialect.Dialect, body []byte) bool {
	r, err := maker.DecodeAnswer(body)
	if err != nil || len(r.Choices) == 0 {
		return false
	}
	answer := client.EncodeAnswer(nil, r, canon.Client{ID: "x", Model: "m"})
	first := *r
	first.Choices = r.Choices[:1] // a client goes on with one
	if comesBackAs(t, client, canontest.SaidBy(&first), answer); t.Failed() {
		t.Logf("%s\nwas %s", answer, body)
	}
	return true
}

// streamComesBack plays a streamed answer, if it is one and says something. Of several choices
// a client goes on with one, and servers number them as they like.
func streamComesBack(t *testing.T, maker, client dialect.Dialect, stream []byte) bool {
	said := canontest.StreamSaid(maker, stream)
	if said.Fault != "" || len(said.Choices) != 1 {
		return false
	}
	answer := heard(maker.Name(), client, canon.Client{ID: "x", Model: "m"}, stream)
	if !json.Valid(answer) { // an error says that the client's dialect cannot say it, such as arguments that come too late
		return false
	}
	if comesBackAs(t, client, said, answer); t.Failed() {
		t.Logf("%s\nwas %s", answer, stream)
	}
	return true
}
