package answers

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/record"
	"github.com/headgate/headgate/extproc/sim"
	"github.com/headgate/headgate/policy/price"
)

// account is an exchange as the provider served it, for Envoy's own log.
type account struct {
	exchange, model string
	row             record.Line
}

func TestJSONAnswers(t *testing.T) {
	t.Parallel()
	g, p := gatewaytest.Serve(t, "")
	var accounts []account
	for _, c := range []struct {
		name, path, body, sim, model string
		operation                    string
	}{
		{"every OpenAI bucket", "/v1/chat/completions", gatewaytest.ChatBody("plain", "openai buckets "+strings.Repeat("long ", 40), false),
			"tokens=9;cached=11;audio=7;audio-out=2;reasoning=5", "plain", "chat"},
		{"every Anthropic bucket", "/v1/messages", gatewaytest.MessageBody("plain-claude", "anthropic buckets "+strings.Repeat("long ", 40), false),
			"tokens=9;cached=11;cache-write=7;cache-write-1h=3", "plain-claude", "chat"},
		{"a model under another name", "/v1/chat/completions", gatewaytest.ChatBody("renamed", "renamed model", false), "tokens=3", "renamed", "chat"},
		{"the served model is the provider's word", "/v1/chat/completions", gatewaytest.ChatBody("plain", "snapshot word", false), "snapshot=plain-2026-01-02", "plain", "chat"},
		{"embeddings", "/v1/embeddings", `{"model":"plain","input":"embed this text"}`, "", "plain", "embeddings"},
	} {
		t.Run(c.name, func(t *testing.T) {
			g, p := g.With(t), p.With(t)
			a := g.Ask(gatewaytest.ChatRequest(c.path, c.body, c.sim, "anthropic-version", "2023-06-01"))
			gatewaytest.MustOK(t, a)
			served := p.Find(gatewaytest.MarkOf(c.body))
			row := g.Row(a.Exchange())
			checkBuckets(t, c.name, served.Usage)
			checkRow(t, row, served, want{path: c.path, model: c.model, operation: c.operation, bytes: len(c.body)})
			checkAnswerHeaders(t, a, row)
			if a.Header.Get("Content-Length") != strconv.Itoa(len(a.Body)) || int64(len(a.Body)) != served.BytesSent {
				t.Errorf("content-length %q of %d bytes, the provider sent %d", a.Header.Get("Content-Length"), len(a.Body), served.BytesSent)
			}
			accounts = append(accounts, account{a.Exchange(), c.model, row})
		})
	}
	t.Run("Envoy's own log carries the same account", func(t *testing.T) {
		g.With(t).Stop() // Envoy's log is written at the end
		checkEnvoyLog(t, g, accounts)
	})
}

// checkBuckets makes sure that a case counts what its name says.
func checkBuckets(t *testing.T, name string, u sim.Usage) {
	t.Helper()
	switch {
	case strings.HasPrefix(name, "every OpenAI") && (u.Input == 0 || u.CacheRead != 11 || u.AudioInput != 7 || u.AudioOutput != 2 || u.Reasoning != 5),
		strings.HasPrefix(name, "every Anthropic") && (u.Input == 0 || u.CacheRead != 11 || u.CacheWrite5m != 7 || u.CacheWrite1h != 3):
		t.Fatalf("the provider left a bucket empty: %+v", u)
	}
}

// want is what a row says beside what the provider knows.
type want struct {
	path, model, operation string
	bytes                  int
}

