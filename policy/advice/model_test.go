package advice

import "testing"

func TestLaterModelsThatRefuseWhatEarlierOnesTake(t *testing.T) {
	const hint = "; the answer's header x-headgate-dropped tells the caller"
	checkAdvice(t, []adviceCase{
		{name: "a reasoning model after one that does not reason", model: "{chain: [gpt/gpt-4o, gpt/gpt-5]}",
			want: []string{"note models.m.chain[1]: a request loses its temperature, its stop sequences, its log probabilities and its wish not to reason here: the models of this link refuse it" + hint}},
		{name: "the other way round", model: "{chain: [gpt/gpt-5, gpt/gpt-4o]}",
			want: []string{"note models.m.chain[1]: a request loses its reasoning effort here: the models of this link refuse it" + hint}},
		{name: "another dialect", model: "{chain: [claude/claude-sonnet-4-6, claude/claude-fable-5]}",
			want: []string{"note models.m.chain[1]: a request loses its temperature and its wish not to reason here: the models of this link refuse it" + hint}},
		{name: "one use of the link takes it", model: "{chain: [gpt/gpt-4o, [{use: gpt/gpt-4o-mini}, {use: gpt/gpt-5.5}]]}"},
		{name: "no earlier link takes it", model: "{chain: [gpt/gpt-5, gpt/gpt-5-mini]}"},
		{name: "nothing is known", model: "{chain: [gpt/mine, gpt/yours]}"},
		{name: "only one link", model: "{chain: [gpt/gpt-5]}"},
	}, FallbackModel)
}
