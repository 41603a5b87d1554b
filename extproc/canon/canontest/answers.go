package canontest

import (
	"bytes"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/dialect"
)

// Answer is an answer that every dialect says in its own words, whole and as a stream:
// answers/NAME.json and answers/NAME.sse of a corpus.
type Answer struct {
	Name   string
	Status int   // of the whole answer; 0: 200
	Whole  Said  // what the JSON means
	Stream *Said // what the stream means; nil: the same
	NoSSE  bool  // the answer is no stream, whatever was asked for
	Asked  int   // how many choices the client asks for; 0: one
}

func (a *Answer) status() int {
	if a.Status == 0 {
		return 200
	}
	return a.Status
}

func (a *Answer) streamed() Said {
	if a.Stream != nil {
		return *a.Stream
	}
	return a.Whole
}

// used is what most answers cost.
var used = canon.Usage{Input: 15, CacheRead: 5, Output: 7}

func says(c ...Choice) Said { return Said{ID: "1", Model: "model-1", Choices: c, Usage: used} }

func costs(s Said, u canon.Usage) Said {
	s.Usage = u
	return s
}

// broken is what was said of an answer that then failed.
func broken(text string, f canon.FaultKind, message string) *Said {
	return &Said{ID: "1", Model: "model-1", Choices: []Choice{{Text: text}}, Fault: f, Message: message}
}

// Answers are what the corpus of a dialect says, unless it Lacks the words.
var Answers = []Answer{
	{Name: "text", Whole: says(Choice{Text: "Hi \"é\"\n there", Finish: canon.FinishStop})},
	{Name: "several-choices", Asked: 2, Whole: says(Choice{Text: "heads", Finish: canon.FinishStop}, Choice{Text: "tails", Finish: canon.FinishLength})},
	{Name: "parallel-calls", Whole: says(Choice{Text: "let me", Finish: canon.FinishToolCalls,
		Calls: []string{`call_1 f {"a":"\"}"}`, `call_2 g {}`, `call_3 f {"b":[1,{"c":null}]}`}})},
	{Name: "custom-call", Whole: says(Choice{Finish: canon.FinishToolCalls,
		Calls: []string{`call_1 patch text "*** Begin Patch\n+\"é\" \\ {}\n"`, `call_2 f {"a":1}`}})},
	{Name: "reasoning", Whole: costs(says(Choice{Reasoning: "hm, first", Signatures: []string{"c2ln"}, Redacted: "ZGF0", Text: "2", Finish: canon.FinishStop}),
		canon.Usage{Input: 15, CacheRead: 5, Output: 3, Reasoning: 4})},
	{Name: "reasoning-and-a-call", Whole: says(Choice{Reasoning: "hm", Signatures: []string{"c2ln"}, Calls: []string{`call_1 f {"a":1}`}, Finish: canon.FinishToolCalls})},
	{Name: "refusal", Whole: says(Choice{Text: "I will not.", Finish: canon.FinishRefusal})},
	{Name: "content-filter", Whole: says(Choice{Text: "Once", Finish: canon.FinishRefusal})},
	{Name: "length", Whole: says(Choice{Text: "and so", Finish: canon.FinishLength})},
	{Name: "stop-sequence", Whole: says(Choice{Text: "one", Finish: canon.FinishStopSequence, StopHit: "END"})},
	{Name: "empty", Whole: costs(says(Choice{Finish: canon.FinishStop}), canon.Usage{Input: 15, CacheRead: 5})},
	{Name: "unicode", Whole: says(Choice{Text: "é 日本 😀 \u2028 𝄞\x01", Finish: canon.FinishStop})},
	{Name: "usage", Whole: costs(says(Choice{Text: "x", Finish: canon.FinishStop}),
		canon.Usage{Input: 50, CacheRead: 30, CacheWrite5m: 10, CacheWrite1h: 20, Output: 9, Reasoning: 11})},
	{Name: "provider-error", Status: 429, NoSSE: true, Whole: Said{Fault: canon.FaultRateLimit, Message: "slow \"down\""}},
	{Name: "error-in-a-200", Whole: Said{Fault: canon.FaultOverloaded, Message: "busy"}, Stream: broken("Hi", canon.FaultOverloaded, "busy")},
	{Name: "cut", Whole: Said{Fault: canon.FaultServer}, Stream: broken("Hi", canon.FaultServer, canon.Cut().Message)},
}

// lost are what the dialects have no words for that golden inputs are written in.
var lost = map[string]func(*Said){"openai": LostByOpenAI, "anthropic": LostByAnthropic, "responses": LostByResponses}

// loses returns what is left of a meaning in one of those dialects.
func loses(d dialect.Dialect, s Said) Said {
	if lose := lost[d.Name()]; lose != nil {
		lose(&s)
	}
	return s
}

