package policy

import (
	"regexp"

	"github.com/headgate/headgate/policy/strict"
)

// WordsGuard finds words and phrases of a list.
type WordsGuard struct {
	GuardTerms
	Type  string // of what is found
	Words []string
	File  string // with one phrase a line; empty: none
}

const maxPhrases = 10_000

var wordsGuard = described[WordsGuard]{
	doc:    "Finds words and phrases of a list, whatever their case, as whole words.",
	sample: `words: {words: [project falcon], action: deny}`,
	object: strict.NewObject(append(
		guardTerms("words", func(g *WordsGuard) *GuardTerms { return &g.GuardTerms }, GuardDeny, GuardMask, GuardFlag),
		strict.Bind("type", func(g *WordsGuard) *string { return &g.Type }, findingType).Default("WORD").
			Doc("Type of what is found, in records, metrics and placeholders.").
			Example(`type: COMPETITOR`),
		strict.Bind("words", func(g *WordsGuard) *[]string { return &g.Words }, strict.List(1, maxPhrases, phrase)).Absent("none beside those of the file").
			Doc("Words and phrases, each of up to 16 words. Between the words of a phrase there may be up to 32 bytes of blanks and punctuation. A character of a script without blanks, such as Chinese or Thai, is a word by itself.").
			Example(`words: [acme, project falcon]`),
		strict.Bind("file", func(g *WordsGuard) *string { return &g.File }, absoluteFile).Absent("none").
			Doc("File on each pair's machine with further ones, one a line; blank lines, and those that begin with #, say nothing. It has up to 100000 lines and 4 MiB, and is read when the pair takes a policy: a pair that cannot read it refuses the policy.").
			Example(`file: /etc/headgate/words.txt`),
	)...).Check(func(r *strict.Reader, g *strict.Given, it *WordsGuard) {
		if len(it.Words) == 0 && it.File == "" {
			r.Fault(g.Place(), "list words, or name a file", "there is nothing to look for")
		}
	}),
}

var (
	phrase       = strict.Text().Matching(phraseForm, "a phrase is 1 to 256 bytes on one line, with a letter or a digit")
	absoluteFile = strict.Text().Matching(absolutePath, "a file is an absolute path")
)

var phraseForm = regexp.MustCompile(`^[^\x00-\x08\x0A-\x1F]{0,255}[\p{L}\p{N}][^\x00-\x08\x0A-\x1F]{0,255}$`)
