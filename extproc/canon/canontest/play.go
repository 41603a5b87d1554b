package canontest

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/client"
	"github.com/headgate/headgate/extproc/dialect"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/exchange/exchangetest"
	"github.com/headgate/headgate/extproc/provider"
	"github.com/headgate/headgate/extproc/scan"
	"github.com/headgate/headgate/policy"
)

// fourWays plays each answer in all the ways that it can take through the gateway: JSON
// and stream, to a client of the same dialect and of others; the stream to one of the
// same dialect as bytes and as events. The provider's end is the provider stage, the
// client's end is extproc/client. Held are what the client gets, and what the
// exchange knows of it, which is what is recorded and paid for.
func (u *under) fourWays(t *testing.T) {
	u.eachAnswer(t, func(t *testing.T, a *Answer) {
		for _, to := range u.clients() {
			t.Run("JSON to "+to.Name(), func(t *testing.T) { u.playWhole(t, a, to) })
			t.Run("JSON as a stream to "+to.Name(), func(t *testing.T) { u.playUnstreamed(t, a, to) })
			if a.NoSSE {
				t.Run("no stream to "+to.Name(), func(t *testing.T) { u.playNoStream(t, a, to) })
				continue
			}
			t.Run("folded to "+to.Name(), func(t *testing.T) { u.playFolded(t, a, to) })
			t.Run("stream to "+to.Name(), func(t *testing.T) { u.playStream(t, a, to, false) })
			if to.Name() == u.Name() {
				t.Run("events to "+to.Name(), func(t *testing.T) { u.playStream(t, a, to, true) })
			}
		}
	})
}

// clients are the dialects of clients: the one under test, and those that golden inputs
// are written in.
func (u *under) clients() []dialect.Dialect {
	all := []dialect.Dialect{u.Dialect}
	for _, d := range dialect.All {
		if lost[d.Name()] != nil && d.Name() != u.Name() {
			all = append(all, d)
		}
	}
	return all
}

// want is what a client of a dialect must get of an answer.
func (u *under) want(to dialect.Dialect, s Said) Said {
	s = u.loses(s)
	if to.Name() != u.Name() {
		s = loses(to, s)
	}
	return s
}

func (u *under) playWhole(t *testing.T, a *Answer, to dialect.Dialect) {
	v := u.ask(t, to, a, false)
	verdict := v.Respond(a.status(), string(u.answerFile(t, a.Name, ".json")), "content-type", "application/json")
	status, body := received(v, to, verdict)
	means(t, u.want(to, a.Whole), whole(to, status, body))
	u.accepted(t, to, a.Whole, func() { u.Judge.Answer(t, body) })
	u.recorded(t, v, a.Whole)
}

// playFolded answers a client that wants the whole answer with the stream, of which one is
// made.
func (u *under) playFolded(t *testing.T, a *Answer, to dialect.Dialect) {
	v := u.ask(t, to, a, false)
	v.Exchange.Response.Folded = true
	verdict := v.Respond(200, string(u.answerFile(t, a.Name, ".sse")), "content-type", "text/event-stream")
	status, body := received(v, to, verdict)
	means(t, u.want(to, a.Whole), whole(to, status, body))
	u.accepted(t, to, a.Whole, func() { u.Judge.Answer(t, body) })
	if v.Exchange.Response.Stream {
		t.Error("the client got a stream")
	}
	u.recorded(t, v, a.streamed())
}

// playNoStream answers a client that asked for a stream with the error that there is none.
func (u *under) playNoStream(t *testing.T, a *Answer, to dialect.Dialect) {
	v := u.ask(t, to, a, true)
	verdict := v.Respond(a.status(), string(u.answerFile(t, a.Name, ".json")), "content-type", "application/json")
	status, body := received(v, to, verdict)
	means(t, u.want(to, a.Whole), whole(to, status, body))
}

