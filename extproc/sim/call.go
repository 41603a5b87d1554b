package sim

import (
	"strings"

	"github.com/headgate/headgate/extproc/scan"
)

// call is a request for an answer, read from either dialect.
type call struct {
	model  string // without its directive suffix
	suffix string // the directive behind the model's name
	stream bool

	includeUsage bool // stream_options.include_usage
	obfuscation  bool
	n            int // choices
	limit        int // tokens of the answer; 0: none
	stops        []string

	tools      []tool
	toolChoice string // "auto", "none", "required", or "tool" for choiceName
	choiceName string
	oneTool    bool // no parallel calls

	json   bool       // the answer is JSON
	schema scan.Value // that fits this; empty: any object

	reasoning int  // hidden tokens by default
	thinking  bool // shown as thinking blocks

	prompt     prompt
	lastText   string   // of the last user message, without directives
	directives []string // in that message
	afterTool  bool     // tool results followed it

	own any // of the operation that reads and answers it
}

type tool struct {
	name   string
	schema scan.Value
}

func (c *call) setModel(name string) {
	c.model, c.suffix, _ = strings.Cut(name, "+")
}

// userText takes note of a user message's text.
func (c *call) userText(text string) {
	c.lastText, c.directives = cutDirectives(text)
	c.afterTool = false
}

// toolNamed returns the request's tool of that name.
func (c *call) toolNamed(name string) (tool, bool) {
	for _, t := range c.tools {
		if t.name == name {
			return t, true
		}
	}
	return tool{}, false
}

// members reads an object's members into the map's targets, the last of a name
// winning, as the providers' parsers do. It returns the first name that the map
// does not have.
func members(v scan.Value, into map[string]*scan.Value) (unknown string) {
	m := v.Fields()
	for m.Next() {
		if p := into[string(m.Key())]; p != nil {
			*p = m.Value()
		} else if _, known := into[string(m.Key())]; !known && unknown == "" {
			unknown = string(m.Key())
		}
	}
	return unknown
}

// given tells whether a member is there and not null.
func given(v scan.Value) bool { return v.Kind() != scan.Invalid && v.Kind() != scan.Null }

func str(v scan.Value) string {
	b, _ := v.Str()
	return string(b)
}

// kindNames are the types as the providers' errors name them.
func kindName(v scan.Value) string {
	switch v.Kind() {
	case scan.Object:
		return "an object"
	case scan.Array:
		return "an array"
	case scan.String:
		return "a string"
	case scan.Number:
		if _, ok := v.Int(); ok {
			return "an integer"
		}
		return "a decimal"
	case scan.Bool:
		return "a boolean"
	default:
		return "null"
	}
}

// toolName tells whether a name may be a tool's at both providers.
func toolName(name string) bool {
	if name == "" || len(name) > 128 {
		return false
	}
	for _, c := range []byte(name) {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-') {
			return false
		}
	}
	return true
}