func checkRow(t *testing.T, got record.Line, served sim.Served, w want) {
	t.Helper()
	u := served.Usage
	cost := gatewaytest.Nano(u)
	claude := strings.HasPrefix(w.path, "/v1/messages")
	expected := record.Line{
		Exchange: got.Exchange, Revision: got.Revision, Dialect: "openai", Operation: w.operation, Method: "POST", Path: w.path, UserAgent: "Go-http-client/1.1", Model: w.model, Route: w.model,
		Backend: "sim", Provider: "simulated", Served: "plain", Response: served.ID, Request: served.RequestID, Attempts: 1, Status: 200, Outcome: "ok",
		Tokens: &record.Tokens{
			Input: int64(u.Input), CacheRead: int64(u.CacheRead), CacheWrite5m: int64(u.CacheWrite5m), CacheWrite1h: int64(u.CacheWrite1h),
			AudioInput: int64(u.AudioInput), Output: int64(u.Output), Reasoning: int64(u.Reasoning), AudioOutput: int64(u.AudioOutput),
		},
		UsageSource: "provider", CostNano: &cost, CostUSD: price.FormatNano(cost), RequestBytes: w.bytes,
	}
	if w.operation == "chat" {
		expected.ServiceTier, expected.Finish = "default", "stop"
	}
	if claude {
		expected.Dialect, expected.Backend, expected.Served, expected.ServiceTier, expected.Finish = "anthropic", "claude", "plain-claude", "standard", "end_turn"
	}
	if strings.Contains(string(served.Header.Get("X-Sim")), "snapshot") {
		expected.Served = "plain-2026-01-02"
	}
	if got.Time.IsZero() || time.Since(got.Time) > time.Minute || got.DurationMS <= 0 || got.FirstTokenMS == nil || *got.FirstTokenMS > got.DurationMS {
		t.Errorf("times of %+v", got)
	}
	if got.Revision == "" || got.Price == "" {
		t.Errorf("revision %q, price %q", got.Revision, got.Price)
	}
	checkSingle(t, got)
	got.Time, got.DurationMS, got.FirstTokenMS, got.Price, got.Tried = time.Time{}, 0, nil, "", nil
	if d := cmp.Diff(expected, got); d != "" {
		t.Errorf("access record (-want +got):\n%s", d)
	}
}

// checkSingle holds that the attempt at the only backend has its times.
func checkSingle(t *testing.T, row record.Line) {
	t.Helper()
	if len(row.Tried) != 1 {
		t.Fatalf("tried %+v", row.Tried)
	}
	a := row.Tried[0]
	if a.Backend != row.Backend || a.Status != 200 || a.Failed || !a.Single || a.FirstTokenMS == nil {
		t.Fatalf("tried %+v", a)
	}
	if a.MS <= 0 || *a.FirstTokenMS < a.MS || a.TotalMS < *a.FirstTokenMS || row.DurationMS < a.TotalMS {
		t.Errorf("headers after %v ms, first token after %v ms, end after %v ms of %v", a.MS, *a.FirstTokenMS, a.TotalMS, row.DurationMS)
	}
}

func checkAnswerHeaders(t *testing.T, a gatewaytest.Answer, row record.Line) {
	t.Helper()
	expected := map[string]string{
		"x-headgate-exchange-id": row.Exchange, "x-headgate-policy-revision": row.Revision, "x-headgate-model": row.Served,
		"x-headgate-provider": row.Provider, "x-headgate-backend": row.Backend, "x-headgate-attempts": "1",
		"x-headgate-cost-usd": row.CostUSD,
	}
	if d := cmp.Diff(expected, a.Internals()); d != "" {
		t.Errorf("headers (-want +got):\n%s", d)
	}
	for name := range a.Header {
		if name := strings.ToLower(name); strings.HasPrefix(name, "x-envoy-") || name == "set-cookie" || name == "anthropic-organization-id" {
			t.Errorf("header %s reached the client", name)
		}
	}
}

// checkEnvoyLog compares the lines of Envoy's log that carry an exchange's id.
func checkEnvoyLog(t *testing.T, g *gatewaytest.Gateway, accounts []account) {
	t.Helper()
	type line struct {
		Code     int               `json:"code"`
		Route    string            `json:"route"`
		Attempts int               `json:"attempts"`
		Headgate map[string]string `json:"headgate"`
	}
	f, err := os.Open(filepath.Join(g.Data, "envoy-access.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	got := map[string]line{}
	in := bufio.NewScanner(f)
	for in.Scan() {
		var l line
		if err := json.Unmarshal(in.Bytes(), &l); err != nil {
			t.Fatalf("%q: %v", in.Bytes(), err)
		}
		got[l.Headgate["exchange"]] = l
	}
	for _, a := range accounts {
		k := a.row.Tokens
		expected := line{200, a.model + "/json", 1, map[string]string{
			"exchange": a.exchange, "dialect": a.row.Dialect, "model": a.model, "backend": a.row.Backend, "served": a.row.Served,
			"tokens_in":     fmt.Sprint(k.Input + k.CacheRead + k.CacheWrite5m + k.CacheWrite1h + k.AudioInput),
			"tokens_out":    fmt.Sprint(k.Output + k.Reasoning + k.AudioOutput),
			"cost_nano_usd": fmt.Sprint(*a.row.CostNano),
		}}
		if d := cmp.Diff(expected, got[a.exchange]); d != "" {
			t.Errorf("Envoy's line (-want +got):\n%s", d)
		}
	}
}
