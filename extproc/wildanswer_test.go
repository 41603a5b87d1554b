package extproc

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"

	"github.com/headgate/headgate/extproc/exchange"
	. "github.com/headgate/headgate/extproc/extproctest"
	"github.com/headgate/headgate/extproc/extproctest/wild"
	"github.com/headgate/headgate/policy"
)

// wildAnswer is what a provider answers to a request, as a fuzzer chooses it.
type wildAnswer struct {
	path     string // of the request
	model    string
	stream   bool // is asked for
	link     int  // that answers
	status   string
	kind     string // its content type
	encoding string
	held     bool // Envoy holds the answer of an attempt until it is judged
	size     int  // of the pieces that it comes in
	body     []byte
}

var (
	wildStatuses = []string{"200", "200", "200", "200", "400", "404", "413", "429", "500", "503", "529", "401", "408", "204", "302", "999"}
	wildKinds    = []string{"", "application/json", "text/html"}
)

// wildAnswerOf makes an answer of choices: as they are, if they are a body, or by the grammar
// of the link's dialect.
func (w *wilds) wildAnswerOf(where uint32, raw bool, choices []byte) wildAnswer {
	take := func(n int) int { c := int(where) % n; where /= uint32(n); return c }
	a := wildAnswer{path: wildPaths[take(wildChats)], stream: take(2) == 1, model: []string{"assistant", "gpt", "claude", "deepseek"}[take(4)], body: choices}
	a.link = take(4)
	a.status = wildStatuses[take(16)]
	if a.kind = wildKinds[min(take(8), 2)]; a.kind == "" && a.stream {
		a.kind = "text/event-stream"
	}
	a.held = take(2) == 1
	a.size = 1 + take(100)
	dialect := w.set.Models[a.model].Asked(w.link(&a).Backend, wildDialect(a.path))
	switch {
	case raw:
	case a.status >= "400":
		a.body = wild.Error(dialect, choices)
	case a.stream:
		a.body = wild.Stream(dialect, choices)
	default:
		a.body = wild.Answer(dialect, choices)
	}
	if n := take(8); n < 2 {
		a.encoding = "gzip"
		if n == 0 {
			a.body = packed(a.body)
		}
	}
	return a
}

func packed(body []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write(body) // a buffer takes everything
	_ = z.Close()
	return b.Bytes()
}

// link is the one that answers.
func (w *wilds) link(a *wildAnswer) policy.Use {
	uses := w.set.Models[a.model].Uses()
	return uses[a.link%len(uses)]
}

// answer plays an exchange whose provider gives an answer, and returns what is wrong with
// what came of it.
func (w *wilds) answer(t testing.TB, a wildAnswer) (faults []string) {
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	use := w.link(&a)
	s := w.connect(t).Open("router")
	id := s.RequestHeaders(Post(a.path), false).Metadata("exchange")
	question := wildQuestion
	if wildDialect(a.path) == "responses" {
		question = wildInput
	}
	if reply := s.RequestBody(fmt.Sprintf(question, a.model, a.stream)); reply.Err != nil || reply.Immediate() != nil {
		return []string{fmt.Sprintf("the question is refused: %v", reply)}
	}
	if _, single := w.set.Models[a.model].Single(); !single {
		if err := w.attempted(t, &a, id, use); err != nil {
			fault("%s: the attempt: %v", use, err)
		}
	}
	h := Answered(a.status, a.kind)
	if a.encoding != "" {
		h = append(h, "content-encoding", a.encoding)
	}
	reply := s.ResponseHeaders(h, false)
	if reply.Err != nil {
		fault("headers: %v", reply.Err)
	}
	got, streams := w.given(s, &a, reply.Streams(), fault)
	_ = s.Close()
	ex, o := w.end()
	if o.By == exchange.ByGateway && o.Result != exchange.ProviderRefusedKey || o.By == exchange.ByClient && a.status < "400" {
		fault("it ends as %+v", o)
	}
	if ex.Response.Translates || ex.Replaced.Action != exchange.Pass {
		faults = append(faults, legible(got, streams)...)
	}
	if lines := w.logged(); lines != "" {
		fault("logged as an error: %s", lines)
	}
	return faults
}

