package extproc

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/dialect"
	"github.com/headgate/headgate/extproc/exchange"
	. "github.com/headgate/headgate/extproc/extproctest"
	"github.com/headgate/headgate/extproc/extproctest/wild"
	"github.com/headgate/headgate/extproc/scan"
	simanthropic "github.com/headgate/headgate/extproc/sim/anthropic"
	simopenai "github.com/headgate/headgate/extproc/sim/openai"
	simresponses "github.com/headgate/headgate/extproc/sim/responses"
	"github.com/headgate/headgate/extproc/sim/wire"
	"github.com/headgate/headgate/policy"
)

// wildPaths are what clients ask, the most of it for answers in all dialects.
var wildPaths = []string{"/v1/chat/completions", "/v1/messages", "/v1/responses", "/v1/messages/count_tokens", "/v1/embeddings"}

// wildChats is how many of them ask for answers of a model.
const wildChats = 3

// wildHeaders come with a request.
var wildHeaders = []H{nil, {"anthropic-beta", "a,,b\x7f"}, {"openai-beta", "é\xff"}, {"x-headgate-timeout", "soon"}, {"content-length", "-1"}}

// wildAsk is one whole request, as a fuzzer chooses it.
type wildAsk struct {
	path    string
	model   string
	headers H
	body    []byte
}

// wildAskOf makes a request of choices: as they are, if they are a body, or by the grammar
// of the path's dialect.
func wildAskOf(where uint16, raw bool, choices []byte) wildAsk {
	n := int(where)
	a := wildAsk{path: wildPaths[n/16%wildChats], model: wildModels[n%16%len(wildModels)], body: choices}
	if n/32%8 == 7 {
		a.path = wildPaths[wildChats+n/256%2]
	}
	if n/1024%8 == 7 {
		a.headers = wildHeaders[n/8192%len(wildHeaders)]
	}
	if !raw {
		a.body = wild.Request(a.dialect(), a.model, choices)
	}
	return a
}

func (a *wildAsk) dialect() string {
	return wildDialect(a.path)
}

func wildDialect(path string) string {
	switch {
	case strings.Contains(path, "/messages"):
		return "anthropic"
	case strings.HasSuffix(path, "/responses"):
		return "responses"
	}
	return "openai"
}

// play takes a request through the loop to every link that may get it, and returns what is
// wrong with what came of it.
func (w *wilds) play(t testing.TB, a wildAsk) (faults []string) {
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	s := w.connect(t).Open("router")
	replies := []*Reply{s.RequestHeaders(Post(a.path, a.headers...), false)}
	id := replies[0].Metadata("exchange")
	if replies[0].Err == nil && replies[0].Immediate() == nil {
		replies = append(replies, s.RequestBody(string(a.body)))
	}
	last := replies[len(replies)-1]
	switch {
	case last.Err != nil:
		fault("broken stream: %v", last.Err)
	case last.Immediate() != nil:
		faults = append(faults, w.refused(s, &a, last)...)
	default:
		faults = append(faults, w.leave(t, s, &a, id, last)...)
	}
	if lines := w.logged(); lines != "" {
		fault("logged as an error: %s", lines)
	}
	return faults
}

// refused returns what is wrong with a refusal: it is the client's fault, told in its
// dialect, with the field by name unless the body is no JSON or ambiguous.
func (w *wilds) refused(s *Stream, a *wildAsk, reply *Reply) (faults []string) {
	_ = s.Close()
	ex, o := w.end()
	im := reply.Immediate()
	var said struct {
		Error struct{ Message, Type string }
	}
	status := int(im.GetStatus().GetCode())
	if ex.Counted == canon.UsageEstimated && status == 200 {
		return nil // it is no refusal
	}
	switch err := json.Unmarshal(im.Body, &said); {
	case status < 400 || status > 499 || o.By != exchange.ByClient || o.Result != exchange.ClientError:
		faults = append(faults, fmt.Sprintf("a refusal with status %d ends as %+v", status, o))
	case err != nil || said.Error.Message == "" || said.Error.Type == "":
		faults = append(faults, fmt.Sprintf("a refusal in no dialect: %s", im.Body))
	case ex.Refused.Param == "" && !strings.Contains(ex.Refused.Message, `""`) && !strings.Contains(ex.Refused.Message, "it has no ") && sound(a.body) && status == 400:
		faults = append(faults, fmt.Sprintf("a refusal names no field: %s", im.Body))
	}
	return faults
}

