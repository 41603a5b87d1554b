package clients

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	claude "github.com/anthropics/anthropic-sdk-go/option"
	"github.com/openai/openai-go/v3"
	gpt "github.com/openai/openai-go/v3/option"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/cmd/headgate/gatewaytest/sdk"
	"github.com/headgate/headgate/extproc/sim"
)

// askingModels are served by a backend of each dialect, and by a chain whose first link fails.
const askingModels = `  by-openai: {chain: [a/m]}
  by-anthropic: {chain: [c/m]}
  by-chain: {chain: [a/m+status=500, c/m]}
records: {client_address: true, forwarded_hops: 1}
`

// TestRowsSayHowTheyWereAsked holds that a row has the ids that its client and a hop gave the
// request, its place in a trace, path, program and address: of official SDKs, JSON and streams, of
// both dialects to each, in chains; and when the attempt that answered had its headers, its first
// token and its end. No query is in a row, and no provider gets the ids.
func TestRowsSayHowTheyWereAsked(t *testing.T) {
	t.Parallel()
	g := gatewaytest.StartChains(t, askingModels, sim.Script{}, gatewaytest.Options{})
	const secret = "sk-in-a-query-77aa"
	n := 0
	for name, ask := range map[string]func(*testing.T, string, bool, map[string]string) (http.Header, error){
		"OpenAI": func(t *testing.T, model string, stream bool, headers map[string]string) (http.Header, error) {
			return askOpenAI(t, g.Gateway, model, stream, headers, secret)
		},
		"Anthropic": func(t *testing.T, model string, stream bool, headers map[string]string) (http.Header, error) {
			return askAnthropic(t, g.Gateway, model, stream, headers, secret)
		},
	} {
		for _, model := range []string{"by-openai", "by-anthropic", "by-chain"} {
			for _, stream := range []bool{false, true} {
				n++
				id := fmt.Sprintf("7f3c2a10-%d", n)
				trace := fmt.Sprintf("00-%032x-00f067aa0ba902b7-01", n)
				t.Run(fmt.Sprintf("%s %s stream=%v", name, model, stream), func(t *testing.T) {
					h, err := ask(t, model, stream, map[string]string{
						"x-client-request-id": id, "x-request-id": "hop-" + id, "traceparent": trace, "x-forwarded-for": "6.6.6.6, 203.0.113.9", "x-headgate-int-request-id": "forged",
					})
					if err != nil {
						t.Fatal(err)
					}
					row := g.With(t).Row(h.Get("x-headgate-exchange-id"))
					path := map[string]string{"OpenAI": "/v1/chat/completions", "Anthropic": "/v1/messages"}[name]
					if got := strings.Join(row.RequestIDs, " "); got != id+" hop-"+id || row.Traceparent != trace || row.Method != "POST" || row.Path != path {
						t.Errorf("ids %q, trace %q, %s %s", got, row.Traceparent, row.Method, row.Path)
					}
					last := row.Tried[len(row.Tried)-1]
					if last.FirstTokenMS == nil || *last.FirstTokenMS < last.MS || last.TotalMS < *last.FirstTokenMS || last.Single != (model != "by-chain") {
						t.Errorf("tried %+v", row.Tried)
					}
					if row.Address != "203.0.113.9" || !strings.HasPrefix(row.UserAgent, name+"/Go ") {
						t.Errorf("address %q, program %q", row.Address, row.UserAgent)
					}
				})
			}
		}
	}
	t.Run("nothing of it leaves", func(t *testing.T) { checkNothingLeaves(t, g.With(t), secret) })
}

func askOpenAI(t *testing.T, g *gatewaytest.Gateway, model string, stream bool, headers map[string]string, secret string) (http.Header, error) {
	var resp *http.Response
	opts := []gpt.RequestOption{gpt.WithQuery("key", secret), gpt.WithResponseInto(&resp)}
	for name, value := range headers {
		opts = append(opts, gpt.WithHeader(name, value))
	}
	client, params := sdk.OpenAI(g, opts...), sdk.ChatParams(model, "who asks")
	if stream {
		params.StreamOptions.IncludeUsage = openai.Bool(true)
		sdk.Accumulate(t, client, params)
		return resp.Header, nil
	}
	_, err := client.Chat.Completions.New(t.Context(), params)
	return resp.Header, err
}

func askAnthropic(t *testing.T, g *gatewaytest.Gateway, model string, stream bool, headers map[string]string, secret string) (http.Header, error) {
	var resp *http.Response
	opts := []claude.RequestOption{claude.WithQuery("key", secret), claude.WithResponseInto(&resp)}
	for name, value := range headers {
		opts = append(opts, claude.WithHeader(name, value))
	}
	client := sdk.Claude(g, opts...)
	params := sdk.MessageParams(model, "who asks")
	if stream {
		sdk.Message(t, client, params)
		return resp.Header, nil
	}
	_, err := client.Messages.New(t.Context(), params)
	return resp.Header, err
}

// checkNothingLeaves holds that no provider got what identifies a request, and no file the query.
func checkNothingLeaves(t *testing.T, g *gatewaytest.Chains, secret string) {
	served := append(g.At["a"].Settled(), g.At["c"].Settled()...)
	if len(served) == 0 {
		t.Fatal("no provider was asked")
	}
	for _, s := range served {
		for _, name := range []string{"X-Client-Request-Id", "X-Request-Id", "Traceparent", "X-Forwarded-For", "X-Headgate-Int-Request-Id"} {
			if s.Header.Get(name) != "" {
				t.Errorf("a provider gets %s: %s", name, s.Header.Get(name))
			}
		}
	}
	records, err := os.ReadFile(filepath.Join(g.Data, "access.jsonl"))
	if err != nil || strings.Contains(string(records), secret) {
		t.Errorf("a query is in the records, or they cannot be read: %v", err)
	}
}
