package dialect_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/canon/canontest"
	"github.com/headgate/headgate/extproc/dialect"
	"github.com/headgate/headgate/policy/quirk"
)

type object = map[string]any

// call is a call of a tool as one side sees it. What marks it is in its arguments and
// its result.
type call struct {
	id   string
	mark string
}

// oddIDs are what servers write for the id of a call, as JSON; empty: nothing.
var oddIDs = []string{``, `""`, `null`, `0`, `7`, `"0"`, `"call_0"`, `"call_0"`, `"functions.f:0"`, `"é/\"x"`, `"hgid_"`, `"hgid1_Y2FsbF8w"`,
	`"hgid_Y2FsbF8w"`, `"abcdefghi"`, `"` + strings.Repeat("l", 41) + `"`, `"` + strings.Repeat("l", 42) + `:"`, `" "`}

// talk is a conversation of one client with links that change at every turn.
type talk struct {
	*testing.T
	*rand.Rand
	client   dialect.Dialect
	messages []any
	known    map[string]bool // ids that the client was given in translation
	turn     int
	passed   bool // an answer reached the client as its server wrote it
}

// TestCallsAreToldApartWhateverServersCallThem plays conversations in which servers call
// their calls as they like and links change: the client is given ids that are unique and,
// whatever it is sent, each link gets each result with its call, by ids that it takes.
func TestCallsAreToldApartWhateverServersCallThem(t *testing.T) {
	for seed := range uint64(1000) {
		c := talk{T: t, Rand: rand.New(rand.NewPCG(seed, 12)), known: map[string]bool{}}
		c.client = dialect.ByName([]string{"openai", "anthropic", "responses"}[c.IntN(3)])
		c.messages = []any{object{"role": "user", "content": "go"}}
		for c.turn = range 4 {
			c.answer()
			c.checkLinks()
			if t.Failed() {
				t.Fatalf("seed %d, client %s", seed, c.client.Name())
			}
		}
	}
}

// TestAServerGetsItsOwnIDsBack holds that ids which are in nobody's way come back to the
// server that gave them as they were.
func TestAServerGetsItsOwnIDsBack(t *testing.T) {
	ids := []string{`"call_0"`, `"functions.f:0"`, `"é/\"x"`, `"hgid_"`, `"` + strings.Repeat("l", 60) + `"`, `" "`}
	openai, anthropic := dialect.ByName("openai"), dialect.ByName("anthropic")
	r, err := openai.DecodeAnswer(whole["openai"](0, ids))
	if err != nil {
		t.Fatal(err)
	}
	calls := callsIn(t, "anthropic", anthropic.EncodeAnswer(nil, r, canon.Client{}))
	c := talk{T: t, client: anthropic, messages: append([]any{object{"role": "user", "content": "go"}}, said["anthropic"](calls, calls)...)}
	body, _, err := openai.Encode(nil, c.request(), canon.Target{Model: "m"})
	if err != nil {
		t.Fatal(err)
	}
	back, _ := asked(t, "openai", body)
	for _, id := range ids {
		var text string
		decoded(t, []byte(id), &text)
		if _, ok := back[text]; !ok {
			t.Errorf("%s is not among %q", id, back)
		}
	}
}

func (c *talk) request() *canon.Request {
	c.Helper()
	body := encoded(object{"model": "m", "max_tokens": 100, "messages": c.messages})
	if c.client.Name() == "responses" {
		body = encoded(object{"model": "m", "input": c.messages})
	}
	r, err := c.client.Decode(body)
	if err != nil {
		c.Fatalf("%v: %s", err, body)
	}
	return r
}

// answer lets a server call tools, and the client do what they say.
func (c *talk) answer() {
	server := dialect.ByName([]string{"openai", "anthropic", "responses"}[c.IntN(3)])
	n := 1 + c.IntN(3)
	ids := make([]string, n)
	for i := range ids {
		ids[i] = oddIDs[c.IntN(len(oddIDs))]
		if server.Name() == "anthropic" && c.IntN(4) > 0 {
			ids[i] = fmt.Sprintf(`"toolu_%d_%d"`, c.turn, i)
		}
	}
	if server.Name() == c.client.Name() {
		for i := range ids { // what passes is well-formed, but for repetitions
			ids[i] = fmt.Sprintf(`"same_%d"`, c.IntN(2))
		}
		c.passed = true
	}
	calls := c.heard(server, ids)
	if len(calls) != n {
		c.Fatalf("%d calls of %d: %v", len(calls), n, calls)
	}
	c.did(calls, server.Name() != c.client.Name())
}

