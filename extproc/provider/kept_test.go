package provider

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/exchange/exchangetest"
	"github.com/headgate/headgate/extproc/provider/stateid"
	"github.com/headgate/headgate/policy"
)

// kept is a gateway that binds ids: two accounts, two callers of a team and one of another.
const kept = `version: 1
unpriced: flag
backends:
  a: {provider: anthropic, credential: [{env: A}, {env: NEXT}]}
  b: {provider: anthropic, credential: {env: B}}
  chat: {provider: openai, credential: {env: B}}
callers:
  ann: {key: {env: ANN}, team: red}
  bob: {key: {env: BOB}, team: red}
  eve: {key: {env: EVE}}
models:
  m: {chain: [[a/x, b/x], chat/gpt-4o]}
  one: a/x
  other: b/x
  chats: chat/gpt-4o
`

var keptEnv = map[string]string{"A": "sk-a", "NEXT": "sk-next", "B": "sk-b", "STATE": "sixteen-characters-of-a-key", "ANN": "ann-ann-ann-ann-ann", "BOB": "bob-bob-bob-bob-bob", "EVE": "eve-eve-eve-eve-eve"}

func keeps(t *testing.T, document string, changes ...string) *stage {
	t.Helper()
	env := maps.Clone(keptEnv)
	for i := 0; i < len(changes); i += 2 {
		env[changes[i]] = changes[i+1]
	}
	set, err := policy.Parse("policy.yaml", []byte(strings.ReplaceAll(document, "[a/x, b/x]", "[{use: a/x, weight: 1}, {use: b/x, weight: 1}]")))
	if err != nil {
		t.Fatal(err)
	}
	s, err := newTestKind(env).Compile(set)
	if err != nil {
		t.Fatal(err)
	}
	return s.(*stage)
}

// turn is one exchange of a conversation.
type turn struct {
	ex      *exchange.Exchange
	visit   exchange.Visit
	verdict exchange.Verdict
}

func ask(t *testing.T, s *stage, who exchange.Caller, model, thread string) *turn {
	t.Helper()
	ex := exchangetest.Ask(t, "anthropic", `{"model":"`+model+`","max_tokens":9,`+thread+`"messages":[{"role":"user","content":"Hi"}]}`)
	ex.Caller, ex.Request.Headers = who, exchange.Headers{{Name: "x-api-key", Value: []byte("sk-theirs")}}
	at := &turn{ex: ex, visit: s.Join(ex)}
	var err error
	if at.verdict, err = at.visit.Request(context.Background(), &ex.Request); err != nil {
		t.Fatal(err)
	}
	return at
}

// answered returns what the client gets of an answer.
func (at *turn) answered(t *testing.T, backend, body string) string {
	t.Helper()
	at.ex.Attempts.Begin(exchange.Tried{Backend: backend, Model: "x", Status: 200})
	resp := &at.ex.Response
	resp.Status, resp.Body, resp.Complete = 200, []byte(body), true
	if v, err := at.visit.Response(context.Background(), resp); err != nil || v.Action != exchange.Pass {
		t.Fatal(v, err)
	}
	return string(resp.Body)
}

const (
	create = `"thread":{"type":"create"},`
	reply  = `{"id":"msg_1","type":"message","role":"assistant","model":"x","content":[{"type":"text","text":"id msg_1"}],"stop_reason":"end_turn","usage":{"input_tokens":1,"output_tokens":1}}`
)

func goOn(id string) string {
	return `"thread":{"type":"continue","previous_message_id":"` + id + `"},`
}

var idOf = regexp.MustCompile(`^\{"id":"([^"]+)"`)

// given is the id that a caller gets from a backend.
func given(t *testing.T, s *stage, who exchange.Caller, model, backend string) string {
	t.Helper()
	out := ask(t, s, who, model, create).answered(t, backend, reply)
	id := idOf.FindStringSubmatch(out)
	if id == nil || strings.Replace(out, id[1], "msg_1", 1) != reply {
		t.Fatalf("more than the id differs: %s", out)
	}
	return id[1]
}

var ann, bob, eve = exchange.Caller{Name: "ann", Team: "red"}, exchange.Caller{Name: "bob", Team: "red"}, exchange.Caller{Name: "eve"}

