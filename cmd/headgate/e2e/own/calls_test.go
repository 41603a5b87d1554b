package own

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/self"
)

// chat asks a model in one message.
func chat(model, text string) self.Call {
	return self.Call{Feature: self.Guard, Path: "/v1/chat/completions", Body: []byte(gatewaytest.ChatBody(model, text, false))}
}

// must makes a call that is answered with 200.
func must(t *testing.T, client *self.Client, call self.Call) *self.Answer {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	a, err := client.Do(ctx, call)
	if err != nil {
		t.Fatal(err)
	}
	if a.Status != http.StatusOK {
		t.Fatalf("status %d: %s", a.Status, a.Body)
	}
	return a
}

// TestOwnCallsTakeTheWayOfAll holds that own calls need no key and meet no quota, are served by
// chains in each dialect, and leave rows of the caller headgate with their parent, and nothing of
// the token anywhere.
func TestOwnCallsTakeTheWayOfAll(t *testing.T) {
	r := start(t, callers)
	parent := r.Chat(gatewaytest.ChatBody("gpt", "the parent", false), "", "authorization", "Bearer "+ciKey)
	gatewaytest.MustOK(t, parent)
	claude := self.Call{Feature: self.Guard, Path: "/v1/messages", Header: http.Header{"Anthropic-Version": {"2023-06-01"}}, Body: []byte(gatewaytest.MessageBody("gpt", "translated", false))}
	for _, call := range []self.Call{chat("gpt", "one"), chat("gpt", "two"), chat("claude", "three"), claude, chat("chain", "four")} {
		call.Parent = parent.Exchange()
		a := must(t, r.own, call)
		if !a.Priced || a.CostNano <= 0 {
			t.Errorf("cost %d, priced %v", a.CostNano, a.Priced)
		}
		row := r.Row(a.Header.Get("x-headgate-exchange-id"))
		if row.Caller != "headgate" || row.Feature != "guard" || row.Parent != parent.Exchange() || row.Tier != "" || *row.CostNano != a.CostNano {
			t.Errorf("row %+v", row)
		}
	}
	if row := r.Row(parent.Exchange()); row.Caller != "ci" || row.Parent != "" || *row.LeftRequests != 0 {
		t.Errorf("the parent's row %+v", row)
	}
	op := gatewaytest.NewOperator(t, r.admin)
	r.Eventually("the calls in the journal", func() bool {
		return strings.Count(op.Says(0, []string{"exchanges", "--parent", parent.Exchange()}), "\n") == 1+5
	})
	op.Says(0, []string{"exchanges", "--parent", parent.Exchange(), "-o", "json"}, `"feature": "guard"`)
	r.checkNoToken(t)
}

// TestAClientCannotPassForOwn holds that a client gains nothing by the header of own calls.
func TestAClientCannotPassForOwn(t *testing.T) {
	r := start(t, callers)
	key := []string{"authorization", "Bearer " + ciKey}
	for name, header := range map[string][]string{
		"without a key": {"x-headgate-own", strings.Repeat("A", 52)},
		"empty":         {"x-headgate-own", ""},
		"with a key":    append([]string{"x-headgate-own", strings.Repeat("A", 52)}, key...),
	} {
		if a := r.Chat(gatewaytest.ChatBody("gpt", name, false), "", header...); a.Status != http.StatusUnauthorized {
			t.Errorf("%s: status %d: %s", name, a.Status, a.Body)
		}
	}
	if n := len(r.provider.FindAll("without a key", 0)); n != 0 {
		t.Errorf("the provider was asked %d times", n)
	}
}

// TestOwnCallsHaveABound holds that no further call is made once the day's money is used up, and
// that clients are served on.
func TestOwnCallsHaveABound(t *testing.T) {
	r := start(t, "own_calls: {usd_per_day: 0.01}\n")
	if a := must(t, r.own, chat("dear", "hello")); a.CostNano < 10_000_000 {
		t.Fatalf("it cost %d nano-USD", a.CostNano)
	}
	if _, err := r.own.Do(t.Context(), chat("gpt", "once more")); !errors.Is(err, self.ErrBound) {
		t.Errorf("error %v", err)
	}
	gatewaytest.MustOK(t, r.Chat(gatewaytest.ChatBody("gpt", "a client", false), ""))
	if n := r.Metric(`headgate_own_calls_total{feature="guard",result="bound"}`); n != 1 {
		t.Errorf("counted %v", n)
	}
}

// TestAnAnswerThatTakesTooLong holds that a call ends with its context, and with it its exchange.
func TestAnAnswerThatTakesTooLong(t *testing.T) {
	r := start(t, "")
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := r.own.Do(ctx, chat("gpt", "[[sim hang=headers]] late")); !errors.Is(err, self.ErrTimeout) {
		t.Fatalf("error %v", err)
	}
	r.Eventually("the end of its exchange", func() bool {
		for _, row := range r.Rows() {
			if row.Caller == "headgate" {
				return row.By == "client"
			}
		}
		return false
	})
}

// TestOwnCallsOutlastAChangeOfThePolicy holds that calls go on while the listener that takes them
// is made anew.
func TestOwnCallsOutlastAChangeOfThePolicy(t *testing.T) {
	r := start(t, "")
	listen := "listen: " + strings.TrimPrefix(r.URL, "http://") + "\n"
	for _, more := range []string{"limits: {body: 1MiB}\n", "limits: {body: 2MiB}\n", ""} {
		before := revision(must(t, r.own, chat("gpt", "before")))
		r.Write(listen + models(r.provider.URL) + more)
		r.Eventually("the change", func() bool { return revision(must(t, r.own, chat("gpt", "on and on"))) != before })
	}
	must(t, r.own, chat("gpt", "in the end"))
}

func revision(a *self.Answer) string { return a.Header.Get("x-headgate-policy-revision") }
