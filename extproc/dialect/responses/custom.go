package responses

import (
	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// A server that knows functions only is given a custom tool as one with a single argument,
// the text. A client gets the text again.

// customInput is the name of that argument.
const customInput = "input"

// isCustom reports whether a client knows a tool, which it calls so, as a custom one.
func isCustom(asked *canon.Request, name scan.Value) bool {
	if asked == nil {
		return false
	}
	for i := range asked.Tools {
		if t := &asked.Tools[i]; t.Custom && string(t.Name) == string(name) {
			return true
		}
	}
	return false
}

// unwrap returns the text in the arguments of such a function, escaped. What holds no such
// text is the text itself.
func unwrap(args scan.Value) []byte {
	object := args
	if args.Kind() == scan.String {
		object = scan.Unescape(canon.Inside(args))
	}
	if text := object.Get(customInput); text.Kind() == scan.String && canon.Whole(object) {
		return canon.Inside(text)
	}
	return canon.Inside(canon.AppendText(nil, args))
}