// TestAnIDLeadsBack holds that a request which names what a backend keeps is kept to that
// backend, within the pool of its own model, and that the backend sees its own id alone.
func TestAnIDLeadsBack(t *testing.T) {
	s := keeps(t, kept)
	for _, backend := range []string{"a", "b"} {
		id := given(t, s, ann, "m", backend)
		next := ask(t, s, ann, "m", goOn(id))
		fit := s.models["m"].answer["anthropic"].fit
		if want := fit.Name(1 << fit.Class(policy.Use{Backend: &policy.Backend{Name: backend}, Model: "x"})); next.verdict.Action != exchange.Pass || next.ex.Fit != want {
			t.Errorf("an id of %s: fit %q, want %q: %+v", backend, next.ex.Fit, want, next.verdict)
		}
		if body := string(next.ex.Request.Body); !strings.Contains(body, `"previous_message_id":"msg_1"`) {
			t.Errorf("sent: %s", body)
		}
		if same := next.answered(t, backend, reply); !strings.HasPrefix(same, `{"id":"`+id+`"`) {
			t.Errorf("the next answer's id is another's: %s", same)
		}
		if in := ask(t, s, ann, "one", goOn(id)).verdict.Action == exchange.Pass; in != (backend == "a") {
			t.Errorf("an id of %s passes in a pool of a: %t", backend, in)
		}
	}
}

// TestAnIDIsGoodForItsOwnerAlone holds who may use an id, and that everybody else gets the same
// answer for it as for one that was never given.
func TestAnIDIsGoodForItsOwnerAlone(t *testing.T) {
	byCaller, byTeam := keeps(t, kept), keeps(t, kept+"state: {owner: team}\n")
	for _, c := range []struct {
		name    string
		s       *stage
		giver   exchange.Caller
		user    exchange.Caller
		passing bool
	}{
		{"itself", byCaller, ann, ann, true},
		{"another of its team", byCaller, ann, bob, false},
		{"another of its team, by policy", byTeam, ann, bob, true},
		{"another", byTeam, ann, eve, false},
		{"itself without a team", byTeam, eve, eve, true},
		{"a team of its name", byTeam, eve, exchange.Caller{Name: "x", Team: "eve"}, false},
		{"a hop's caller of its name", byCaller, ann, exchange.Caller{Name: "ann", Hop: true}, false},
		{"nobody", byCaller, ann, exchange.Caller{}, false},
	} {
		id := given(t, c.s, c.giver, "m", "a")
		never := ask(t, c.s, c.user, "m", goOn(id[:len(id)-1]+"!")).verdict
		v := ask(t, c.s, c.user, "m", goOn(id)).verdict
		switch {
		case c.passing && v.Action != exchange.Pass:
			t.Errorf("%s: %+v", c.name, v)
		case !c.passing && (v.Status != 404 || v.Reason != exchange.ReasonNoThread || strings.ReplaceAll(v.Message, id, "") != strings.ReplaceAll(never.Message, id[:len(id)-1]+"!", "")):
			t.Errorf("%s: %+v, and of one that was never given %+v", c.name, v, never)
		}
	}
}

// TestIDsThatAreNoGood holds that what was not given here is not there: of no other policy, key or
// backend, and not as the provider writes it.
func TestIDsThatAreNoGood(t *testing.T) {
	s := keeps(t, kept)
	id := given(t, s, ann, "m", "b")
	withoutB := strings.NewReplacer("  b: {", "  gone: {", "b/x", "a/y").Replace(kept)
	for name, c := range map[string]struct {
		s  *stage
		id string
	}{
		"the provider's own": {s, "msg_1"}, "cut": {s, id[:len(id)-1]}, "empty": {s, ""}, "its suffix": {s, id[len("msg_1"):]},
		"another's suffix":              {s, "msg_2" + id[len("msg_1"):]},
		"of a backend that is not here": {keeps(t, strings.ReplaceAll(withoutB, "[a/x, a/y]", "[{use: a/x, weight: 1}, {use: a/y, weight: 1}]")), id},
		"made with another credential":  {keeps(t, kept, "B", "sk-another"), id},
		"made before the key was set":   {keeps(t, kept+"state: {key: {env: STATE}}\n"), id},
	} {
		if v := ask(t, c.s, ann, "m", goOn(c.id)).verdict; v.Status != 404 || v.Reason != exchange.ReasonNoThread || v.Param != "thread" {
			t.Errorf("%s: %+v", name, v)
		}
	}
}

// TestIDsOutliveWhatTheyMay holds that an id is as good at another pair, after a restart and
// while a credential is rotated.
func TestIDsOutliveWhatTheyMay(t *testing.T) {
	id := given(t, keeps(t, kept), ann, "m", "a")
	byKey := given(t, keeps(t, kept+"state: {key: {env: STATE}}\n"), ann, "m", "a")
	for name, c := range map[string]struct {
		s  *stage
		id string
	}{
		"another pair":               {keeps(t, kept), id},
		"the older credential gone":  {keeps(t, strings.Replace(kept, "[{env: A}, {env: NEXT}]", "{env: NEXT}", 1)), id},
		"a further one rotated in":   {keeps(t, kept, "A", "sk-next", "NEXT", "sk-third"), id},
		"with a key, all are others": {keeps(t, kept+"state: {key: {env: STATE}}\n", "A", "sk-9", "NEXT", "sk-8"), byKey},
	} {
		if v := ask(t, c.s, ann, "m", goOn(c.id)).verdict; v.Action != exchange.Pass {
			t.Errorf("%s: %+v", name, v)
		}
	}
}

