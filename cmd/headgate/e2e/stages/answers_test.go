package stages

import (
	"context"
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/scan"
)

// kept is an answer as a cache would have it.
func kept() *canon.Response {
	return &canon.Response{
		ID: scan.Value(`"kept-1"`), Model: scan.Value(`"served-once"`), Created: 7,
		Choices: []canon.Choice{{Finish: canon.FinishStop, Parts: []canon.Part{{Kind: canon.Text, Text: scan.Value(`"given \"before\" é"`)}}}},
		Usage:   canon.Usage{Input: 11, Output: 5, Seen: canon.BucketInput | canon.BucketOutput},
	}
}

// TestAStageAnswersInPlaceOfABackend holds that an answer reads as the client's dialect
// has it, whole or as a stream, that no provider is asked, that the stages above see it,
// and that its row and headers say who answered and what it cost.
func TestAStageAnswersInPlaceOfABackend(t *testing.T) {
	t.Parallel()
	above := always("above", script{response: func(resp *exchange.Response) exchange.Verdict {
		v := exchange.Verdict{}
		if resp.Origin == exchange.FromStage {
			whole, err := resp.Canon()
			if err == nil {
				v.Headers = exchange.Headers{{Name: "x-seen", Value: canon.Inside(whole.Model)}}
			}
		}
		return v
	}})
	r := start(t, above, always("cache", script{request: func(_ context.Context, req *exchange.Request) (exchange.Verdict, error) {
		return exchange.Verdict{Action: exchange.Answer, Answer: kept(), Headers: exchange.Headers{{Name: "x-headgate-cache", Value: []byte("hit")}}}, nil
	}}))
	n := 0
	for _, client := range []string{"openai", "anthropic"} {
		for _, stream := range []bool{false, true} {
			got := r.speak(t, client, "gpt", "hello", stream)
			if got.err != nil || got.text != `given "before" é` || got.in != 11 || got.out != 5 || (got.finish != "stop" && got.finish != "end_turn") {
				t.Errorf("%s, stream %v: %+v", client, stream, got)
			}
			raw := r.ask(t.Context(), client, chat("gpt", "hello", stream))
			for name, want := range map[string]string{
				"x-headgate-cache": "hit", "x-seen": "served-once", "x-headgate-model": "served-once", "x-headgate-cost-usd": "0",
				"x-headgate-refused-by": "", "content-type": map[bool]string{false: "application/json", true: "text/event-stream; charset=utf-8"}[stream],
			} {
				if raw.Header.Get(name) != want {
					t.Errorf("%s, stream %v: %s is %q, want %q", client, stream, name, raw.Header.Get(name), want)
				}
			}
			n += 2
			row := r.row(n)
			if row.Outcome != "ok" || row.Status != 200 || row.Route != "gpt" || row.Served != "served-once" || row.Stream != stream || row.UsageSource != "cached" ||
				row.Tokens.GetInput() != 11 || row.Tokens.GetOutput() != 5 || row.CostNanoUsd == nil || row.GetCostNanoUsd() != 0 || row.Attempts != 0 {
				t.Errorf("%s, stream %v: row %v", client, stream, row)
			}
		}
	}
	if served := r.provider.Served(); len(served) != 0 {
		t.Errorf("the provider was asked %d times", len(served))
	}
}

// TestARefusalGoesUpThroughTheStagesAbove holds that stages above one that refuses see
// the refusal and set headers on it, that those below see nothing, and that every
// visit that was entered ends.
func TestARefusalGoesUpThroughTheStagesAbove(t *testing.T) {
	t.Parallel()
	ended := make(chan string, 8)
	above := always("above", script{
		response: func(resp *exchange.Response) exchange.Verdict {
			if resp.Origin != exchange.FromGateway {
				t.Errorf("origin %v", resp.Origin)
			}
			return exchange.Verdict{Headers: exchange.Headers{{Name: "x-ratelimit-remaining-requests", Value: []byte("0")}}}
		},
		end: func(exchange.Outcome) { ended <- "above" },
	})
	refuses := always("refuses", script{
		request: func(context.Context, *exchange.Request) (exchange.Verdict, error) {
			v := exchange.Denied(429, exchange.ReasonProviderLimit, "Not now.")
			v.Headers = exchange.Headers{{Name: "x-own", Value: []byte("1")}}
			return v, nil
		},
		response: func(*exchange.Response) exchange.Verdict {
			t.Error("it saw its own refusal")
			return exchange.Verdict{}
		},
		end: func(exchange.Outcome) { ended <- "refuses" },
	})
	below := always("below", script{
		response: func(*exchange.Response) exchange.Verdict {
			t.Error("a stage below saw the refusal")
			return exchange.Verdict{}
		},
		end: func(exchange.Outcome) { ended <- "below" },
	})
	r := start(t, above, refuses, below)
	for i, client := range []string{"openai", "anthropic"} {
		got := r.ask(t.Context(), client, chat("gpt", "hello", false))
		if got.StatusCode != 429 || got.Header.Get("x-ratelimit-remaining-requests") != "0" || got.Header.Get("x-own") != "1" ||
			got.Header.Get("x-headgate-refused-by") != "gateway" || !strings.Contains(got.body, `"rate_limit_error"`) || !strings.Contains(got.body, "Not now.") {
			t.Errorf("%s: %d %v %s", client, got.StatusCode, got.Header, got.body)
		}
		if row := r.row(i + 1); row.Outcome != "client_error" || row.By != "client" || row.Status != 429 || row.Route != "gpt" {
			t.Errorf("%s: row %v", client, row)
		}
		if a, b := <-ended, <-ended; a != "refuses" || b != "above" {
			t.Errorf("%s: ended %s, then %s", client, a, b)
		}
	}
	if len(ended) != 0 {
		t.Errorf("%s ended too", <-ended)
	}
}
