package policy

import "github.com/headgate/headgate/policy/strict"

// LengthGuard bounds requests. Each bound is 0 if there is none; one is not.
type LengthGuard struct {
	GuardTerms
	MaxChars    int64
	MaxTokens   int64 // estimated
	MaxMessages int64
}

var lengthGuard = described[LengthGuard]{
	doc:    "Finds requests that are too long.",
	sample: `length: {max_tokens: 8000}`,
	object: strict.NewObject(append(
		guardTerms("length", func(g *LengthGuard) *GuardTerms { return &g.GuardTerms }, GuardDeny, GuardFlag),
		strict.Bind("max_chars", func(g *LengthGuard) *int64 { return &g.MaxChars }, strict.Int[int64](1, 1_000_000_000)).Absent("no bound").
			Doc("Characters of all texts of a request together: messages, results and definitions of tools, names, documents that are given as text.").
			Example(`max_chars: 100000`),
		strict.Bind("max_tokens", func(g *LengthGuard) *int64 { return &g.MaxTokens }, strict.Int[int64](1, 100_000_000)).Absent("no bound").
			Doc("Tokens of those texts, estimated: four bytes make one.").
			Example(`max_tokens: 8000`),
		strict.Bind("max_messages", func(g *LengthGuard) *int64 { return &g.MaxMessages }, strict.Int[int64](1, 1_000_000)).Absent("no bound").
			Doc("Messages of a request, as the client sent them.").
			Example(`max_messages: 50`),
	)...).Check(func(r *strict.Reader, g *strict.Given, it *LengthGuard) {
		if it.MaxChars == 0 && it.MaxTokens == 0 && it.MaxMessages == 0 {
			r.Fault(g.Place(), "give max_chars, max_tokens or max_messages", "no bound is given")
		}
	}),
}