// sound reports whether a body is an object that all parsers read alike.
func sound(body []byte) bool {
	m := scan.Document(body)
	for m.Next() {
	}
	return m.Err() == nil && !twins(body, true)
}

// leave plays the attempts at all links that Envoy may choose, and a good answer of the
// last one.
func (w *wilds) leave(t testing.TB, s *Stream, a *wildAsk, id string, reply *Reply) (faults []string) {
	m := w.set.Models[w.modelOf(a)]
	fit := reply.GetDynamicMetadata().GetFields()["envoy.lb"].GetStructValue().GetFields()["fit"].GetStringValue()
	use, single := m.Single()
	if single {
		faults = append(faults, w.left(a, use, reply)...)
	}
	for _, u := range m.Uses() {
		if single || fit != "" && !slices.Contains(m.FitNames(u), fit) {
			continue
		}
		use = u
		at := w.connect(t).Open("upstream")
		out := at.Raw(attemptMessage(id, u.Backend.Name, u.Model, Post(a.path)))
		if out.Err != nil {
			faults = append(faults, fmt.Sprintf("%s: broken stream: %v", u, out.Err))
			continue
		}
		faults = append(faults, w.left(a, u, out)...)
		if judged := at.ResponseHeaders(H{":status", "200", "content-type", "application/json"}, false); judged.Err != nil {
			faults = append(faults, fmt.Sprintf("%s: judging: %v", u, judged.Err))
		}
		_ = at.Close()
	}
	if use.Backend == nil {
		return append(faults, "no link is left, and nobody says so")
	}
	s.ResponseHeaders(Answered("200", "application/json"), false)
	answer := s.ResponseBody(string(wild.Answer(m.Asked(use.Backend, a.dialect()), nil)), true)
	_ = s.Close()
	if _, o := w.end(); answer.Err != nil || o.By == exchange.ByGateway {
		faults = append(faults, fmt.Sprintf("a good answer of %s ends as %+v: %v", use, o, answer.Err))
	}
	return faults
}

// modelOf is the policy's model that a body names.
func (w *wilds) modelOf(a *wildAsk) string {
	req := exchange.Request{Body: a.body, Operation: exchange.Chat}
	dialect.ByName(a.dialect()).Read(&req)
	return req.Model
}

// left returns what is wrong with what leaves for a link.
func (w *wilds) left(a *wildAsk, u policy.Use, reply *Reply) (faults []string) {
	out := a.body
	if body, changed := reply.Body(); changed {
		out = []byte(body)
	}
	asked, takes := w.set.Models[w.modelOf(a)].Asked(u.Backend, a.dialect()), w.set.Takes(u)
	native := asked == a.dialect()
	switch fault := strictly(asked, out); {
	case !json.Valid(out):
		return []string{fmt.Sprintf("%s gets no JSON: %s", u, out)}
	case twins(out, false) && !twins(a.body, true):
		return []string{fmt.Sprintf("%s gets a member twice: %s", u, out)}
	case !slices.Contains(wildPaths[:wildChats], a.path):
	case fault != nil && fault.Param == "reasoning_effort" && !takes.Efforts.Known(): // the simulated provider refuses what of this model nobody knows
	case fault != nil && (!native || strictly(asked, a.renamed(u)) == nil):
		return []string{fmt.Sprintf("%s refuses: %s: %s", u, fault.Message, out)}
	}
	return nil
}