// received is what the client gets of a whole answer, as the stream loop writes it.
func received(v *exchangetest.Visit, to dialect.Client, verdict exchange.Verdict) (status int, body []byte) {
	ex := v.Exchange
	resp := &ex.Response
	switch {
	case verdict.Action == exchange.Deny && verdict.Body != nil:
		return verdict.Status, verdict.Body
	case verdict.Action == exchange.Deny:
		return verdict.Status, client.Refusal(to, &verdict, ex.ID)
	case resp.Translates && resp.Status == 200:
		if answer, err := resp.Canon(); err == nil {
			return resp.Status, to.EncodeAnswer(nil, answer, client.Of(ex))
		}
	}
	return resp.Status, resp.Body
}

// playStream plays a stream in pieces, of one byte and whole, as bytes or as events.
func (u *under) playStream(t *testing.T, a *Answer, to dialect.Dialect, events bool) {
	in := u.answerFile(t, a.Name, ".sse")
	for _, size := range []int{1, 61, len(in)} {
		v := u.ask(t, to, a, true)
		v.Stream()
		out := streamTo(t, v, to, Pieces(in, size), events)
		var l listener
		Stream(to.Decoder(false), &l, out)
		want := u.want(to, a.streamed())
		if l.ended != (want.Fault == "") {
			t.Errorf("pieces of %d: ended %v: %s", size, l.ended, out)
		}
		means(t, want, l.done())
		if want.Fault != "" && !saysItFailed(to, out) {
			t.Errorf("pieces of %d: the client gets no error, only no end: %s", size, out)
		}
		u.accepted(t, to, a.streamed(), func() { u.judged(t, out) })
		u.recorded(t, v, a.streamed())
		if to.Name() == u.Name() && want.Fault == "" {
			if diff := cmp.Diff(string(in), string(out)); diff != "" {
				t.Errorf("pieces of %d: the stream did not pass as it came: %s", size, diff)
			}
		}
	}
}

// playUnstreamed answers a client that asked for a stream with the whole answer, labelled as one:
// the stream is made of it.
func (u *under) playUnstreamed(t *testing.T, a *Answer, to dialect.Dialect) {
	if a.status() != 200 {
		t.Skip("an error has no stream")
	}
	in := u.answerFile(t, a.Name, ".json")
	for _, size := range []int{1, 61, len(in)} {
		v := u.ask(t, to, a, true)
		v.Stream()
		out := streamTo(t, v, to, Pieces(in, size), false)
		var l listener
		Stream(to.Decoder(false), &l, out)
		want := u.want(to, a.Whole)
		if l.ended != (want.Fault == "") {
			t.Errorf("pieces of %d: ended %v: %s", size, l.ended, out)
		}
		means(t, want, l.done())
		u.accepted(t, to, a.Whole, func() { u.judged(t, out) })
		u.recorded(t, v, a.Whole)
	}
}

// saysItFailed reports whether a stream says by itself that it failed.
func saysItFailed(d dialect.Backend, stream []byte) bool {
	var split scan.Splitter
	split.Feed(stream)
	decoder := d.Decoder(false)
	for ev, err := split.Next(); ev != nil && err == nil; ev, err = split.Next() {
		if slices.ContainsFunc(decoder.Next(ev), func(ev canon.Event) bool { return ev.Kind == canon.EventFailed }) {
			return true
		}
	}
	return false
}

// streamTo is what the client gets of a stream, as the stream loop writes it.
func streamTo(t *testing.T, v *exchangetest.Visit, to dialect.Client, pieces [][]byte, events bool) (out []byte) {
	t.Helper()
	ex := v.Exchange
	r := ex.Response.Reader
	defer r.Close()
	w := client.NewWriter(to.Encoder(client.Of(ex)), !ex.Response.Translates)
	for i, piece := range pieces {
		piece, last := append([]byte(nil), piece...), i == len(pieces)-1
		if !events && !ex.Response.Translates {
			got, err := r.Pass(piece, last)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, got...)
			if whole := r.Whole(); whole != nil {
				w = client.NewWriter(to.Encoder(client.Of(ex)), false)
				for j := range whole {
					out = w.Append(out, &whole[j])
				}
			}
			continue
		}
		if err := r.Feed(piece, last); err != nil {
			t.Fatal(err)
		}
		for found := r.Next(); found != nil; found = r.Next() {
			for j := range found {
				out = w.Append(out, &found[j])
			}
		}
		out = w.Flush(out)
	}
	return out
}