// wildQuestion is a request in the first two dialects, and wildInput one in the third.
const (
	wildQuestion = `{"model":%q,"stream":%v,"max_tokens":64,"messages":[{"role":"user","content":"hi"}]}`
	wildInput    = `{"model":%q,"stream":%v,"max_output_tokens":64,"input":"hi"}`
)

// attempted plays the attempt that gets the answer.
func (w *wilds) attempted(t testing.TB, a *wildAnswer, id string, u policy.Use) error {
	at := w.connect(t).Open("upstream")
	defer at.Close()
	m := attemptMessage(id, u.Backend.Name, u.Model, Post(a.path))
	if a.held {
		m.ProtocolConfig = &extprocv3.ProtocolConfiguration{ResponseBodyMode: 1, SendBodyWithoutWaitingForHeaderResponse: true}
	}
	replies := []*Reply{at.Raw(m), at.ResponseHeaders(H{":status", a.status, "content-type", a.kind, "content-encoding", a.encoding}, false)}
	for _, piece := range pieces(string(a.body), a.size) {
		if last := replies[len(replies)-1]; !a.held || last.Err != nil {
			break
		}
		replies = append(replies, at.ResponseBody(piece, false))
	}
	for _, r := range replies {
		if r.Err != nil && !errors.Is(r.Err, io.EOF) {
			return r.Err
		}
	}
	return nil
}

// given plays the body, and returns what the client gets, and whether as a stream.
func (w *wilds) given(s *Stream, a *wildAnswer, streams bool, fault func(string, ...any)) ([]byte, bool) {
	all := []string{string(a.body)}
	if streams {
		all = append(pieces(string(a.body), a.size), "")
	}
	var got []byte
	for i, piece := range all {
		reply := s.ResponseBody(piece, i == len(all)-1)
		if reply.Err != nil {
			fault("piece %d: %v", i, reply.Err)
			break
		}
		if body, changed := reply.Body(); changed {
			piece = body
		}
		streams = streams || strings.HasPrefix(reply.Set("content-type"), "text/event-stream") // of an answer that came whole
		got = append(got, piece...)
	}
	return got, streams
}

// legible returns what is wrong with what the gateway wrote: it is JSON, and its events
// are.
func legible(got []byte, stream bool) (faults []string) {
	if !stream {
		if !json.Valid(got) {
			return []string{fmt.Sprintf("no JSON: %s", got)}
		}
		return nil
	}
	for line := range strings.Lines(string(got)) {
		data, ok := strings.CutPrefix(strings.TrimRight(line, "\n"), "data: ")
		if ok && data != "[DONE]" && !json.Valid([]byte(data)) {
			faults = append(faults, fmt.Sprintf("an event that is no JSON: %s", line))
		}
	}
	return faults
}

// TestWildAnswers plays some thousand answers, the same each time.
func TestWildAnswers(t *testing.T) {
	w := newWilds(t)
	for seed := range uint64(3000) {
		where, choices := wildChoices(seed)
		a := w.wildAnswerOf(uint32(where)*uint32(seed+1), seed%10 == 0, choices)
		for _, fault := range w.answer(t, a) {
			t.Errorf("%+v\n%s\n%s", a, a.body, fault)
		}
		if t.Failed() {
			return
		}
	}
}

// FuzzAnswer holds that nothing which a provider answers is the gateway's error: the
// provider is blamed, and the client can read what it gets.
func FuzzAnswer(f *testing.F) {
	for seed := range uint64(50) {
		where, choices := wildChoices(seed)
		f.Add(uint32(where)*uint32(seed+1), false, choices)
	}
	for i, name := range slices.Sorted(slices.Values([]string{"openai", "anthropic", "responses"})) {
		f.Add(uint32(i), true, wild.Answer(name, nil))
		f.Add(uint32(i+wildChats), true, wild.Stream(name, nil))
	}
	w := newWilds(f)
	f.Fuzz(func(t *testing.T, where uint32, raw bool, choices []byte) {
		a := w.wildAnswerOf(where, raw, choices)
		for _, fault := range w.answer(t, a) {
			t.Errorf("%+v\n%s\n%s", a, a.body, fault)
		}
	})
}
