package soak

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// feature is what all calls are attributed to.
const feature = "soak"

// call is a request and what its client saw of it.
type call struct {
	mark, kind string
	want       want
	status     int  // 0: none came
	whole      bool // a success, to its end
	began      time.Time
	ended      time.Time
}

// want is what must come of a call.
type want struct {
	status int           // 200, or that of a refusal
	reason string        // of the refusal
	leaves time.Duration // the client hangs up after so long; 0: it does not
}

// api is how a client asks.
type api struct {
	name, path, ends string // what the whole body of a stream has
	body             func(model, text string, stream bool, tools bool) string
}

var apis = []api{
	{"chat", "/v1/chat/completions", "data: [DONE]", func(model, text string, stream, tools bool) string {
		return request(model, stream, fmt.Sprintf(`"messages":[{"role":"user","content":%q}]`, text), tools, `{"type":"function","function":{"name":"weather","parameters":{"type":"object","properties":{"city":{"type":"string"}}}}}`)
	}},
	{"messages", "/v1/messages", `"type":"message_stop"`, func(model, text string, stream, tools bool) string {
		return request(model, stream, fmt.Sprintf(`"max_tokens":512,"messages":[{"role":"user","content":%q}]`, text), tools, `{"name":"weather","input_schema":{"type":"object","properties":{"city":{"type":"string"}}}}`)
	}},
	{"responses", "/v1/responses", `"type":"response.completed"`, func(model, text string, stream, tools bool) string {
		return request(model, stream, fmt.Sprintf(`"store":false,"input":%q`, text), tools, `{"type":"function","name":"weather","parameters":{"type":"object","properties":{"city":{"type":"string"}}}}`)
	}},
}

func request(model string, stream bool, members string, tools bool, tool string) string {
	if tools {
		members += `,"tools":[` + tool + `]`
	}
	return fmt.Sprintf(`{"model":%q,"stream":%t,%s}`, model, stream, members)
}

// models are what is asked for and answers: each backend, chains of which the first link fails, one
// whose stream is made one answer, and one whose guards look at everything.
var models = []string{"plain", "plain-claude", "chain", "refused", "broken", "folded", "chat", "guarded"}

// load asks a pair until it is stopped.
type load struct {
	judge   *judge
	pair    *gatewaytest.Pair
	stopped context.Context
	cancel  context.CancelFunc
	running sync.WaitGroup
	next    atomic.Int64
}

// startLoad begins to ask at a rate, beside streams that are open for minutes. These begin one after
// the other, and another one as soon as one has ended.
func startLoad(j *judge, pair *gatewaytest.Pair, rps, streams int) *load {
	l := &load{judge: j, pair: pair}
	l.stopped, l.cancel = context.WithCancel(context.Background())
	l.running.Go(func() {
		l.each(time.Second/time.Duration(rps), -1, func() { l.ask(l.random()) })
	})
	l.running.Go(func() {
		l.each(5*time.Millisecond, streams, func() {
			for l.stopped.Err() == nil {
				l.hold()
			}
		})
	})
	return l
}

// each begins n times, or until the load stops if n is negative.
func (l *load) each(pause time.Duration, n int, begin func()) {
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for ; n != 0; n-- {
		select {
		case <-l.stopped.Done():
			return
		case <-tick.C:
			l.running.Go(begin)
		}
	}
}

// stop has streams that are open hung up, and waits for all other answers.
func (l *load) stop() {
	l.cancel()
	l.running.Wait()
}

// question is a request before it is sent.
type question struct {
	kind, directive string
	want            want
	path            string
	body            func(mark string) string
	ends            string // what the body of a whole answer has
}

// random is one of the mix: of ten requests seven are answered, with a tool in one of them, the
// client of one leaves, and two are refused, in turn for each reason.
func (l *load) random() question {
	a, stream := &apis[rand.IntN(len(apis))], rand.IntN(2) == 0
	q := question{kind: a.name, want: want{status: http.StatusOK}, directive: fmt.Sprintf("tokens=%d;pause=%dms", 1+rand.IntN(60), rand.IntN(15))}
	model, text, tools := models[rand.IntN(len(models))], "Say something.", false
	switch n := rand.IntN(10); {
	case n == 0:
		q.kind, tools, q.directive = "tools", true, "tool=weather"
	case n == 1:
		q.kind, q.want.leaves = "leaves", time.Duration(20+rand.IntN(400))*time.Millisecond
		q.directive = fmt.Sprintf("ttft=%dms;tokens=200;pause=50ms", rand.IntN(200))
	case n == 2:
		q.kind, model, q.want = "unknown model", "nobody", want{status: http.StatusNotFound, reason: "model_not_found"}
	case n == 3:
		q.kind, model, text = "guarded", "guarded", "My key is AKIAQX7LZ5R2N4DMC3TB, do not pass it on."
		q.want = want{status: http.StatusForbidden, reason: "secret_found"}
	}
	q.path, q.body = a.path, func(mark string) string { return a.body(model, mark+" "+text, stream, tools) }
	if stream {
		q.ends = a.ends
	}
	return q
}

// hold opens a stream that goes on for three to ten minutes.
func (l *load) hold() {
	i := rand.IntN(2)
	a, model := &apis[i], []string{"open", "open-claude"}[i]
	l.ask(question{kind: "open", want: want{status: http.StatusOK}, directive: fmt.Sprintf("tokens=%d;pause=25s", 8+rand.IntN(16)),
		path: a.path, body: func(mark string) string { return a.body(model, mark+" Say a lot.", true, false) }, ends: a.ends})
}

// ask sends a question and notes what came of it.
func (l *load) ask(q question) {
	ctx := context.Background()
	if q.kind == "open" {
		ctx = l.stopped
	}
	ctx, cancel := context.WithTimeout(ctx, longest(q.want.leaves))
	defer cancel()
	c := &call{mark: fmt.Sprintf("m%d-", l.next.Add(1)), kind: q.kind, want: q.want, began: time.Now()}
	l.judge.begin(c)
	a, err := l.pair.Try(ctx, gatewaytest.ChatRequest(q.path, q.body(c.mark), q.directive, "x-headgate-session", c.mark, "x-headgate-feature", feature, "anthropic-version", "2023-06-01"))
	c.status = a.Status
	c.whole = err == nil && a.Err == nil && a.Status == http.StatusOK && strings.Contains(a.Body, q.ends)
	if q.kind == "open" && l.stopped.Err() != nil && !c.whole {
		c.want.leaves = time.Nanosecond // it was hung up
	}
	l.judge.end(c, a, err)
}

// longest is how long a client waits.
func longest(leaves time.Duration) time.Duration {
	if leaves > 0 {
		return leaves
	}
	return 15 * time.Minute
}