// accepted has the judge read what a client of the dialect under test gets.
func (u *under) accepted(t *testing.T, to dialect.Dialect, s Said, judge func()) {
	t.Helper()
	if to.Name() == u.Name() && s.Fault == "" {
		judge()
	}
}

// recorded holds what the exchange knows of an answer.
func (u *under) recorded(t *testing.T, v *exchangetest.Visit, s Said) {
	t.Helper()
	ex := v.Exchange
	if resp := &ex.Response; s.Fault != "" {
		cut := s.Message == canon.Cut().Message // which only the missing end says
		if resp.Status == 200 && resp.Failed == cut || resp.SawEnd {
			t.Errorf("the exchange does not know of a fault: failed %v, end %v", resp.Failed, resp.SawEnd)
		}
		return
	}
	s = u.loses(s)
	got := Said{ID: ownID(ex.Response.ID), Model: ex.Response.Model}
	b := &ex.Usage
	got.Usage = canon.Usage{Input: b.Input, CacheRead: b.CacheRead, CacheWrite5m: b.CacheWrite5m, CacheWrite1h: b.CacheWrite1h,
		AudioInput: b.AudioInput, Output: b.Output, Reasoning: b.Reasoning, AudioOutput: b.AudioOutput}
	if diff := cmp.Diff(Said{ID: s.ID, Model: s.Model, Usage: s.Usage}, got); diff != "" {
		t.Errorf("the exchange (-want +knows): %s", diff)
	}
	if ex.Response.Failed || ex.Response.Stream && !ex.Response.SawEnd || b.Source != canon.UsageProvider {
		t.Errorf("the exchange does not take the answer for whole: failed %v, ended %v, usage of %q", ex.Response.Failed, ex.Response.SawEnd, b.Source)
	}
}

// servers is a policy with one backend. Its dialect is set once it is read, so that one
// which no provider of the policy speaks can be played too.
const servers = `{version: 1, unpriced: flag, backends: {b: {provider: openai-compatible, url: "http://127.0.0.1:1/v1"}}, models: {m: b/m}}`

// ask takes a request of a client to the backend, which speaks the dialect under test.
func (u *under) ask(t *testing.T, from dialect.Dialect, a *Answer, stream bool) *exchangetest.Visit {
	t.Helper()
	v := exchangetest.Join(t, u.backend(t), exchangetest.Ask(t, from.Name(), request(t, from, stream)))
	v.Exchange.Request.Choices = a.Asked
	if verdict := v.Request(); verdict.Action != exchange.Pass {
		t.Fatalf("the request is refused: %s", verdict.Message)
	}
	if _, err := v.Attempt("b", "m"); err != nil {
		t.Fatal(err)
	}
	return v
}

// request is a request in a dialect.
func request(t *testing.T, d dialect.Dialect, stream bool) string {
	t.Helper()
	body := `{"model":"m","messages":[{"role":"user","content":"hi"}],"max_completion_tokens":100,"stream":false}`
	if stream {
		body = strings.Replace(body, `"stream":false`, `"stream":true,"stream_options":{"include_usage":true}`, 1)
	}
	if d.Name() == writers.requests {
		return body
	}
	r, err := dialect.ByName(writers.requests).Decode([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	out, _, err := d.Encode(nil, r, target)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// backend is the provider stage of a policy whose backend speaks the dialect under test.
func (u *under) backend(t *testing.T) exchange.Stage {
	t.Helper()
	set, err := policy.Parse("policy.yaml", []byte(servers))
	if err != nil {
		t.Fatal(err)
	}
	set.Backends["b"].Dialect = u.Name()
	kind := provider.NewKind(provider.Options{
		LookupEnv: func(string) (string, bool) { return "", false },
		Refused:   func(string, int) {}, Warn: func(string) {}, Now: time.Now,
	})
	stage, err := kind.Compile(set)
	if err != nil {
		t.Fatal(err)
	}
	return stage
}
