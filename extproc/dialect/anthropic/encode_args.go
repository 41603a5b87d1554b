package anthropic

import (
	"github.com/headgate/headgate/extproc/canon"
)

// argsWriter writes the arguments of one call into a stream. What is no object becomes
// the text of a member of one, as in a whole answer: clients take nothing else for input. So
// does the text of a custom call.
type argsWriter struct {
	whole  canon.Complete
	begun  bool
	wraps  bool
	custom bool
}

// append appends a piece, escaped, to the inside of a string.
func (w *argsWriter) append(dst, text []byte) []byte {
	if w.custom {
		if !w.begun {
			w.begun, w.wraps = true, true
			dst = append(dst, `{\"input\":\"`...)
		}
		return canon.AppendEscaped(dst, text)
	}
	w.whole.Feed(text)
	if rest := canon.SkipBlank(text); !w.begun && len(rest) > 0 {
		w.begun = true
		if w.wraps = rest[0] != '{'; w.wraps {
			dst = append(dst, `{\"invalid_arguments\":\"`...)
		}
	}
	if w.wraps {
		return canon.AppendEscaped(dst, text)
	}
	return append(dst, text...)
}
