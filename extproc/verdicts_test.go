package extproc

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/metadata"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/dialect"
	"github.com/headgate/headgate/extproc/exchange"
	. "github.com/headgate/headgate/extproc/extproctest"
	"github.com/headgate/headgate/extproc/scan"
	"github.com/headgate/headgate/policy"
)

// given is an answer of a stage.
func given() *canon.Response {
	return &canon.Response{
		ID: scan.Value(`"given-1"`), Model: scan.Value(`"given-model"`),
		Choices: []canon.Choice{{Finish: canon.FinishStop, Parts: []canon.Part{{Kind: canon.Text, Text: scan.Value(`"given"`)}}}},
		Usage:   canon.Usage{Input: 3, Output: 2, Seen: canon.BucketInput | canon.BucketOutput},
	}
}

func gives(name string) *scripted {
	return &scripted{name: name, request: func(*exchange.Request) exchange.Verdict {
		return exchange.Verdict{Action: exchange.Answer, Answer: given()}
	}}
}

func refuses(name string, status int) *scripted {
	return &scripted{name: name, request: func(*exchange.Request) exchange.Verdict {
		v := exchange.Denied(status, exchange.ReasonProviderLimit, "Refused below.")
		v.Retry = 7 * time.Second
		return v
	}}
}

// responds is a stage that decides about every response.
func responds(name string, v exchange.Verdict) *scripted {
	return &scripted{name: name, response: func(*exchange.Response) exchange.Verdict { return v }}
}

// answers is the verdict of a stage that answers in place of what came.
func answers() exchange.Verdict { return exchange.Verdict{Action: exchange.Answer, Answer: given()} }

// TestADenialAboveTheAnswerOfAStageIsObeyed holds that the client, the row and Envoy's
// log agree about an answer that a stage above did not let pass.
func TestADenialAboveTheAnswerOfAStageIsObeyed(t *testing.T) {
	r := newRig(t, testPolicy, responds("guard", exchange.Denied(403, exchange.ReasonProviderRefused, "Not this.")), gives("cache"))
	s := r.Open("router")
	s.RequestHeaders(Post("/v1/chat/completions"), false)
	reply := s.RequestBody(chatBody)
	im := reply.Immediate()
	if im == nil || im.Status.Code != 403 || !strings.Contains(string(im.Body), "Not this.") || reply.Metadata("refused") != "provider_refused" ||
		reply.Set("x-headgate-refused-by") == "" {
		t.Errorf("reply %v", reply)
	}
	s.Cancel()
	if row := r.row(); row.Status != 403 || row.Outcome != "client_error" || row.By != "client" || row.Reason != "provider_refused" {
		t.Errorf("row %+v", row)
	}
}

// TestAnAnswerThatIsGivenAgainMayBeRewritten holds that stages above the one that gives an answer
// again change its texts, for JSON and for streams, that the row has what it consumed when it was
// first given, and that it costs nothing now.
func TestAnAnswerThatIsGivenAgainMayBeRewritten(t *testing.T) {
	const kept = `{"id":"kept-1","model":"kept-model","choices":[{"index":0,"message":{"role":"assistant","content":"kept"},"finish_reason":"stop"}]}`
	decode := dialect.ByName("openai").DecodeAnswer
	cache := &scripted{name: "cache", request: func(*exchange.Request) exchange.Verdict {
		body := []byte(kept)
		answer, err := decode(body)
		if err != nil {
			t.Error(err)
		}
		usage := canon.Usage{Input: 30, Output: 20, Seen: canon.BucketInput | canon.BucketOutput}
		return exchange.Verdict{Action: exchange.Answer, Answer: answer, Kept: &exchange.Kept{Body: body, Decode: decode, Usage: usage}}
	}}
	for name, rewrites := range map[string]bool{"kept": false, "changed": true} {
		for _, body := range []string{chatBody, streamBody} {
			above := &scripted{name: "above", response: func(resp *exchange.Response) exchange.Verdict {
				if c, err := resp.Canon(); err != nil || rewrites && resp.Rewrite(exchange.Edit{Text: c.Choices[0].Parts[0].Text, With: "changed"}) != nil {
					t.Errorf("it cannot be rewritten: %v", err)
				}
				return exchange.Verdict{}
			}}
			r := newRig(t, testPolicy, above, cache)
			s := r.Open("router")
			s.RequestHeaders(Post("/v1/chat/completions"), false)
			im := s.RequestBody(body).Immediate()
			if im == nil || im.Status.Code != 200 || !strings.Contains(string(im.Body), `"content":"`+name+`"`) || !strings.Contains(string(im.Body), "kept-1") {
				t.Fatalf("%s: reply %v", name, im)
			}
			s.Cancel()
			if row := r.row(); row.Outcome != "ok" || row.UsageSource != "cached" || row.Tokens == nil || row.Tokens.Input != 30 || row.CostUSD != "0" {
				t.Errorf("%s: row %+v", name, row)
			}
		}
	}
}

