package canon

import (
	"bytes"

	"github.com/headgate/headgate/extproc/scan"
)

// Reasoning that only its maker can read, a signature or a text, goes to the client with
// the answer and comes back with the next request. Servers of each kind would take it for
// their own, and refuse the request. So what comes from one kind goes to clients of
// another under a seal that says whose it is: in canonical form, what OpenAI's Responses
// encrypt; in a Responses item, what Anthropic signed or encrypted.

// Maker is whose servers can read what is sealed.
type Maker string

// The makers.
const (
	MadeByAnthropic Maker = "anthropic"
	MadeByOpenAI    Maker = "openai"
)

// SealMark begins what is sealed: the maker, a label and the text follow, with full stops
// between them.
const SealMark = "hg1."

// AppendSeal appends, as a string, a text that only its maker can read. The label, of
// letters, digits, underscores and hyphens, goes with it; any other one is left out. The text
// is escaped.
func AppendSeal(dst []byte, by Maker, label, text []byte) []byte {
	dst = append(append(append(dst, '"'), SealMark...), by...)
	dst = append(dst, '.')
	if Plain(label) {
		dst = append(dst, label...)
	}
	return append(append(append(dst, '.'), text...), '"')
}

// ReadSeal returns what AppendSeal was given. It returns false for a text that has no seal.
func ReadSeal(v scan.Value) (by Maker, label, text []byte, ok bool) {
	rest, ok := bytes.CutPrefix(Inside(v), []byte(SealMark))
	if !ok {
		return "", nil, nil, false
	}
	maker, rest, _ := bytes.Cut(rest, []byte{'.'})
	label, text, ok = bytes.Cut(rest, []byte{'.'})
	by = Maker(maker)
	if !ok || len(text) == 0 || by != MadeByAnthropic && by != MadeByOpenAI {
		return "", nil, nil, false
	}
	return by, label, text, true
}

// Sealed reports whether a text has a seal, whoever made it.
func Sealed(v scan.Value) bool {
	_, _, _, ok := ReadSeal(v)
	return ok
}