// renamed is the body as it came, but for the model's name.
func (a *wildAsk) renamed(u policy.Use) []byte {
	req := exchange.Request{Body: a.body, Operation: exchange.Chat}
	dialect.ByName(a.dialect()).Read(&req)
	model := scan.Edit{Start: req.Spans.Model.Start, End: req.Spans.Model.End, With: scan.AppendString(nil, u.Model)}
	return scan.Splice(nil, a.body, []scan.Edit{model})
}

// strictly asks the simulated provider what it refuses of a body in a dialect; nil: nothing.
func strictly(dialect string, body []byte) *wire.Error {
	ops, path := simopenai.Dialect{}.Operations(), "/v1/chat/completions"
	switch dialect {
	case "anthropic":
		ops, path = simanthropic.New().Operations(), "/v1/messages"
	case "responses":
		ops, path = simresponses.New().Operations(), "/v1/responses"
	}
	i := slices.IndexFunc(ops, func(op wire.Operation) bool { return op.Path == path })
	_, err := ops[i].Read(&wire.Request{Body: body})
	return err
}

// twins reports whether an object in a body has two members of one name; deep: also in
// a JSON text that is a string there.
func twins(body []byte, deep bool) bool {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var open []map[string]bool // nil: a list
	key := false
	for {
		token, err := dec.Token()
		if err != nil {
			return false
		}
		switch v := token.(type) {
		case json.Delim:
			switch v {
			case '{':
				open, key = append(open, map[string]bool{}), true
				continue
			case '[':
				open, key = append(open, nil), false
				continue
			}
			open = open[:len(open)-1]
		case string:
			if key {
				seen := open[len(open)-1]
				if seen[v] {
					return true
				}
				seen[v], key = true, false
				continue
			}
			if deep && strings.Contains(v, "{") && twins([]byte(v), true) {
				return true
			}
		}
		key = len(open) > 0 && open[len(open)-1] != nil
	}
}

// TestWildRequests plays some thousand requests, the same each time.
func TestWildRequests(t *testing.T) {
	w := newWilds(t)
	for seed := range uint64(3000) {
		where, choices := wildChoices(seed)
		a := wildAskOf(where, false, choices)
		for _, fault := range w.play(t, a) {
			t.Errorf("%s %s\n%s", a.path, a.body, fault)
		}
		if t.Failed() {
			return
		}
	}
}

// wildChoices are choices at random, the same for the same seed.
func wildChoices(seed uint64) (where uint16, choices []byte) {
	r := rand.New(rand.NewPCG(seed, 1))
	choices = make([]byte, r.IntN(250))
	for i := range choices {
		choices[i] = byte(r.Uint32())
	}
	return uint16(r.Uint32()), choices
}

// FuzzRequest holds that nothing which a client sends is the gateway's error: it is
// refused by the field, or what each link gets is what the link takes.
func FuzzRequest(f *testing.F) {
	for seed := range uint64(50) {
		where, choices := wildChoices(seed)
		f.Add(where, false, choices)
	}
	for i, folder := range []string{"anthropic", "openai"} { // of the backend: clients speak the other
		files, err := filepath.Glob("dialect/" + folder + "/testdata/requests/*.in.json")
		if err != nil || len(files) == 0 {
			f.Fatal(folder, err)
		}
		for _, file := range files {
			f.Add(uint16(16*i), true, bodyIn(f, file))
		}
	}
	w := newWilds(f)
	f.Fuzz(func(t *testing.T, where uint16, raw bool, choices []byte) {
		a := wildAskOf(where, raw, choices)
		for _, fault := range w.play(t, a) {
			t.Errorf("%s %s\n%s", a.path, a.body, fault)
		}
	})
}

// bodyIn reads the request of a golden file.
func bodyIn(t testing.TB, file string) []byte {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var asked struct{ Body json.RawMessage }
	if err := json.Unmarshal(text, &asked); err != nil {
		t.Fatal(file, err)
	}
	return asked.Body
}