// TestIDsThatPassAsTheyCame holds when there is nothing to bind: one backend keeps things, and
// nobody asks for keys. An id that was bound before is good all the same.
func TestIDsThatPassAsTheyCame(t *testing.T) {
	const plain = "version: 1\nunpriced: flag\nbackends: {a: {provider: anthropic, credential: {env: A}}, chat: {provider: openai, credential: {env: B}}}\nmodels: {m: {chain: [a/x, chat/gpt-4o]}}\n"
	s := keeps(t, plain)
	if out := ask(t, s, exchange.Caller{}, "m", create).answered(t, "a", reply); out != reply {
		t.Errorf("given: %s", out)
	}
	next := ask(t, s, exchange.Caller{}, "m", goOn("msg_1"))
	if next.verdict.Action != exchange.Pass || next.ex.Request.Rewritten() {
		t.Errorf("%+v: %s", next.verdict, next.ex.Request.Body)
	}
	if fit := s.models["m"].answer["anthropic"].fit; next.ex.Fit != fit.Name(1) {
		t.Errorf("the request may go to %q: chat completions have no threads", next.ex.Fit)
	}
	two := strings.Replace(plain, "{a: ", "{b: {provider: anthropic, credential: {env: B}}, a: ", 1)
	id := given(t, keeps(t, two), exchange.Caller{}, "m", "a")
	if id == "msg_1" {
		t.Fatal("of two backends the ids are not bound")
	}
	next = ask(t, s, exchange.Caller{}, "m", goOn(id))
	if next.verdict.Action != exchange.Pass || !strings.Contains(string(next.ex.Request.Body), `"msg_1"`) {
		t.Errorf("%+v: %s", next.verdict, next.ex.Request.Body)
	}
}

// TestBackendsThatKeepNothing holds that what names something is refused by name where no
// backend could have kept it, and that a conversation may begin there.
func TestBackendsThatKeepNothing(t *testing.T) {
	s := keeps(t, kept)
	if v := ask(t, s, ann, "chats", create).verdict; v.Action != exchange.Pass {
		t.Errorf("a thread begins: %+v", v)
	}
	if v := ask(t, s, ann, "chats", goOn("msg_1")).verdict; v.Status != 400 || v.Reason != exchange.ReasonUnsupported || v.Param != "thread" {
		t.Errorf("a thread goes on: %+v", v)
	}
	keyless := strings.NewReplacer("provider: anthropic, credential: [{env: A}, {env: NEXT}]", `provider: openai-compatible, dialect: anthropic, url: "http://127.0.0.1:1"`).Replace(kept)
	s = keeps(t, keyless)
	if out := ask(t, s, ann, "one", create).answered(t, "a", reply); out != reply {
		t.Errorf("given: %s", out)
	}
	if v := ask(t, s, ann, "one", goOn("msg_1")).verdict; v.Status != 400 || !strings.Contains(v.Message, "state.key") {
		t.Errorf("without a credential: %+v", v)
	}
	s = keeps(t, keyless+"state: {key: {env: STATE}}\n")
	if v := ask(t, s, ann, "one", goOn(given(t, s, ann, "one", "a"))).verdict; v.Action != exchange.Pass {
		t.Errorf("with a key: %+v", v)
	}
	for _, document := range []string{strings.Replace(kept, "provider: anthropic, credential: [{env: A}, {env: NEXT}]", "provider: simulated, dialect: anthropic", 1), strings.Replace(kept, "credential: [{env: A}, {env: NEXT}]", "credential: caller", 1)} {
		s = keeps(t, document)
		id := given(t, s, ann, "one", "a")
		if k := s.kept.keys(s.kept.set.Backends["a"]); id == "msg_1" || len(k) != 1 {
			t.Errorf("%s: %d keys", id, len(k))
		}
	}
}

// TestNothingIsBoundThatIsNotKept holds that the answers to other requests pass as they came.
func TestNothingIsBoundThatIsNotKept(t *testing.T) {
	s := keeps(t, kept)
	for _, thread := range []string{"", `"thread":null,`} {
		if out := ask(t, s, ann, "m", thread).answered(t, "a", reply); out != reply {
			t.Errorf("%s: %s", thread, out)
		}
	}
}