// LostByOpenAI takes what OpenAI's chat completions have no words for: which stop
// sequence ended an answer, and that a turn is only paused.
func LostByOpenAI(s *Said) {
	s.Choices = slices.Clone(s.Choices)
	for i := range s.Choices {
		c := &s.Choices[i]
		c.StopHit = ""
		switch c.Finish {
		case canon.FinishStopSequence, canon.FinishPause, canon.FinishOther:
			c.Finish = canon.FinishStop
		case canon.FinishContextWindow:
			c.Finish = canon.FinishLength
		default: // has a word
		}
	}
}

// LostByAnthropic takes what Anthropic's messages have no words for: further choices,
// audio, which counts as text, and calls of custom tools, which functions stand for.
func LostByAnthropic(s *Said) {
	s.Choices = slices.Clone(s.Choices[:min(1, len(s.Choices))])
	for i := range s.Choices {
		s.Choices[i].Calls = inFunctions(s.Choices[i].Calls)
	}
	u := &s.Usage
	u.Input, u.AudioInput = u.Input+u.AudioInput, 0
	u.Output, u.AudioOutput = u.Output+u.AudioOutput, 0
}

// inFunctions are calls with functions in the place of custom tools.
func inFunctions(calls []string) (all []string) {
	for _, call := range calls {
		if said := strings.SplitN(call, " ", 4); len(said) == 4 && said[2] == customCall {
			call = said[0] + " " + said[1] + ` {"input":` + said[3] + `}`
		}
		all = append(all, call)
	}
	return all
}

// LostByResponses takes what OpenAI's Responses have no words for: what chat completions
// have none for, further choices, and audio, which counts as text.
func LostByResponses(s *Said) {
	LostByOpenAI(s)
	s.Choices = s.Choices[:min(1, len(s.Choices))]
	u := &s.Usage
	u.Input, u.AudioInput = u.Input+u.AudioInput, 0
	u.Output, u.AudioOutput = u.Output+u.AudioOutput, 0
}

// answerFile returns what a file of an answer holds.
func (u *under) answerFile(t *testing.T, name, ending string) []byte {
	t.Helper()
	return load(t, filepath.Join(u.dir(), "answers", name+ending))
}

// eachAnswer runs a test on each answer that the dialect can say.
func (u *under) eachAnswer(t *testing.T, run func(*testing.T, *Answer)) {
	t.Helper()
	known := map[string]bool{}
	for i := range Answers {
		a := &Answers[i]
		known[a.Name] = true
		if u.Lacks[a.Name] == "" {
			t.Run(a.Name, func(t *testing.T) { run(t, a) })
		}
	}
	for name := range u.Lacks {
		if !known[name] {
			t.Errorf("Lacks names %s, which is no answer", name)
		}
	}
}

// answers holds that the dialect reads its own words for each answer, whole and as a
// stream in whatever pieces, and that its judge takes them.
func (u *under) answers(t *testing.T) {
	u.eachAnswer(t, func(t *testing.T, a *Answer) {
		body := u.answerFile(t, a.Name, ".json")
		if a.status() == 200 {
			means(t, u.loses(a.Whole), whole(u, 200, body))
		} else {
			means(t, u.loses(a.Whole), FaultSaid(u.DecodeFault(a.Status, body)))
		}
		if a.Whole.Fault == "" {
			u.Judge.Answer(t, body)
		}
		if !a.NoSSE {
			u.streamedAnswer(t, a)
		}
	})
}

func (u *under) streamedAnswer(t *testing.T, a *Answer) {
	in, want := u.answerFile(t, a.Name, ".sse"), u.loses(a.streamed())
	means(t, want, StreamSaid(u, in))
	everySplit(in, func(pieces [][]byte, how string) {
		var l listener
		Stream(u.Decoder(false), &l, pieces...)
		if l.ended != (want.Fault == "") {
			t.Fatalf("%s: ended %v", how, l.ended)
		}
		means(t, want, l.done())
	})
	if want.Fault == "" {
		u.judged(t, in)
		means(t, want, StreamSaid(u, bytes.TrimRight(in, "\n"))) // a server that forgets the last blank line
	}
}

// whole is what a whole answer with a status means to a client of its dialect.
func whole(d dialect.Backend, status int, body []byte) Said {
	if status >= 400 {
		return FaultSaid(d.DecodeFault(status, body))
	}
	r, err := d.DecodeAnswer(body)
	var f *canon.Fault
	if errors.As(err, &f) {
		return FaultSaid(f)
	}
	return SaidBy(r)
}

// means holds what an answer means. What a fault says is held if it is known, and what
// a stream that failed has cost is not.
func means(t *testing.T, want, got Said) {
	t.Helper()
	if want.Fault != "" {
		if want.Message == "" {
			got.Message = ""
		}
		got.Usage = want.Usage
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +heard):\n%s", diff)
	}
}
