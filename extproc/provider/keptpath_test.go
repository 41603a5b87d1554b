package provider

import (
	"context"
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/exchange/exchangetest"
	"github.com/headgate/headgate/extproc/provider/stateid"
	"github.com/headgate/headgate/policy"
)

// stored is a gateway before two accounts that keep responses.
const stored = `version: 1
backends:
  a: {provider: openai, credential: {env: A}}
  b: {provider: openai, url: "https://llm.example.com/openai/v1", credential: {env: B}}
callers: {ann: {key: {env: ANN}}}
models:
  m: {chain: [[a/gpt-4o, b/gpt-4o]]}
`

// askKept asks for something that is kept, with the path and the query that came.
func askKept(t *testing.T, s *stage, op exchange.Operation, id, query string) *turn {
	t.Helper()
	ex := &exchange.Exchange{Dialect: "responses", Model: "m", Caller: ann}
	ex.Request = exchange.Request{Operation: op, Method: "GET", Kept: id, Headers: exchange.Headers{{Name: ":path", Value: []byte("/v1/responses/" + id + query)}}}
	ex.Request.Bind(nil, exchangetest.Patience{})
	at := &turn{ex: ex, visit: s.Join(ex)}
	var err error
	if at.verdict, err = at.visit.Request(context.Background(), &ex.Request); err != nil {
		t.Fatal(err)
	}
	return at
}

func twoAccounts(t *testing.T, document string) *stage {
	t.Helper()
	return keeps(t, strings.ReplaceAll(document, "[a/gpt-4o, b/gpt-4o]", "[{use: a/gpt-4o, weight: 1}, {use: b/gpt-4o, weight: 1}]"))
}

// idAt is the id of something that a backend keeps, as ann has it.
func idAt(s *stage, backend, id string) string {
	b := s.kept.set.Backends[backend]
	return string(s.kept.keys(b)[0].Append(nil, []byte(id), stateid.Bound{Backend: backend, Model: "m", Owner: s.kept.owner(&ann)}))
}

// TestPathsLeadBack holds where a backend is asked for what it keeps: at its own base URL, by its
// own ids, also where a list begins.
func TestPathsLeadBack(t *testing.T) {
	s := twoAccounts(t, stored)
	a, b, item := idAt(s, "a", "resp_1"), idAt(s, "b", "resp 1ä"), idAt(s, "b", "msg_1")
	for _, c := range []struct {
		op                 exchange.Operation
		id, query, backend string
		want               string
	}{
		{exchange.GetResponse, a, "", "a", "/v1/responses/resp_1"},
		{exchange.GetResponse, a, "?starting_after=3&include[]=x", "a", "/v1/responses/resp_1?starting_after=3&include[]=x"},
		{exchange.GetResponse, a, "?stream=false&starting_after=3&stream=true", "a", "/v1/responses/resp_1?starting_after=3"},
		{exchange.GetResponse, a, "?stream=yes", "a", "/v1/responses/resp_1"},
		{exchange.DeleteResponse, b, "", "b", "/openai/v1/responses/resp%201%C3%A4"},
		{exchange.CancelResponse, a, "", "a", "/v1/responses/resp_1/cancel"},
		{exchange.InputItems, b, "?limit=2&after=" + item, "b", "/openai/v1/responses/resp%201%C3%A4/input_items?after=msg_1&limit=2"},
		{exchange.InputItems, a, "?after=msg_1", "a", "/v1/responses/resp_1/input_items?after=msg_1"},
		{exchange.InputItems, a, "?after=%zz", "a", "/v1/responses/resp_1/input_items"},
		{exchange.InputItems, a, "?a;b&limit=2&stream=true", "a", "/v1/responses/resp_1/input_items?limit=2"},
	} {
		at := askKept(t, s, c.op, c.id, c.query)
		fit := s.models["m"].answer["responses"].fit
		if want := fit.Name(1 << fit.Class(policy.Use{Backend: &policy.Backend{Name: c.backend}, Model: "gpt-4o"})); at.verdict.Action != exchange.Pass || at.ex.Fit != want {
			t.Fatalf("%s: fit %q, want %q: %+v", c.op, at.ex.Fit, want, at.verdict)
		}
		try := &exchange.Attempt{Request: &at.ex.Request, Backend: c.backend, Model: "gpt-4o"}
		if err := at.visit.Attempt(context.Background(), try); err != nil {
			t.Fatal(err)
		}
		if got := string(try.Out.Set.Get(":path")); got != c.want || try.Out.Replace {
			t.Errorf("%s of %s%s: asked at %s, want %s", c.op, c.id, c.query, got, c.want)
		}
	}
}

