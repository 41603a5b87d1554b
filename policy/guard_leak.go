package policy

import (
	"regexp"

	"github.com/headgate/headgate/policy/strict"
)

// LeakGuard finds what an answer repeats of the request's system prompt.
type LeakGuard struct {
	GuardTerms
	Words  int64 // consecutive ones that are a leak
	Canary []string
	Allow  []string
}

var leakGuard = described[LeakGuard]{
	doc:    "Finds in answers what they repeat of the system's and the developer's messages, however it is spaced, lined or capitalised.",
	sample: `leak: {canary: [zx-canary-4471]}`,
	object: strict.NewObject(append(
		guardTerms("leak", func(g *LeakGuard) *GuardTerms { return &g.GuardTerms }, GuardDeny, GuardMask, GuardFlag),
		strict.Bind("words", func(g *LeakGuard) *int64 { return &g.Words }, strict.Int[int64](4, 64)).Default(8).
			Doc("Consecutive words of a prompt that are a leak. They must have four times as many letters and digits, so that short common phrases are none. What other messages of the conversation say is none, either.").
			Example(`words: 12`),
		strict.Bind("canary", func(g *LeakGuard) *[]string { return &g.Canary }, strict.List(1, 100, phrase)).Absent("none").
			Doc("Texts that no answer may hold, whatever the conversation says: such as one that was put into the prompt for this.").
			Example(`canary: [zx-canary-4471]`),
		strict.Bind("allow", func(g *LeakGuard) *[]string { return &g.Allow }, strict.List(1, 100, allowedText)).Absent("none").
			Doc("Texts of prompts that answers may repeat, such as the words in which the model is to decline.").
			Example(`allow: ["I am sorry, but I cannot help with that"]`),
	)...),
}

var allowedText = strict.Text().Matching(allowedForm, "a text has 1 to 1000 characters")

var allowedForm = regexp.MustCompile(`^(?s:.){1,1000}$`)
