package canon

import (
	"strconv"
	"strings"
)

// ToolPath returns the path of a tool in the client's body.
func (r *Request) ToolPath(i int) string {
	if r.Tools[i].Path != "" {
		return r.Tools[i].Path
	}
	list, n := r.Names[ToolsField], 0
	for n < i && r.Tools[n].Function {
		n++
	}
	if r.Tools[i].Function {
		list, n = "functions", 0
	}
	return list + "[" + strconv.Itoa(i-n) + "]"
}

// SchemaPath returns the path of a tool's schema in the client's body.
func (r *Request) SchemaPath(i int) string {
	if r.Tools[i].Function {
		return r.ToolPath(i) + ".parameters"
	}
	return r.ToolPath(i) + "." + r.ToolSchema
}

// StrictPath returns the path of a tool's strictness, which stands beside its schema.
func (r *Request) StrictPath(i int) string {
	schema := r.SchemaPath(i)
	return schema[:strings.LastIndexByte(schema, '.')+1] + "strict"
}

// GrammarPath returns the path of what a custom tool's text must be like.
func (r *Request) GrammarPath(i int) string {
	if strings.Contains(r.ToolSchema, ".") {
		return r.ToolPath(i) + ".custom.format"
	}
	return r.ToolPath(i) + ".format"
}

// ToolsName returns what the client calls its tools.
func (r *Request) ToolsName() string {
	if r.Functions {
		return "functions"
	}
	return r.Names[ToolsField]
}

// ChoiceName returns what the client calls its choice of a tool.
func (r *Request) ChoiceName() string {
	if r.Choice.Function {
		return "function_call"
	}
	return r.Names[ToolChoiceField]
}

// ListName returns what the client calls its messages.
func (r *Request) ListName() string {
	if r.MessageList != "" {
		return r.MessageList
	}
	return "messages"
}

// MessagePath returns the path of a message in the client's body.
func (r *Request) MessagePath(at int32) string {
	return r.ListName() + "[" + strconv.Itoa(int(at)) + "]"
}
