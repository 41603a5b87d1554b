package openai_test

import (
	"testing"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/dialect/openai"
	"github.com/headgate/headgate/extproc/exchange"
)

// TestAUsageThatIsNullIsNotTheClientsUnlessItAsked holds what a client gets of events that pass: a
// usage that is null goes with its comma, and no other byte changes.
func TestAUsageThatIsNullIsNotTheClientsUnlessItAsked(t *testing.T) {
	const head = `data: {"id":"1","choices":[{"index":0,"delta":{"content":"a"}}]`
	for name, c := range map[string]struct{ in, want string }{
		"at the end":                     {head + `,"usage":null}` + "\n\n", head + "}\n\n"},
		"before others":                  {head + `,"usage":null,"obfuscation":"x}"}` + "\n\n", head + `,"obfuscation":"x}"}` + "\n\n"},
		"first":                          {`data: {"usage":null,"id":"1"}` + "\n\n", `data: {"id":"1"}` + "\n\n"},
		"alone":                          {`data: {"usage":null}` + "\n\n", `data: {}` + "\n\n"},
		"with blanks":                    {"data:  { \"usage\" : null , \"id\" : \"1\" }\r\n\r\n", "data:  {  \"id\" : \"1\" }\r\n\r\n"},
		"with blanks, at the end":        {head + " ,\t\"usage\" : null }\r\n\r\n", head + "  }\r\n\r\n"},
		"beside a nested one":            {`data: {"x_groq":{"usage":null},"usage":null}` + "\n\n", `data: {"x_groq":{"usage":null}}` + "\n\n"},
		"a nested one alone":             {`data: {"x_groq":{"id":"1","usage":null}}` + "\n\n", ""},
		"a text of that name":            {`data: {"choices":[{"index":0,"delta":{"content":",\"usage\":null"}}],"object":"usage"}` + "\n\n", ""},
		"a usage":                        {head + `,"usage":{"prompt_tokens":1}}` + "\n\n", ""},
		"none":                           {head + "}\n\n", ""},
		"the end":                        {"data: [DONE]\n\n", ""},
		"a comment":                      {": \"usage\":null\n\n", ""},
		"an event of several lines":      {"data: {\"id\":\"1\",\ndata: \"usage\":null}\n\n", ""},
		"with the event's other members": {"id: 7\n" + head + `,"usage":null}` + "\nretry: 1\n\n", "id: 7\n" + head + "}\nretry: 1\n\n"},
	} {
		for _, asked := range []bool{false, true} {
			want := c.want
			if want == "" || asked {
				want = c.in
			}
			req := exchange.Request{WantUsage: asked}
			s := openai.Dialect{}.Skim(&req, &exchange.Response{}, &canon.Usage{})
			s.Frame([]byte(c.in))
			if got := string(s.(exchange.Mender).Mend([]byte(c.in))); got != want {
				t.Errorf("%s, asked %v:\n%q, want\n%q", name, asked, got, want)
			}
		}
	}
}

// TestAMendedCallHasNoUsageThatIsNull holds that both are put right in one event.
func TestAMendedCallHasNoUsageThatIsNull(t *testing.T) {
	const in = `data: {"id":"1","choices":[{"index":0,"delta":{"tool_calls":[{"id":"","function":{"name":"f","arguments":"{}"}}]}}],"usage":null}` + "\n\n"
	const want = `data: {"id":"1","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"call_1_0","function":{"name":"f","arguments":"{}"}}]}}]}` + "\n\n"
	s := openai.Dialect{}.Skim(&exchange.Request{Body: []byte(`{"tools":[]}`)}, &exchange.Response{}, &canon.Usage{})
	s.Frame([]byte(in))
	if got := string(s.(exchange.Mender).Mend([]byte(in))); got != want {
		t.Errorf("%q, want\n%q", got, want)
	}
}