// TestPathsThatLeadNowhere holds that what a path names must have been given here.
func TestPathsThatLeadNowhere(t *testing.T) {
	s := twoAccounts(t, stored)
	a := idAt(s, "a", "resp_1")
	for _, id := range []string{"", "resp_1", a[:len(a)-1], "x" + a, a + "x"} {
		if v := askKept(t, s, exchange.GetResponse, id, "").verdict; v.Status != 404 || v.Reason != exchange.ReasonNoResponse || v.Message != "Response with id '"+id+"' not found." {
			t.Errorf("%q: %+v", id, v)
		}
	}
	plain := keeps(t, "version: 1\nbackends: {a: {provider: openai, credential: {env: A}}}\nmodels: {m: a/gpt-4o}\n")
	others := string(stateid.KeyOf("other").Append(nil, []byte("resp_1"), stateid.Bound{Backend: "a", Model: "m"}))
	for id, status := range map[string]int{"resp_1": 0, others: 0, "": 404, ".": 404, "..": 404, "../files": 404, `..\files`: 404, "%2e%2e%2ffiles": 404, "x?y": 404, "x#y": 404} {
		if v := askKept(t, plain, exchange.GetResponse, id, "").verdict; v.Status != status {
			t.Errorf("%q, where ids pass as they came: %+v", id, v)
		}
	}
	chats := twoAccounts(t, strings.Replace(stored, "{chain: ", "{api: chat, chain: ", 1))
	if v := askKept(t, chats, exchange.GetResponse, idAt(chats, "a", "resp_1"), "").verdict; v.Status != 404 {
		t.Errorf("of a model that is asked in chat completions: %+v", v)
	}
}

// TestIDsOfAGatewayThatIsAskedPass holds that where ids pass as they came, those which the backend
// has given reach it as it gave them, also if it is a gateway that binds them.
func TestIDsOfAGatewayThatIsAskedPass(t *testing.T) {
	s := keeps(t, "version: 1\nunpriced: flag\nbackends: {a: {provider: openai-compatible, responses: true, url: \"https://llm.example.com/v1\", credential: {env: A}}}\nmodels: {m: a/x}\n")
	others := string(stateid.KeyOf("other").Append(nil, []byte("resp_1"), stateid.Bound{Backend: "a", Model: "m"}))
	at := askKept(t, s, exchange.GetResponse, others, "")
	try := &exchange.Attempt{Request: &at.ex.Request, Backend: "a", Model: "x"}
	if err := at.visit.Attempt(context.Background(), try); err != nil {
		t.Fatal(err)
	}
	if got := string(try.Out.Set.Get(":path")); got != "/v1/responses/"+others {
		t.Errorf("asked at %s", got)
	}
	ex := exchangetest.Ask(t, "responses", `{"model":"m","previous_response_id":"`+others+`","input":"Hi"}`)
	body := string(ex.Request.Body)
	if v, err := s.Join(ex).Request(context.Background(), &ex.Request); err != nil || v.Action != exchange.Pass || string(ex.Request.Body) != body {
		t.Errorf("gone on with: %s %+v %v", ex.Request.Body, v, err)
	}
}

// TestNobodyUsesAnothersItems holds that an item of which the id alone is there is read for those to
// whom it was given: an image is looked for in vain, and reasoning is left out.
func TestNobodyUsesAnothersItems(t *testing.T) {
	s := twoAccounts(t, stored)
	own := idAt(s, "a", "rs_1")
	others := string(s.kept.keys(s.kept.set.Backends["a"])[0].Append(nil, []byte("rs_1"), stateid.Bound{Backend: "a", Model: "m", Owner: "caller bob"}))
	for _, c := range []struct {
		item, want string // what the provider gets of it; empty: the request is refused
	}{
		{`{"type":"image_generation_call","id":"` + own + `"}`, `{"type":"image_generation_call","id":"rs_1"}`},
		{`{"type":"image_generation_call","id":"` + others + `"}`, ""},
		{`{"type":"image_generation_call","id":"ig_1"}`, ""},
		{`{"type":"reasoning","id":"` + own + `","summary":[]}`, `{"type":"reasoning","id":"rs_1","summary":[]}`},
		{`{"type":"reasoning","id":"` + others + `","summary":[]}`, `{"type":"reasoning","id":"","summary":[]}`},
		{`{"type":"reasoning","id":"rs_1","summary":[]}`, `{"type":"reasoning","id":"","summary":[]}`},
		{`{"type":"reasoning","id":"rs_1","encrypted_content":"x"}`, `{"type":"reasoning","id":"rs_1","encrypted_content":"x"}`},
	} {
		ex := exchangetest.Ask(t, "responses", `{"model":"m","input":[{"role":"user","content":"Hi"},`+c.item+`]}`)
		ex.Caller = ann
		v, err := s.Join(ex).Request(context.Background(), &ex.Request)
		if err != nil || (v.Reason == exchange.ReasonNoItem) != (c.want == "") || c.want != "" && !strings.Contains(string(ex.Request.Body), c.want) {
			t.Errorf("%s: %s %+v %v", c.item, ex.Request.Body, v, err)
		}
	}
}