// TestADenialAboveARefusalReplacesIt holds that nothing of the first refusal is left.
func TestADenialAboveARefusalReplacesIt(t *testing.T) {
	r := newRig(t, testPolicy, responds("guard", exchange.Denied(500, exchange.ReasonProviderError, "Not this.")), refuses("limit", 429))
	s := r.Open("router")
	s.RequestHeaders(Post("/v1/chat/completions"), false)
	reply := s.RequestBody(chatBody)
	im := reply.Immediate()
	if im == nil || im.Status.Code != 500 || !strings.Contains(string(im.Body), "Not this.") || reply.Set("retry-after") != "" || reply.Metadata("refused") != "provider_error" {
		t.Errorf("reply %v", reply)
	}
	s.Cancel()
	if row := r.row(); row.Status != 500 || row.Outcome != "gateway_error" || row.By != "gateway" {
		t.Errorf("row %+v", row)
	}
}

// TestAnAnswerAboveIsGiven holds that the answer of a stage takes the place of whatever
// came from below, and that client and row agree about it.
func TestAnAnswerAboveIsGiven(t *testing.T) {
	rewrites := &scripted{name: "rewrites", response: func(resp *exchange.Response) exchange.Verdict {
		if c, err := resp.Canon(); err == nil && resp.Origin == exchange.FromProvider {
			_ = resp.Rewrite(exchange.Edit{Text: c.Choices[0].Parts[0].Text, With: "rewritten"})
		}
		return exchange.Verdict{}
	}}
	for _, c := range []struct {
		name   string
		below  *scripted
		status string // of the provider; empty: it is not asked
		body   string
	}{
		{"a refusal", refuses("limit", 429), "", ""},
		{"another answer", &scripted{name: "cache", request: func(*exchange.Request) exchange.Verdict {
			other := given()
			other.Choices[0].Parts[0].Text = scan.Value(`"other"`)
			return exchange.Verdict{Action: exchange.Answer, Answer: other}
		}}, "", ""},
		{"a good answer", rewrites, "200", chatAnswer},
		{"an error", rewrites, "500", `{"error":{"message":"no"}}`},
		{"an error in a 200 response", rewrites, "200", `{"error":{"message":"no"}}`},
		{"what cannot be read", rewrites, "200", `nothing`},
	} {
		t.Run(c.name, func(t *testing.T) {
			sees := &scripted{name: "sees", response: func(resp *exchange.Response) exchange.Verdict {
				whole, err := resp.Canon()
				if err != nil || string(whole.ID) != `"given-1"` {
					t.Errorf("the stage above sees %v, %v", whole, err)
				}
				return exchange.Verdict{}
			}}
			r := newRig(t, testPolicy, sees, responds("gives", answers()), c.below)
			s := r.Open("router")
			s.RequestHeaders(Post("/v1/chat/completions"), false)
			reply := s.RequestBody(chatBody)
			body, status := "", "200"
			if c.status == "" {
				if reply.Immediate() == nil {
					t.Fatalf("reply %v", reply)
				}
				body, status = string(reply.Immediate().Body), fmt.Sprint(int(reply.Immediate().Status.Code))
			} else {
				s.ResponseHeaders(Answered(c.status, "application/json"), false)
				reply = s.ResponseBody(c.body, true)
				body, _ = reply.Body()
				status = reply.Set(":status")
			}
			if status != "200" || !strings.Contains(body, `"content":"given"`) || reply.Set("retry-after") != "" || reply.Set("x-headgate-refused-by") != "" ||
				reply.Set("content-type") != "application/json" {
				t.Errorf("status %s, body %s, %v", status, body, reply)
			}
			s.Cancel()
			if row := r.row(); row.Outcome != "ok" || row.Status != 200 || row.Reason != "" {
				t.Errorf("row %+v", row)
			}
		})
	}
}