// heard returns the calls of a server's answer as the client reads them.
func (c *talk) heard(server dialect.Dialect, ids []string) []call {
	asker := canon.Client{Request: c.request(), ID: fmt.Sprint("x", c.turn)}
	same := server.Name() == c.client.Name()
	if c.IntN(2) == 0 {
		body := whole[server.Name()](c.turn, ids)
		if !same {
			r, err := server.DecodeAnswer(body)
			if err != nil {
				c.Fatalf("%v: %s", err, body)
			}
			body = c.client.EncodeAnswer(nil, r, asker)
		}
		return callsIn(c.T, c.client.Name(), body)
	}
	stream := streamed[server.Name()](c.turn, ids)
	if !same {
		stream = canontest.Stream(server.Decoder(false), c.client.Encoder(asker), stream)
	}
	return callsStreamed(c.T, c.client.Name(), stream)
}

// did adds calls and their results to the conversation; the results in any order if the
// ids say whose they are.
func (c *talk) did(calls []call, translated bool) {
	results := append([]call(nil), calls...)
	for _, k := range calls {
		if !translated {
			continue
		}
		if k.id == "" || c.known[k.id] {
			c.Errorf("turn %d: the client is given %q again", c.turn, k.id)
		}
		if c.client.Name() == "anthropic" && !plainID.MatchString(k.id) {
			c.Errorf("turn %d: an Anthropic client is given %q", c.turn, k.id)
		}
		c.known[k.id] = true
	}
	if translated {
		c.Shuffle(len(results), func(i, j int) { results[i], results[j] = results[j], results[i] })
	}
	c.messages = append(c.messages, said[c.client.Name()](calls, results)...)
}

var plainID = regexp.MustCompile(`^[a-zA-Z0-9_-]+$`)

// links are what a turn may be answered by, and the ids that they take.
var links = []struct {
	dialect string
	quirks  quirk.Set
	takes   *regexp.Regexp
}{
	{"anthropic", quirk.Set{}, regexp.MustCompile(`^[a-zA-Z0-9_-]{1,64}$`)},
	{"openai", quirk.Set{}, regexp.MustCompile(`(?s)^.+$`)},
	{"openai", quirk.Set{MaxToolID: 40}, regexp.MustCompile(`(?s)^.{1,40}$`)},
	{"openai", quirk.Set{ShortToolIDs: true}, regexp.MustCompile(`^[a-zA-Z0-9]{9}$`)},
	{"responses", quirk.Set{}, regexp.MustCompile(`(?s)^.+$`)},
	{"responses", quirk.Set{MaxToolID: 40}, regexp.MustCompile(`(?s)^.{1,40}$`)},
}

// checkLinks holds that every link gets each result with its call.
func (c *talk) checkLinks() {
	r := c.request()
	for _, l := range links {
		if l.dialect == c.client.Name() && l.dialect == "anthropic" {
			continue // what an Anthropic client sends its own servers passes
		}
		body, dropped, err := dialect.ByName(l.dialect).Encode(nil, r, canon.Target{Model: "m", Quirks: l.quirks})
		if err != nil || len(dropped) > 0 {
			c.Fatalf("dropped %q, %v: %s", dropped, err, encoded(c.messages))
		}
		calls, results := asked(c.T, l.dialect, body)
		if len(calls) == 0 || len(calls) != len(results) {
			c.Errorf("%d calls, %d results: %s", len(calls), len(results), body)
		}
		for id, mark := range calls {
			if results[id] != mark {
				c.Errorf("turn %d, %s %+v: call %q has the result of %q: %s", c.turn, l.dialect, l.quirks, mark, results[id], body)
			}
			if !l.takes.MatchString(id) {
				c.Errorf("turn %d, %s %+v: id %q", c.turn, l.dialect, l.quirks, id)
			}
		}
	}
}

func encoded(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // what this file builds can always be written
	}
	return b
}
