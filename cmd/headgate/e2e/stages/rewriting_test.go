package stages

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
)

// masks is a stage that hides a word in the request, and shows it in the answer again.
func masks(t *testing.T) kind {
	const word, mask = "secret", "<MASK-1>"
	return kind{name: "masks", visit: func(*exchange.Exchange) script {
		return script{
			request: func(_ context.Context, req *exchange.Request) (exchange.Verdict, error) {
				c, err := req.Canon()
				if err != nil {
					return exchange.Verdict{}, err
				}
				return exchange.Verdict{}, req.Rewrite(edits(c.Messages, word, mask)...)
			},
			response: func(resp *exchange.Response) exchange.Verdict {
				c, err := resp.Canon()
				if err != nil {
					t.Error(err)
					return exchange.Verdict{}
				}
				var all []exchange.Edit
				for i := range c.Choices {
					all = append(all, texts(c.Choices[i].Parts, mask, word)...)
				}
				if err := resp.Rewrite(all...); err != nil {
					t.Error(err)
				}
				return exchange.Verdict{}
			},
		}
	}}
}

func edits(messages []canon.Message, from, to string) (all []exchange.Edit) {
	for i := range messages {
		all = append(all, texts(messages[i].Parts, from, to)...)
	}
	return all
}

func texts(parts []canon.Part, from, to string) (all []exchange.Edit) {
	for i := range parts {
		if s := canon.Str(parts[i].Text); strings.Contains(s, from) {
			all = append(all, exchange.Edit{Text: parts[i].Text, With: strings.ReplaceAll(s, from, to)})
		}
	}
	return all
}

// TestTextIsRewrittenOnTheWayOutAndBack holds that what a stage hides reaches no
// provider, that the client gets it back, and that all else of both stays.
func TestTextIsRewrittenOnTheWayOutAndBack(t *testing.T) {
	t.Parallel()
	r := start(t, masks(t))
	n := 0
	fourWays(t, func(t *testing.T, client, model string) {
		body := `{ "messages" : [{"role":"user","content":"my secret is \"secret\" [[sim echo]]"}], "model":"` + model + `", "max_tokens":50 , "temperature":0.50 }`
		got := r.ask(t.Context(), client, body)
		n++
		sent := string(r.provider.With(t).Last(n).Body)
		if got.StatusCode != 200 || strings.Contains(sent, "secret") || !strings.Contains(sent, `my <MASK-1> is \"<MASK-1>\"`) {
			t.Errorf("status %d, the provider got %s", got.StatusCode, sent)
		}
		if !strings.Contains(got.body, `my secret is \"secret\"`) || strings.Contains(got.body, "MASK") || !json.Valid([]byte(got.body)) {
			t.Errorf("the client got %s", got.body)
		}
		if client == "openai" && model == "gpt" && sent != strings.NewReplacer("secret", "<MASK-1>", `"gpt"`, `"gpt-4o-mini"`).Replace(body) {
			t.Errorf("more was changed than the text: %s", sent)
		}
		if row := r.row(n); row.Outcome != "ok" || row.RequestBytes != int64(len(body)) {
			t.Errorf("row %v", row)
		}
	})
}

// TestEachAttemptLeavesRewritten holds the same for each link of a chain, whichever
// dialects meet.
func TestEachAttemptLeavesRewritten(t *testing.T) {
	t.Parallel()
	r := start(t, masks(t))
	r.script(t, "rules:\n  - match: {model: gpt-4o-mini}\n    do: status=500\n")
	for i, client := range []string{"openai", "anthropic"} {
		got := r.ask(t.Context(), client, chat("chain", "my secret [[sim echo]]", false))
		if got.StatusCode != 200 || !strings.Contains(got.body, "my secret") || strings.Contains(got.body, "MASK") {
			t.Errorf("%s: %d %s", client, got.StatusCode, got.body)
		}
		for _, s := range r.provider.With(t).FindAll("MASK", 2*(i+1))[2*i:] {
			if strings.Contains(string(s.Body), "secret") || !json.Valid(s.Body) {
				t.Errorf("%s: attempt %d got %s", client, s.Seq, s.Body)
			}
		}
		if row := r.row(i + 1); row.Outcome != "ok" || len(row.Tried) != 2 {
			t.Errorf("row %v", row)
		}
	}
}

// TestARewrittenModelIsResolvedAgain holds that stages below a rewrite see another model,
// and that one which is not served is refused.
func TestARewrittenModelIsResolvedAgain(t *testing.T) {
	t.Parallel()
	to := "claude"
	var seen []string
	r := start(t, always("aliases", script{request: func(_ context.Context, req *exchange.Request) (exchange.Verdict, error) {
		c, err := req.Canon()
		if err != nil {
			return exchange.Verdict{}, err
		}
		return exchange.Verdict{}, req.Rewrite(exchange.Edit{Text: c.Model, With: to})
	}}), kind{name: "sees", visit: func(ex *exchange.Exchange) script {
		return script{request: func(context.Context, *exchange.Request) (exchange.Verdict, error) {
			seen = append(seen, ex.Model)
			return exchange.Verdict{}, nil
		}}
	}})
	if got := r.ask(t.Context(), "openai", chat("gpt", "hello", false)); got.StatusCode != 200 || got.Header.Get("x-headgate-backend") != "claude" {
		t.Errorf("%d from %q", got.StatusCode, got.Header.Get("x-headgate-backend"))
	}
	to = "clauude"
	got := r.ask(t.Context(), "openai", chat("gpt", "hello", false))
	if got.StatusCode != 404 || !strings.Contains(got.body, `Did you mean \"claude\"?`) || len(seen) != 1 || seen[0] != "claude" {
		t.Errorf("%d %s, seen %v", got.StatusCode, got.body, seen)
	}
}