// TestStreamsOfWhatIsKept holds that a backend streams what it keeps if the gateway knows that, and
// not otherwise, whatever the query says.
func TestStreamsOfWhatIsKept(t *testing.T) {
	for stream, want := range map[bool]string{true: "a=1&stream=true", false: "a=1"} {
		for _, query := range []string{"a=1&stream=true", "stream=1&a=1", "a=1&stream", "stream=false&stream=true&a=1", "a=1&str%65am=true"} {
			if got := providersQuery(query, stream); got != want {
				t.Errorf("%s, stream %t: %s, want %s", query, stream, got, want)
			}
		}
	}
}

// TestWhatIsNotThereAnyMoreIsAnAnswer holds that a provider which has no longer what is asked for
// has answered: it is no failure, and no reason to leave the backend.
func TestWhatIsNotThereAnyMoreIsAnAnswer(t *testing.T) {
	s := twoAccounts(t, stored)
	at := askKept(t, s, exchange.GetResponse, idAt(s, "a", "resp_1"), "")
	for status, passes := range map[int]bool{404: true, 409: true, 400: true, 200: true, 401: false, 429: false, 500: true} {
		try := &exchange.Attempt{Request: &at.ex.Request, Backend: "a", Model: "gpt-4o", Number: 1, Status: status}
		j, err := at.visit.Answered(context.Background(), try)
		if err != nil || j.Changes() == passes {
			t.Errorf("%d: %+v, %v", status, j, err)
		}
	}
}

// TestWhatIsReadAgainIsBound holds that each id in what a backend has kept is the client's, and the
// one that was asked for is written as the client did.
func TestWhatIsReadAgainIsBound(t *testing.T) {
	s := twoAccounts(t, stored)
	id := idAt(s, "a", "resp_1")
	for op, body := range map[exchange.Operation]string{
		exchange.GetResponse:    `{"id":"resp_1","object":"response","status":"completed","output":[{"id":"msg_1","type":"message","role":"assistant","content":[]}],"usage":{"input_tokens":9,"output_tokens":9}}`,
		exchange.DeleteResponse: `{"id":"resp_1","object":"response.deleted","deleted":true}`,
		exchange.CancelResponse: `{"id":"resp_1","object":"response","status":"cancelled","output":[]}`,
		exchange.InputItems:     `{"object":"list","data":[{"id":"msg_1","type":"message"}],"first_id":"msg_1","last_id":"msg_1"}`,
	} {
		at := askKept(t, s, op, id, "")
		at.ex.Attempts.Begin(exchange.Tried{Backend: "a", Model: "gpt-4o", Status: 200})
		resp := &at.ex.Response
		resp.Status, resp.Body, resp.Complete = 200, []byte(body), true
		if v, err := at.visit.Response(context.Background(), resp); err != nil || v.Action != exchange.Pass || resp.Failed {
			t.Fatalf("%s: %+v %v", op, v, err)
		}
		want := strings.NewReplacer("resp_1", id, "msg_1", idAt(s, "a", "msg_1")).Replace(body)
		if string(resp.Body) != want || at.ex.Usage.Seen != 0 {
			t.Errorf("%s: usage %+v\n%s\nwant\n%s", op, at.ex.Usage, resp.Body, want)
		}
	}
}

func BenchmarkGivenIDs(b *testing.B) {
	event := []byte("event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"sequence_number\":5,\"item_id\":\"msg_b62ca8f22d1f8c35a8127fece00d0f1b\",\"output_index\":0,\"content_index\":0,\"logprobs\":[],\"delta\":\" simulate\",\"obfuscation\":\"nXUCLcdzdJdM\"}\n\n")
	g := &giver{keeper: keeperOf("responses"), key: stateid.KeyOf("secret"), bound: stateid.Bound{Backend: "a", Model: "m", Owner: "caller ann"}}
	b.ReportAllocs()
	for b.Loop() {
		g.Mend(event)
	}
}
