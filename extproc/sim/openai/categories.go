package openai

import (
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/headgate/headgate/extproc/sim/wire"
)

// category is one that OpenAI's moderation judges by.
type category struct {
	name   string
	images bool     // of images, too
	words  []string // by which a text is of it here
}

// categories are those of the omni models, in their order.
var categories = []category{
	{"harassment", false, []string{"idiot", "moron", "threaten"}},
	{"harassment/threatening", false, []string{"threaten"}},
	{"sexual", true, []string{"porn", "underage"}},
	{"hate", false, []string{"racist", "genocide"}},
	{"hate/threatening", false, []string{"genocide"}},
	{"illicit", false, []string{"steal", "bomb"}},
	{"illicit/violent", false, []string{"bomb"}},
	{"self-harm/intent", true, []string{"suicide"}},
	{"self-harm/instructions", true, []string{"overdose"}},
	{"self-harm", true, []string{"suicide", "overdose"}},
	{"sexual/minors", false, []string{"underage"}},
	{"violence", true, []string{"kill", "murder", "gore"}},
	{"violence/graphic", true, []string{"gore"}},
}

// flagsNone is the scripted value of which nothing is flagged.
const flagsNone = "none"

// checkFlags refuses a scripted category that does not exist.
func checkFlags(text string) error {
	if text == "" || text == flagsNone {
		return nil
	}
	for name := range strings.SplitSeq(text, ",") {
		if !slices.ContainsFunc(categories, func(c category) bool { return c.name == name }) {
			return fmt.Errorf("flag: unknown category %q", name)
		}
	}
	return nil
}

// appendResult renders what is made of one input. The scripted flags stand above its words.
func appendResult(b []byte, in *judged, scripted []string) []byte {
	words, ofImage := wordsOf(in.text), wordsOf(in.image)
	flags := make([]bool, len(categories))
	flagged := false
	for i, c := range categories {
		has := func(w string) bool { return slices.Contains(words, w) || c.images && slices.Contains(ofImage, w) }
		flags[i] = slices.Contains(scripted, c.name) || scripted == nil && slices.ContainsFunc(c.words, has)
		flagged = flagged || flags[i]
	}
	b = strconv.AppendBool(append(b, `{"flagged":`...), flagged)
	b = appendByCategory(append(b, `,"categories":`...), func(b []byte, i int) []byte { return strconv.AppendBool(b, flags[i]) })
	b = appendByCategory(append(b, `,"category_scores":`...), func(b []byte, i int) []byte {
		return strconv.AppendFloat(b, in.score(i, flags[i]), 'g', -1, 64)
	})
	b = appendByCategory(append(b, `,"category_applied_input_types":`...), func(b []byte, i int) []byte { return in.appendTypes(b, i) })
	return append(b, '}')
}

// appendByCategory renders an object with a member for each category.
func appendByCategory(b []byte, value func([]byte, int) []byte) []byte {
	for i, c := range categories {
		sep := byte(',')
		if i == 0 {
			sep = '{'
		}
		b = append(append(append(b, sep, '"'), c.name...), `":`...)
		b = value(b, i)
	}
	return append(b, '}')
}

// applies reports whether an input has something that a category judges.
func (in *judged) applies(i int) bool { return in.hasText || in.hasImage && categories[i].images }

// score is how sure the judgement is: the same for the same input, near 1 where it flags.
func (in *judged) score(i int, flagged bool) float64 {
	if !in.applies(i) {
		return 0
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(in.text + in.image + categories[i].name))
	part := float64(wire.Mix(h.Sum64())>>11) / (1 << 53)
	if flagged {
		return 0.9 + part/10
	}
	return 1e-6 + part/1000
}

// appendTypes renders what of an input a category was applied to.
func (in *judged) appendTypes(b []byte, i int) []byte {
	switch image := in.hasImage && categories[i].images; {
	case in.hasText && image:
		return append(b, `["text","image"]`...)
	case in.hasText:
		return append(b, `["text"]`...)
	case image:
		return append(b, `["image"]`...)
	default:
		return append(b, `[]`...)
	}
}

func wordsOf(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) })
}
