package advice

import "testing"

func TestLaterModelsThatRefuseWhatEarlierOnesTake(t *testing.T) {
	const skip = "; add a link that takes them, or count on one fallback less"
	const hint = "; the answer's header x-headgate-dropped tells the caller"
	checkAdvice(t, []adviceCase{
		{name: "a reasoning model after one that does not reason", model: "{chain: [gpt/gpt-4o, gpt/gpt-5]}",
			want: []string{"note models.m.chain[1]: a request loses its temperature, its stop sequences, its log probabilities and its wish not to reason here: the models of this link refuse it" + hint}},
		{name: "the other way round", model: "{chain: [gpt/gpt-5, gpt/gpt-4o]}",
			want: []string{"note models.m.chain[1]: a request loses its reasoning effort here: the models of this link refuse it" + hint,
				"note models.m.chain[1]: an answer has at most 16384 tokens here, whatever the request allows: an earlier link gives 128000" + hint}},
		{name: "another dialect", model: "{chain: [claude/claude-sonnet-4-6, claude/claude-fable-5]}",
			want: []string{"note models.m.chain[1]: a request loses its temperature and its wish not to reason here: the models of this link refuse it" + hint}},
		{name: "one use of the link takes it", model: "{chain: [gpt/gpt-4o, [{use: gpt/gpt-4o-mini}, {use: gpt/gpt-5.5}]]}"},
		{name: "no earlier link takes it", model: "{chain: [gpt/gpt-5, gpt/gpt-5-mini]}"},
		{name: "nothing is known", model: "{chain: [gpt/mine, gpt/yours]}"},
		{name: "only one link", model: "{chain: [gpt/gpt-5]}"},
		{name: "schemas of Anthropic's after OpenAI's", model: "{chain: [gpt/gpt-5.5, claude/claude-opus-4-8]}",
			want: []string{
				"note models.m.chain[1]: requests with an assistant's message at the end skip this link: its models refuse them" + skip,
				"note models.m.chain[1]: a request loses the enforcement of bounds, lengths and patterns in its schemas here: the models of this link refuse it" + hint}},
		{name: "and the other way round", model: "{chain: [claude/claude-opus-4-8, gpt/gpt-5.6]}",
			want: []string{"note models.m.chain[1]: a request loses its reasoning effort if it has tools and the enforcement of schemas with optional properties here: the models of this link refuse it" + hint}},
		{name: "a model that cannot be made to call a tool", model: "{chain: [claude/claude-opus-5, claude/claude-opus-5-5]}",
			want: []string{
				"note models.m.chain[1]: requests with a tool that must be called skip this link: its models refuse them" + skip,
				"note models.m.chain[1]: a request loses its wish not to reason here: the models of this link refuse it" + hint}},
		{name: "the same where the policy drops", model: "{chain: [claude/claude-opus-5, claude/claude-opus-5-5], unfit: drop}",
			want: []string{
				"note models.m.chain[1]: a request loses its wish not to reason here: the models of this link refuse it" + hint,
				"warning models.m.chain[1]: a request loses its demand that a tool be called here: the models of this link refuse it" + hint}},
	}, FallbackModel, FallbackSkipped, FallbackDrops)
}
