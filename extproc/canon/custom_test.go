package canon_test

import (
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// TestTheTextOfAFunctionThatStandsForACustomTool holds that no form of arguments loses what a
// model meant.
func TestTheTextOfAFunctionThatStandsForACustomTool(t *testing.T) {
	for _, c := range []struct{ name, args, want string }{
		{"an object in a string", `"{\"input\":\"a \\\"b\\\"\\n\"}"`, `"a \"b\"\n"`},
		{"an object", ` {"input":"x"}`, `"x"`},
		{"blanks around it", `"\n {\"input\": \"x\"} "`, `"x"`},
		{"more than the text", `{"why":1,"input":"x"}`, `"x"`},
		{"another member", `"{\"text\":\"x\"}"`, `"{\"text\":\"x\"}"`},
		{"another member, as an object", `{"text":"x"}`, `"{\"text\":\"x\"}"`},
		{"a text of another kind", `"{\"input\":1}"`, `"{\"input\":1}"`},
		{"the text alone", `"*** Begin"`, `"*** Begin"`},
		{"a text that begins as null does", `"no, \"a\""`, `"no, \"a\""`},
		{"a cut object", `"{\"input\":\"x"`, `"{\"input\":\"x"`},
		{"nothing", `"{}"`, `""`},
		{"no arguments", ``, `""`},
	} {
		if got := string(canon.Input(scan.Value(c.args))); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	p := canon.Part{Kind: canon.ToolCall, Custom: true, Args: scan.Value(`"a \"b\"\n"`)}
	if object, ok := p.AppendArgsObject(nil); !ok || string(canon.Input(object)) != string(p.Args) {
		t.Errorf("%s", object)
	}
	if text := p.AppendArgsText(nil); string(canon.Input(text)) != string(p.Args) {
		t.Errorf("%s", text)
	}
}

// TestInputsHoldNoMoreThanTheyMay holds that a call which never ends is given up.
func TestInputsHoldNoMoreThanTheyMay(t *testing.T) {
	asked := &canon.Request{Tools: []canon.Tool{{Name: scan.Value(`"patch"`), Custom: true}}}
	var in canon.Inputs
	ev := canon.Event{Kind: canon.EventToolStart, Name: scan.Value(`"patch"`)}
	if !in.Start(asked, &ev) {
		t.Fatal("the call is not known")
	}
	ev = canon.Event{Kind: canon.EventToolArgs, Text: scan.AppendString(nil, strings.Repeat("x", 1<<20))}
	for range 15 {
		if piece, custom, f := in.Args(&ev); piece != nil || !custom || f != nil {
			t.Fatal(piece, custom, f)
		}
	}
	if _, _, f := in.Args(&ev); f != nil {
		t.Fatal(f)
	}
	if _, _, f := in.Args(&ev); f == nil {
		t.Error("17 MiB are held")
	}
}