// TestNoSpellingPassesUnseen holds that a name cannot be written so that the gateway overlooks
// it, and that both of two are looked at.
func TestNoSpellingPassesUnseen(t *testing.T) {
	s := keeps(t, kept)
	id := given(t, s, ann, "m", "a")
	for name, thread := range map[string]string{
		"escaped":           `"thr\u0065ad":{"type":"continue","previous_message_id":"msg_9"},`,
		"escaped inside":    `"thread":{"type":"continue","previous\u005fmessage_id":"msg_9"},`,
		"twice, the first":  goOn("msg_9") + goOn(id),
		"twice, the second": goOn(id) + goOn("msg_9"),
		"twice inside":      `"thread":{"type":"continue","previous_message_id":"` + id + `","previous_message_id":"msg_9"},`,
	} {
		if v := ask(t, s, ann, "m", thread).verdict; v.Status != 404 {
			t.Errorf("%s: %+v", name, v)
		}
	}
	if v := ask(t, s, ann, "m", goOn(`\u006d`+id[1:])).verdict; v.Action != exchange.Pass {
		t.Errorf("an escaped id: %+v", v)
	}
}

// TestIDsInAStreamAreBound holds that the events of a stream keep all of their bytes but for the
// ids, however the stream is cut.
func TestIDsInAStreamAreBound(t *testing.T) {
	s := keeps(t, kept)
	id := given(t, s, ann, "m", "a")
	const head = `{"type":"message_start", "message":{"id": "msg_1","type":"message","role":"assistant","model":"x","content":[],"usage":{"input_tokens":1,"output_tokens":1}}}`
	tail := `event: content_block_start
data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"\"id\":\"msg_1\""}}

event: content_block_stop
data: {"type":"content_block_stop","index":0}

event: message_delta
data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":2}}

event: message_stop
data: {"type":"message_stop"}

`
	for name, first := range map[string]string{
		"on one line":      "event: message_start\ndata: " + head + "\n\n",
		"on several lines": "event: message_start\ndata: " + strings.Replace(head, ", ", ",\ndata: ", 1) + "\n\n",
	} {
		want := strings.Replace(first, `"msg_1"`, `"`+id+`"`, 1) + tail
		for _, size := range []int{1, 7, len(first), 4096} {
			at := ask(t, s, ann, "m", `"stream":true,`+create)
			at.ex.Attempts.Begin(exchange.Tried{Backend: "a", Model: "x", Status: 200})
			resp := &at.ex.Response
			resp.Status, resp.Stream = 200, true
			if _, err := at.visit.Response(context.Background(), resp); err != nil {
				t.Fatal(err)
			}
			var got strings.Builder
			for rest := first + tail; rest != ""; {
				n := min(size, len(rest))
				piece, err := resp.Reader.Pass([]byte(rest[:n]), n == len(rest))
				if err != nil {
					t.Fatal(err)
				}
				got.Write(piece)
				rest = rest[n:]
			}
			if got.String() != want {
				t.Errorf("%s, in pieces of %d bytes:\n%s\nwant\n%s", name, size, got.String(), want)
			}
		}
	}
}

// TestAPinnedRequestStaysWithItsBackend holds that a backend which has reached its limit is
// asked all the same: no other one has what the request names.
func TestAPinnedRequestStaysWithItsBackend(t *testing.T) {
	var uses []string
	backends := "backends: {"
	for i := range 7 { // more than may have classes of their own
		backends += fmt.Sprintf("b%d: {provider: anthropic, credential: {env: A}}, ", i)
		uses = append(uses, fmt.Sprintf("b%d/x", i))
	}
	s := keeps(t, "version: 1\nunpriced: flag\n"+backends+"}\nmodels: {m: {chain: ["+strings.Join(uses, ", ")+"]}}\n")
	id := given(t, s, ann, "m", "b5")
	next := ask(t, s, ann, "m", goOn(id))
	if next.ex.Fit != "b/b5" || string(next.ex.Request.Out.Set.Get(retriesHeader)) != "2" {
		t.Errorf("fit %q, %s retries", next.ex.Fit, next.ex.Request.Out.Set.Get(retriesHeader))
	}
	v := next.visit.(*visit)
	for _, target := range v.pool.targets {
		if v.asked(target) != (target.backend.Name == "b5") {
			t.Errorf("%s may be asked: %t", target.backend.Name, v.asked(target))
		}
	}
	if _, ok := stateid.Split([]byte(id)); !ok {
		t.Error("the id is not bound")
	}
}
