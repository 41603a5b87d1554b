package sim

import (
	"strings"
	"unicode/utf8"

	"github.com/headgate/headgate/extproc/sim/wire"
)

// answerText is what the simulated provider says when nobody scripts it. Each
// part of it has characters of two, three and four bytes, so that every stream
// can be split inside one.
const answerText = "Voilà 😀: the simulated provider answers. 你好，世界! " +
	"Its café serves naïve questions — déjà vu guaranteed ✅ — and every token is counted."

const reasoningText = "The user asks something; I weigh it — très simple, 很好 🤔 — and answer."

// inputText is what a custom tool is called with. It follows no grammar.
const inputText = "déjà vu 😀: 你好"

const refusalText = "I’m sorry, but I can’t help with that."

var (
	answerTokens    = wire.Split(answerText)
	reasoningTokens = wire.Split(reasoningText)
)

// cycle returns n tokens of a text, over and over. Joined, they count as n
// tokens, because the texts start with a word or end in one that a word may not
// continue.
func cycle(tokens []string, n int) []string {
	if n <= len(tokens) {
		return tokens[:n]
	}
	out := make([]string, 0, n)
	for len(out) < n {
		out = append(out, tokens[:min(len(tokens), n-len(out))]...)
	}
	return out
}

// oversized returns text repeated to at least size bytes.
func oversized(text string, size int) string {
	if text == "" {
		text = answerText
	}
	if len(text) >= size {
		return text
	}
	long := strings.Repeat(text, size/len(text)+1)
	for size < len(long) && !utf8.RuneStart(long[size]) {
		size++
	}
	return long[:size]
}