// TestADenialOfAGoodAnswerIsTheGateways holds that a row does not call an answer good
// that a stage refused, and that the provider is not said to have refused it.
func TestADenialOfAGoodAnswerIsTheGateways(t *testing.T) {
	r := newRig(t, testPolicy, responds("guard", exchange.Denied(403, exchange.ReasonProviderRefused, "Not this.")))
	s := r.Open("router")
	s.RequestHeaders(Post("/v1/chat/completions"), false)
	s.RequestBody(chatBody)
	s.ResponseHeaders(Answered("200", "application/json"), false)
	reply := s.ResponseBody(chatAnswer, true)
	if body, _ := reply.Body(); reply.Set(":status") != "403" || !strings.Contains(body, "Not this.") || reply.Set("x-headgate-refused-by") != "gateway" {
		t.Errorf("reply %v", reply)
	}
	s.Cancel()
	if row := r.row(); row.Status != 403 || row.Outcome != "client_error" || row.By != "client" || row.Tokens == nil || *row.CostNano != 150000 {
		t.Errorf("row %+v", row)
	}
}

// denies is a stage that lets all events pass and then denies, from the n-th call on.
func denies(n int, wants exchange.Wants) *scripted {
	calls := 0
	return &scripted{name: "guard", wants: wants, events: func(events []canon.Event, emit exchange.Emit) exchange.Verdict {
		for i := range events {
			emit(&events[i])
		}
		if calls++; calls == n {
			return exchange.Denied(403, exchange.ReasonProviderRefused, "Not this.")
		}
		return exchange.Verdict{}
	}}
}

// TestADenialInEventsIsObeyedHoweverTheyArrive holds that a denial ends the stream with an
// error, even with the message that brings the end, and that the row says so: with the
// status that the client had got by then.
func TestADenialInEventsIsObeyedHoweverTheyArrive(t *testing.T) {
	all := strings.Join(streamEvents, "")
	for _, c := range []struct {
		name   string
		chunks []string
		call   int
		wants  exchange.Wants
		done   bool // [DONE] has left before
	}{
		{"at the start", streamEvents, 1, exchange.Wants{Events: true}, false},
		{"at a text", streamEvents, 2, exchange.Wants{Events: true}, false},
		{"all at once", []string{all}, 1, exchange.Wants{Events: true}, false},
		{"at the end alone", []string{all}, 1, exchange.Wants{}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, testPolicy, denies(c.call, c.wants))
			s := openStream(t, r, streamBody)
			text, comment := play(s, c.chunks, false)
			if !strings.Contains(text, "Not this.") || comment != "" || strings.Contains(text, "[DONE]") != c.done {
				t.Errorf("client got %s%s", text, comment)
			}
			s.Cancel()
			row := r.row()
			if row.Outcome != "cut" || row.By != "gateway" || row.Reason != "provider_refused" || row.Status != 200 {
				t.Errorf("row %+v", row)
			}
			if row.Tokens.Input != 10 || row.Tokens.Output != 5 || *row.CostNano != 4500 {
				t.Errorf("tokens %+v cost %v", row.Tokens, *row.CostNano)
			}
		})
	}
}

// TestWhatTheClientDidNotGetIsNotOnItsRow holds that nothing of an answer, a refusal or a
// denial is left of it in the row of a client that had left by then. What a provider was asked
// for, of which no account comes, is estimated.
func TestWhatTheClientDidNotGetIsNotOnItsRow(t *testing.T) {
	var leave context.CancelFunc
	leaves := &scripted{name: "leaves", request: func(*exchange.Request) exchange.Verdict { leave(); return exchange.Verdict{} }}
	leavesLate := &scripted{name: "leaves", response: func(*exchange.Response) exchange.Verdict { leave(); return exchange.Verdict{} }}
	for name, c := range map[string]struct {
		stages   []Kind
		messages int
		usage    string
	}{
		"an answer":                      {[]Kind{leaves, gives("cache")}, 2, ""},
		"a refusal":                      {[]Kind{leaves, refuses("limit", 429)}, 2, ""},
		"a denial at a stream's headers": {[]Kind{leavesLate, responds("guard", exchange.Denied(403, exchange.ReasonProviderRefused, "Not this."))}, 3, "estimated"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, testPolicy, c.stages...)
			ctx, cancel := context.WithCancel(context.Background())
			leave = cancel
			messages := exchangeMessages(t, streamBody, "", streamEvents)[:c.messages]
			s := &memStream{ctx: metadata.NewIncomingContext(ctx, metadata.Pairs("x-headgate-level", "router", policy.ShapeHeader, r.set.Shape)), codec: newCodec(), messages: messages}
			if err := r.server.Process(s); err == nil {
				t.Error("the stream ended well")
			}
			row := r.row()
			if row.Outcome != "cut" || row.Status != 0 && c.messages == 2 || row.Reason != "" || row.UsageSource != c.usage || row.Served != "" {
				t.Errorf("row %+v", row)
			}
		})
	}
}
