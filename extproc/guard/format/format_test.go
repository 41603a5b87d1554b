package format_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/dialect/anthropic"
	"github.com/headgate/headgate/extproc/dialect/openai"
	"github.com/headgate/headgate/extproc/guard/format"
	"github.com/headgate/headgate/policy"
)

// guard makes a guard of the keys of a policy, with their defaults.
func guard(t testing.TB, keys string) *format.Guard {
	t.Helper()
	g, err := format.New(said(t, keys))
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func said(t testing.TB, keys string) *policy.FormatGuard {
	t.Helper()
	set, err := policy.Parse("p.yaml", []byte("version: 1\nunpriced: flag\nmodels: {m: b/m}\nbackends: {b: {provider: openai, credential: {env: KEY}}}\nguards: {output: [{format: {"+keys+"}}]}"))
	if err != nil {
		t.Fatal(err)
	}
	return set.Guards.Output[0].Format
}

// asked is a request of an OpenAI client with more members.
func asked(t testing.TB, members string) *canon.Request {
	t.Helper()
	req, err := openai.Dialect{}.Decode([]byte(`{"model":"m","messages":[{"role":"user","content":"u"}]` + members + `}`))
	if err != nil {
		t.Fatal(err)
	}
	return req
}

// answered is an OpenAI server's answer of this message and reason to stop.
func answered(t testing.TB, message, finish string) *canon.Choice {
	t.Helper()
	resp, err := openai.Dialect{}.DecodeAnswer([]byte(`{"id":"x","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":` + message + `,"finish_reason":"` + finish + `"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	return &resp.Choices[0]
}

func text(t testing.TB, s string) *canon.Choice {
	t.Helper()
	b, err := json.Marshal(map[string]string{"role": "assistant", "content": s})
	if err != nil {
		t.Fatal(err)
	}
	return answered(t, string(b), "stop")
}

func call(t testing.TB, name, args string) *canon.Choice {
	t.Helper()
	b, err := json.Marshal(map[string]any{"role": "assistant", "content": nil, "tool_calls": []any{map[string]any{"id": "1", "type": "function", "function": map[string]string{"name": name, "arguments": args}}}})
	if err != nil {
		t.Fatal(err)
	}
	return answered(t, string(b), "tool_calls")
}

// lines returns the faults as a model reads them.
func lines(faults []format.Fault) string {
	all := make([]string, len(faults))
	for i, f := range faults {
		all[i] = f.String()
	}
	return strings.Join(all, "\n")
}

const (
	person  = `{"type":"object","properties":{"name":{"type":"string"},"age":{"type":"integer","minimum":0}},"required":["name","age"],"additionalProperties":false}`
	strict  = `,"response_format":{"type":"json_schema","json_schema":{"name":"p","strict":true,"schema":` + person + `}}`
	object  = `,"response_format":{"type":"json_object"}`
	weather = `,"tools":[{"type":"function","function":{"name":"weather","parameters":{"type":"object","properties":{"days":{"type":"integer"}},"required":["days"]}}},{"type":"function","function":{"name":"now"}},{"type":"bash","name":"bash"}]`
)

// TestText holds what is said of texts.
func TestText(t *testing.T) {
	for _, c := range []struct{ name, keys, members, text, want string }{
		{"nothing is asked for", "", "", "no JSON", ""},
		{"an object that is asked for", "", object, ` {"a": [1, "b", null, true]}` + "\n", ""},
		{"no object", "", object, `[1]`, "the answer: must be a JSON object"},
		{"no JSON", "", object, `{"a": 1`, "the answer: must be JSON, is none at byte 7: ',' or '}' is expected there"},
		{"JSON, and more", "", object, `{"a": 1} Done!`, "the answer: must be JSON, is none at byte 9: nothing more is expected there"},
		{"a code fence", "", object, "```json\n{}\n```", "the answer: must be JSON alone, begins with a code fence"},
		{"nothing", "", object, " ", "the answer: must be JSON, is empty"},
		{"a member twice", "schema: '{}'", "", `{"a":{"b":1,"b":2}}`, "the answer at /a/b: stands there twice"},
		{"a number that cannot be computed with", "schema: '{}'", "", `{"a":[1e999999999]}`, "the answer at /a/0: is a number that is too large, or has too many digits"},
		{"a number of that many digits", "schema: '{}'", "", `{"a":` + strings.Repeat("1", 401) + `}`, "the answer at /a: is a number that is too large, or has too many digits"},
		{"too deep", "json: true", "", strings.Repeat("[", 201) + strings.Repeat("]", 201), "the answer: must be JSON that nests no deeper than 200"},
		{"what fits the schema that is asked for", "", strict, `{"name":"Ann","age":7}`, ""},
		{"what does not", "", strict, `{"name":5,"age":-1.5,"e/mail":"x"}`, "the answer at /age: must be a whole number, is a number\nthe answer at /e~1mail: is a member that must not be there\nthe answer at /name: must be a string, is a number"},
		{"members that are missing", "", strict, `{}`, `the answer: the members "name", "age" are missing`},
		{"JSON of any kind", "json: true", object, `[1]`, ""},
		{"the schema of the policy, and not that of the request", `schema: '{"type":"array","maxItems":1}'`, strict, `[1,2]`, "the answer: must have at most 1 elements, has 2"},
		{"an expression", `regex: "[a-c]+"`, strict, "abc", ""},
		{"a part that matches", `regex: "[a-c]+"`, "", "abcd", "the answer: must match, as a whole, the pattern \\A(?:[a-c]+)\\z"},
		{"one of a list", `enum: [yes, "no"]`, "", "no", ""},
		{"none of a list", `enum: [yes, "no"]`, "", "No.", `the answer: must be, as a whole, one of "yes", "no"`},
		{"several forms", `enum: [yes], json: true`, "", "no", "the answer: must be, as a whole, one of \"yes\"\nthe answer: must be JSON, is none at byte 0: null is expected there"},
	} {
		t.Run(c.name, func(t *testing.T) {
			faults, err := guard(t, c.keys).Check(context.Background(), asked(t, c.members), text(t, c.text))
			if got := lines(faults); got != c.want || err != nil {
				t.Errorf("got\n%s\nwant\n%s\nerror %v", got, c.want, err)
			}
		})
	}
}

// TestSchemas holds how what a schema has against a value is said.
func TestSchemas(t *testing.T) {
	const seven = `"$schema":"http://json-schema.org/draft-07/schema#",`
	for _, c := range []struct{ name, schema, text, want string }{
		{"alternatives of types", `{"anyOf":[{"type":"null"},{"$ref":"#/$defs/o"}],"$defs":{"o":{"type":"object"}}}`, `1`, "the answer: must be null or an object, is a number"},
		{"the alternative that comes closest", `{"oneOf":[{"type":"object","properties":{"kind":{"const":"a"},"x":{"type":"object","properties":{"y":{"type":"integer"}}}}},{"type":"array"}]}`, `{"kind":"a","x":{"y":"z"}}`, "the answer at /x/y: must be a whole number, is a string"},
		{"the only alternative of the right type", `{"anyOf":[{"type":"object","required":["a"]},{"type":"array"}]}`, `{}`, "the answer: has none of the forms that are allowed\nthe answer: the member \"a\" is missing"},
		{"alternatives that exclude each other", `{"oneOf":[{"type":"integer"},{"type":"number"}]}`, `1`, "the answer: fits several of the forms that exclude each other"},
		{"lists", `{"items":{"enum":["a",1,null]},"uniqueItems":true,"minItems":3}`, `["a","a"]`, "the answer: has equal elements, 0 and 1\nthe answer: must have at least 3 elements, has 2"},
		{"choices", `{"items":{"enum":["a",1,null]}}`, `["b"]`, `the answer at /0: must be one of "a", 1, null`},
		{"texts", `{"pattern":"^a","maxLength":2}`, `"secret"`, "the answer: must have at most 2 characters, has 6\nthe answer: must match the pattern ^a"},
		{"numbers", `{"maximum":1.5,"multipleOf":2}`, `3`, "the answer: must be a multiple of 2\nthe answer: must be at most 1.5"},
		{"names", `{"propertyNames":{"maxLength":1}}`, `{"ab":1}`, "the answer at /ab: has a name that is not allowed"},
		{"what is needed with something else", `{"dependentRequired":{"a":["b"]}}`, `{"a":1}`, `the answer: the member "b" is missing, with "a" there`},
		{"what must not be", `{"not":{"type":"string"}}`, `"x"`, "the answer: has the form that is excluded"},
		{"formats of draft-07 are demanded", `{` + seven + `"format":"date"}`, `"today"`, `the answer: must have the format "date"`},
		{"those of 2020-12 are notes", `{"format":"date"}`, `"today"`, ""},
		{"a tuple of draft-07", `{` + seven + `"items":[{"type":"string"}]}`, `[1]`, "the answer at /0: must be a string, is a number"},
		{"a tuple of draft-07 that does not say so", `{"items":[{"type":"string"}],"additionalItems":false}`, `["a",1]`, "the answer: must not have the last 1 elements"},
		{"a schema that refers to itself", `{"properties":{"next":{"$ref":"#"},"n":{"type":"number"}},"required":["n"]}`, `{"n":1,"next":{"n":2,"next":{"n":"x"}}}`, "the answer at /next/next/n: must be a number, is a string"},
		{"unevaluated members", `{"allOf":[{"properties":{"a":true}}],"unevaluatedProperties":false}`, `{"a":1,"b":2}`, "the answer at /b: must not be there"},
		{"a long path", `{"additionalProperties":{"type":"null"}}`, `{"` + strings.Repeat("é", 200) + `":1}`, "the answer at /" + strings.Repeat("é", 98) + "…: must be null, is a number"},
	} {
		t.Run(c.name, func(t *testing.T) {
			req := asked(t, `,"response_format":{"type":"json_schema","json_schema":{"name":"p","schema":`+c.schema+`}}`)
			faults, err := guard(t, "").Check(context.Background(), req, text(t, c.text))
			if got := lines(faults); got != c.want || err != nil {
				t.Errorf("got\n%s\nwant\n%s\nerror %v", got, c.want, err)
			}
		})
	}
}

// TestCalls holds what is said of tool calls.
func TestCalls(t *testing.T) {
	for _, c := range []struct{ name, keys, tool, args, want string }{
		{"arguments that fit", "", "weather", `{"days":3}`, ""},
		{"arguments that do not", "", "weather", `{"days":"3"}`, "the arguments of weather at /days: must be a whole number, is a string"},
		{"no arguments", "", "weather", "", `the arguments of weather: the member "days" is missing`},
		{"arguments that are no JSON", "", "weather", `{"days":`, "the arguments of weather: must be JSON, is none at byte 8: a value is expected there"},
		{"arguments that are no object", "", "now", `[1]`, "the arguments of now: must be a JSON object"},
		{"a tool without a schema", "", "now", `{"any":1}`, ""},
		{"a tool of its dialect alone", "", "bash", `{"any":1}`, ""},
		{"an unknown tool", "", "guess", `{}`, "the arguments of guess: there is no such tool"},
		{"calls are not judged", "tools: false", "guess", `{}`, ""},
		{"the text of a call is not judged", "json: true", "guess", `{}`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			faults, err := guard(t, c.keys).Check(context.Background(), asked(t, weather), call(t, c.tool, c.args))
			if got := lines(faults); got != c.want || err != nil {
				t.Errorf("got\n%s\nwant\n%s\nerror %v", got, c.want, err)
			}
		})
	}
}

// TestAnthropic holds that what Anthropic's clients ask for is judged in the same way.
func TestAnthropic(t *testing.T) {
	req, err := anthropic.Dialect{}.Decode([]byte(`{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"u"}],"output_config":{"format":{"type":"json_schema","schema":` + person + `}},"tools":[{"name":"weather","input_schema":{"type":"object","required":["days"]}},{"type":"bash_20250124","name":"bash"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	for content, want := range map[string]string{
		`{"type":"thinking","thinking":"hm","signature":"s"},{"type":"text","text":"{\"name\":\"Ann\","},{"type":"text","text":"\"age\":7}"}`: "",
		`{"type":"text","text":"{\"name\":\"Ann\"}"}`: `the answer: the member "age" is missing`,
		`{"type":"text","text":"Let me see."},{"type":"tool_use","id":"1","name":"weather","input":{}},{"type":"tool_use","id":"2","name":"bash","input":{"command":"ls"}}`: `the arguments of weather: the member "days" is missing`,
	} {
		resp, err := anthropic.Dialect{}.DecodeAnswer([]byte(`{"id":"x","type":"message","role":"assistant","model":"m","content":[` + content + `],"stop_reason":"end_turn","usage":{"input_tokens":1,"output_tokens":1}}`))
		if err != nil {
			t.Fatal(err)
		}
		faults, err := guard(t, "").Check(context.Background(), req, &resp.Choices[0])
		if got := lines(faults); got != want || err != nil {
			t.Errorf("%s: got\n%s\nwant\n%s\nerror %v", content, got, want, err)
		}
	}
}

// TestUnjudged holds which answers are not judged, and what is said of those that are cut off.
func TestUnjudged(t *testing.T) {
	g, req := guard(t, ""), asked(t, object)
	for _, c := range []struct{ message, finish, want string }{
		{`{"role":"assistant","content":null,"refusal":"I will not"}`, "stop", ""},
		{`{"role":"assistant","content":"no"}`, "content_filter", ""},
		{`{"role":"assistant","content":"{\"a\":"}`, "length", "the answer: must be JSON, is none at byte 5: a value is expected there\nthe answer: was cut off at the limit of its length: it must be shorter"},
		{`{"role":"assistant","content":"{}"}`, "length", ""},
	} {
		faults, err := g.Check(context.Background(), req, answered(t, c.message, c.finish))
		if got := lines(faults); got != c.want || err != nil {
			t.Errorf("%s: got\n%s\nwant\n%s\nerror %v", c.message, got, c.want, err)
		}
	}
}

// TestUndecided holds what cannot be judged, and that the error quotes nothing of it.
func TestUndecided(t *testing.T) {
	deep := func(open, close string, n int) string {
		return strings.Repeat(open, n) + "1" + strings.Repeat(close, n)
	}
	chain := `{"$ref":"#/$defs/d0","$defs":{`
	for i := range 40 {
		chain += fmt.Sprintf(`"d%d":{"allOf":[{"$ref":"#/$defs/d%d"},{"$ref":"#/$defs/d%d"}]},`, i, i+1, i+1)
	}
	for _, c := range []struct{ name, schema, text, want string }{
		{"no schema", `{"type":"secret"}`, `1`, "the schema is no valid JSON Schema"},
		{"a member twice", `{"type":"null","type":"secret"}`, `1`, "the schema is no valid JSON Schema"},
		{"another document", `{"$ref":"https://example.com/secret.json"}`, `1`, "the schema refers to another document"},
		{"a file", `{"$ref":"file:///etc/hostname"}`, `1`, "the schema refers to another document"},
		{"another document by its own name", `{"$id":"file:///etc/","$ref":"hostname"}`, `1`, "the schema refers to another document"},
		{"a meta-schema elsewhere", `{"$schema":"https://example.com/secret.json"}`, `1`, "the schema refers to another document"},
		{"a pattern beyond RE2", `{"pattern":"(?=secret)"}`, `1`, "the schema has a pattern that is none of RE2"},
		{"a large schema", `{"description":"` + strings.Repeat("x", 256<<10) + `"}`, `1`, "the schema has more than 262144 bytes, or more values than are judged"},
		{"many values", `{}`, "[" + strings.Repeat("1,", 100_000) + "1]", "the answer is too large to be judged"},
		{"references that double", chain + `"d40":true}}`, `1`, "it takes too long to judge the answer by the schema"},
		{"alternatives that double with depth", `{"anyOf":[{"properties":{"x":{"$ref":"#"}},"required":["y"]},{"properties":{"x":{"$ref":"#"}},"required":["z"]}]}`, deep(`{"x":`, `}`, 150), "it takes too long to judge the answer by the schema"},
		{"what fails unseen", `{"not":{"$ref":"#/$defs/r"},"$defs":{"r":{"items":{"$ref":"#/$defs/r"},"contains":{"$ref":"#/$defs/r"},"type":"array"}}}`, deep("[", "]", 150), "the schema is too complex: $ref, with contains, dependencies or dependentSchemas, and with not, if or oneOf"},
		{"patterns that each read a long text", `{"patternProperties":{"^(a|b)*c1":{},"^(a|b)*c2":{}},"additionalProperties":{"allOf":[` + strings.Repeat(`{"pattern":"(a?){100}c"},`, 100) + `{}]}}`, `{"x":"` + strings.Repeat("a", 1<<19) + `"}`, "it takes too long to judge the answer by the schema"},
		{"many choices for many values", `{"items":{"enum":[` + strings.Repeat("1,", 50_000) + `2]}}`, "[" + strings.Repeat("3,", 2000) + "1]", "the answer is too large to be judged"},
	} {
		t.Run(c.name, func(t *testing.T) {
			req := asked(t, `,"response_format":{"type":"json_schema","json_schema":{"name":"p","schema":`+c.schema+`}}`)
			g := guard(t, "")
			for range 2 { // what cannot be used is remembered
				faults, err := g.Check(context.Background(), req, text(t, c.text))
				if err == nil || err.Error() != c.want || faults != nil {
					t.Fatalf("%v, error %v; want %s", faults, err, c.want)
				}
			}
		})
	}
	req := asked(t, strings.Replace(weather, `"type":"integer"`, `"type":"secret"`, 1))
	if _, err := guard(t, "").Check(context.Background(), req, call(t, "weather", "{}")); err == nil || err.Error() != "a tool's schema: the schema is no valid JSON Schema" {
		t.Errorf("a tool's schema: %v", err)
	}
	if _, err := guard(t, "").Check(context.Background(), req, call(t, "now", "{}")); err != nil {
		t.Errorf("another tool's schema: %v", err)
	}
}

// TestCancelled holds that a judgement ends with its context.
func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	g := guard(t, `schema: '{"items":{"type":"number"}}'`)
	if _, err := g.Check(ctx, nil, text(t, "["+strings.Repeat("1,", 1000)+"1]")); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if faults, err := g.Check(context.Background(), nil, text(t, "[1]")); err != nil || faults != nil {
		t.Errorf("the next one: %v, error %v", faults, err)
	}
}

// TestNew holds which policies are refused, and that a file's schema is used.
func TestNew(t *testing.T) {
	name := filepath.Join(t.TempDir(), "answer.json")
	if err := os.WriteFile(name, []byte(person), 0o600); err != nil {
		t.Fatal(err)
	}
	faults, err := guard(t, "schema_file: "+name).Check(context.Background(), nil, text(t, `{"age":1}`))
	if diff := cmp.Diff([]format.Fault{{What: `the member "name" is missing`}}, faults); diff != "" || err != nil {
		t.Error(diff, err)
	}
	for keys, want := range map[string]string{
		`schema: '{"type":"secret"}'`: "compiling schema: the schema is no valid JSON Schema",
		`schema_file: /none`:          "reading schema: open /none: no such file or directory",
	} {
		if _, err := format.New(said(t, keys)); err == nil || err.Error() != want {
			t.Errorf("%s: %v instead of %s", keys, err, want)
		}
	}
}

// TestAtOnce holds that one guard judges many answers at once.
func TestAtOnce(t *testing.T) {
	g, req := guard(t, ""), asked(t, strict)
	good, bad := text(t, `{"name":"Ann","age":7}`), text(t, `{"name":"Ann"}`)
	done := make(chan error)
	for i := range 16 {
		go func() {
			choice, want := good, ""
			if i%2 == 1 {
				choice, want = bad, `the answer: the member "age" is missing`
			}
			var wrong error
			for range 50 {
				faults, err := g.Check(context.Background(), req, choice)
				if got := lines(faults); got != want || err != nil {
					wrong = fmt.Errorf("got %s, error %w", got, err)
				}
			}
			done <- wrong
		}()
	}
	for range 16 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}
