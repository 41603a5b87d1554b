package canon

import (
	"bytes"

	"github.com/headgate/headgate/extproc/scan"
)

// A custom tool takes a text in place of arguments. A server that knows functions only gets a
// function with one argument, which is the text, and its calls are custom calls again to the
// client: by the name of the tool, so that nothing has to be remembered between requests.

// inputName is what the function calls its argument. It needs no escapes.
const inputName = "input"

// inputSchema describes the arguments of a function that stands for a custom tool.
var inputSchema = scan.Value(`{"type":"object","properties":{"` + inputName + `":{"type":"string"}},"required":["` + inputName + `"],"additionalProperties":false}`)

// Grammar is the form of a custom tool's text. Its fields are nil if any text will do.
type Grammar struct {
	Syntax     scan.Value // a string: lark or regex
	Definition scan.Value // a string
}

// ReadGrammar reads a tool's format, as chat completions write it and as responses do.
func ReadGrammar(format scan.Value) Grammar {
	if inner := format.Get("grammar"); inner.Kind() == scan.Object {
		format = inner
	}
	g := Grammar{Syntax: format.Get("syntax"), Definition: format.Get("definition")}
	if g.Definition.Kind() != scan.String {
		return Grammar{}
	}
	if g.Syntax.Kind() != scan.String {
		g.Syntax = nil
	}
	return g
}

// OddFormat reports whether a custom tool's format says more than its grammar, or is none.
func (t *Tool) OddFormat() bool {
	format, outer := t.Format, []string{"type", "grammar", "syntax", "definition"}
	if string(Inside(format.Get("type"))) != "grammar" || ReadGrammar(format).Definition == nil {
		return true
	}
	return len(Strangers(nil, "", format, outer...)) > 0 || len(Strangers(nil, "", format.Get("grammar"), outer[2:]...)) > 0
}

// AnyText reports whether a custom tool takes any text.
func (t *Tool) AnyText() bool {
	if t.Format == nil {
		return true
	}
	m := t.Format.Fields()
	return m.Next() && string(m.Key()) == "type" && string(m.Value()) == `"text"` && !m.Next()
}

// AsFunction returns the function that stands for a custom tool. What its text must be like stands
// in the description.
func (t *Tool) AsFunction() Tool {
	f := *t
	f.Custom, f.Format, f.Schema, f.Strict = false, nil, inputSchema, nil
	b := append([]byte{'"'}, Inside(t.Description)...)
	if len(b) > 1 {
		b = append(b, `\n\n`...)
	}
	b = append(b, `The argument \"`+inputName+`\" is a text, taken as it is.`...)
	if g := ReadGrammar(t.Format); g.Definition != nil {
		b = append(b, ` It must match this grammar`...)
		if g.Syntax != nil {
			b = append(append(append(b, ` (`...), Inside(g.Syntax)...), ')')
		}
		b = append(append(b, `:\n`...), Inside(g.Definition)...)
	}
	f.Description = append(b, '"')
	return f
}

// AppendInput appends the arguments that stand for a custom call's text, a string, as an object.
func AppendInput(dst []byte, text scan.Value) []byte {
	dst = append(dst, `{"`+inputName+`":`...)
	if text.Kind() != scan.String {
		dst = append(dst, '"', '"')
	} else {
		dst = append(dst, text...)
	}
	return append(dst, '}')
}

// Input returns the text, a string, that the arguments of a function stand for. Arguments of any
// other form are the text as they are: a model does not always keep to a schema.
func Input(args scan.Value) scan.Value {
	object := args
	if args.Kind() == scan.String {
		object = scan.Unescape(Inside(args))
	}
	if Whole(object) {
		object = bytes.TrimLeft(object, " \t\r\n")
		if text := object.Get(inputName); text.Kind() == scan.String {
			return text
		}
	}
	switch {
	case NoArgs(args), Whole(object) && NoArgs(object):
		return scan.Value(`""`)
	case args.Kind() == scan.String:
		return args
	}
	return append(AppendEscaped([]byte{'"'}, args), '"')
}

// CallsCustom reports whether the client knows a tool of this name, as a server calls it, as a
// custom one. It is false of a nil request.
func (r *Request) CallsCustom(name scan.Value) bool {
	if r == nil {
		return false
	}
	name = r.ToolName(name)
	for i := range r.Tools {
		if t := &r.Tools[i]; same(t.Name, name) {
			return t.Custom
		}
	}
	return false
}

// Namespace returns the namespace of the tool that a server calls so; nil: it has none.
func (r *Request) Namespace(name scan.Value) scan.Value {
	if r == nil {
		return nil
	}
	name = r.ToolName(name)
	for i := range r.Tools {
		if t := &r.Tools[i]; same(t.Name, name) {
			return t.Namespace
		}
	}
	return nil
}

// HasCustom reports whether the client has custom tools. It is false of a nil request.
func (r *Request) HasCustom() bool {
	if r == nil {
		return false
	}
	for i := range r.Tools {
		if r.Tools[i].Custom {
			return true
		}
	}
	return false
}

// CustomText returns the text of a call that the client knows as a custom one; false if it is the
// call of a function. A custom call of a tool that the client does not know is a custom call to it.
func (r *Request) CustomText(p *Part) (scan.Value, bool) {
	switch {
	case p.Custom:
		return p.Args, true
	case r.CallsCustom(p.Name):
		return Input(p.Args), true
	}
	return nil, false
}

// AppendArgsText appends a call's arguments as a string that holds their JSON. Of a custom call
// they are those of the function that stands for it.
func (p *Part) AppendArgsText(dst []byte) []byte {
	if p.Custom {
		return append(AppendEscaped(append(dst, '"'), AppendInput(nil, p.Args)), '"')
	}
	return AppendText(dst, p.Args)
}

// AppendArgsObject appends a call's arguments as AppendObject does. Of a custom call they are those
// of the function that stands for it.
func (p *Part) AppendArgsObject(dst []byte) ([]byte, bool) {
	if p.Custom {
		return AppendInput(dst, p.Args), true
	}
	return AppendObject(dst, p.Args)
}
