package wire

import (
	"strings"

	"github.com/headgate/headgate/extproc/scan"
)

// Call is a request for an answer, read from either dialect.
type Call struct {
	Model  string // without its directive suffix
	Suffix string // the directive after the model's name
	Stream bool

	IncludeUsage bool // stream_options.include_usage
	Obfuscation  bool
	N            int // choices
	Limit        int // tokens of the answer; 0: none
	Stops        []string

	Tools      []Tool
	ToolChoice string // "auto", "none", "required", or "tool" for choiceName
	ChoiceName string
	OneTool    bool // no parallel calls

	JSON   bool       // the answer is JSON
	Schema scan.Value // that fits this; empty: any object

	Reasoning int  // hidden tokens by default
	Thinking  bool // shown as thinking blocks

	Prompt     Prompt
	LastText   string   // of the last user message, without directives
	Directives []string // in that message
	AfterTool  bool     // tool results followed it
	Prefilled  bool     // the conversation ends with an assistant message
	Truncates  bool     // what exceeds the context window is left out
	Silent     int      // the answer is so many tokens, of which none is shown; 0: it is a usual one
	Later      bool     // all that is said at once is that the answer is to come

	Own any // of the operation that reads and answers it
}

// Tool is what the model may call; Schema is that of its arguments.
type Tool struct {
	Name   string
	Schema scan.Value
	Custom bool // it takes a text in place of arguments
	Hosted bool // the provider runs it and answers then
}

// SetModel takes note of a model's name, and of the directive that may follow it.
func (c *Call) SetModel(name string) {
	c.Model, c.Suffix, _ = strings.Cut(name, "+")
}

// UserText takes note of a user message's text.
func (c *Call) UserText(text string) {
	c.LastText, c.Directives = CutDirectives(text)
	c.AfterTool = false
}

// ToolNamed returns the request's tool of that name.
func (c *Call) ToolNamed(name string) (Tool, bool) {
	for _, t := range c.Tools {
		if t.Name == name {
			return t, true
		}
	}
	return Tool{}, false
}

// Members reads an object's members into the map's targets, the last of a name
// winning, as the providers' parsers do. It returns the first name that the map
// does not have.
func Members(v scan.Value, into map[string]*scan.Value) (unknown string) {
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

// Given reports whether a member is there and not null.
func Given(v scan.Value) bool { return v.Kind() != scan.Invalid && v.Kind() != scan.Null }

// Str returns a string's text, empty for any other value.
func Str(v scan.Value) string {
	b, _ := v.Str()
	return string(b)
}

// KindName returns the type as the providers' errors name them.
func KindName(v scan.Value) string {
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

// ToolName reports whether a name may be a tool's at both providers.
func ToolName(name string) bool {
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

// First returns the first element of a list.
func First(list scan.Value) scan.Value {
	m := list.Elements()
	if m.Next() {
		return m.Value()
	}
	return nil
}
