package main

import (
	"context"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/oklog/ulid/v2"

	"github.com/headgate/headgate/policy/policypb"
	"github.com/headgate/headgate/xds/console/client"
	"github.com/headgate/headgate/xds/console/exchanges"
	"github.com/headgate/headgate/xds/journal"
	"github.com/headgate/headgate/xds/store/storetest"
)

// newJournalRig is an admin API that has exchanges.
func newJournalRig(t *testing.T, rows ...*policypb.Row) *adminRig {
	t.Helper()
	r := newAdminRig(t)
	r.journal = journal.In(storetest.SQLite(t))
	r.serve(r.policies)
	if err := r.journal.Write(t.Context(), rows); err != nil {
		t.Fatal(err)
	}
	return r
}

// someRow is an exchange that began at a fixed time of a fixed id.
func someRow() *policypb.Row {
	id := ulid.ULID{15: 7}
	_ = id.SetTime(uint64(time.Date(2026, 6, 1, 12, 0, 0, 250e6, time.UTC).UnixMilli()))
	return &policypb.Row{
		Exchange: id.String(), BeganUnixNanos: id.Timestamp().UnixNano(), Revision: "abcdef012345", Dialect: "openai", Operation: "chat", Model: "gpt", Route: "assistant",
		Caller: "ci", Tier: "free", User: "ann", Team: "red", Tags: []string{"a", "b"}, Method: "POST", Path: "/v1/chat/completions", RequestIds: []string{"mine", "hop"}, UserAgent: "tool/1", ClientAddress: "192.0.2.1",
		Traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", LimitedBy: "tier free tokens", RetryAfterNanos: 1_500_000_000, Backend: "claude", Provider: "anthropic", Served: "claude-4", ResponseId: "msg_1", ProviderRequest: "req_1", Finish: "end_turn", Attempts: 2,
		Status: 200, Outcome: "ok", DurationNanos: 2_000_000_000, FirstTokenNanos: new(int64(1_000_000_000)), UsageSource: "provider",
		Tokens: &policypb.Tokens{Input: 400, CacheRead: 50, Output: 100, Reasoning: 20}, CostNanoUsd: new(int64(3_150_000)), Price: "p",
		Tried: []*policypb.Attempt{
			{Backend: "gpt", Provider: "openai", Model: "gpt-5", Status: 429, Failed: true, RetryAfterNanos: 7e9, BeganNanos: 500_000_000, DurationNanos: 250_000_000,
				Error: &policypb.ProviderError{Status: 429, Code: "rate_limit_exceeded", Message: "Limit reached"}, ProviderRequest: "req_0",
				Tokens: &policypb.Tokens{Input: 5}, UsageSource: "estimated", CostNanoUsd: new(int64(50_000))},
			{Backend: "claude", Model: "claude-4", Status: 200, BeganNanos: 1_000_000_000, DurationNanos: 1_000_000_000},
		},
		Stages: []*policypb.StageTime{{Stage: "route", Phase: "request", BeganNanos: 20_000, DurationNanos: 30_000}},
	}
}

func TestAListOfExchanges(t *testing.T) {
	r := newJournalRig(t, someRow())
	id := someRow().Exchange
	r.want(printed{out: `TIME                  EXCHANGE                    OUTCOME  FAILED-BY  STATUS  MODEL      BACKEND  USER  INPUT  OUTPUT  COST_USD  TOOK
2026-06-01T12:00:00Z  ` + id + `  ok       -          200     assistant  claude   ann   450    120     ~0.0032   2.0s
`}, "exchanges", "--in", "2026-06-01")
	r.want(printed{out: "TIME  EXCHANGE  OUTCOME  FAILED-BY  STATUS  MODEL  BACKEND  USER  INPUT  OUTPUT  COST_USD  TOOK\n"}, "exchanges", "--user", "eve")
	for _, filter := range []string{"--request-id hop", "--request-id mine", "--trace-id 0af7651916cd43dd8448eb211c80319c", "--user-agent tool/1", "--client-address 192.0.2.1", "--path /v1/chat/completions"} {
		if got := r.run(append([]string{"exchanges", "--in", "2026-06-01"}, strings.Split(filter, " ")...)...); !strings.Contains(got.out, id) {
			t.Errorf("%s: %+v", filter, got)
		}
		if got := r.run(append([]string{"exchanges", "--in", "2026-06-01"}, strings.Split(filter+"x", " ")...)...); strings.Contains(got.out, id) {
			t.Errorf("%sx: %+v", filter, got)
		}
	}
	r.want(printed{code: 2, err: "headgate: --limit must be above 0, is 0\n"}, "exchanges", "--limit", "0")
	r.want(printed{out: `exchange  ` + id + `
began     2026-06-01T12:00:00.250Z
outcome   ok, status 200, in 2.0s
limit     tier free tokens
retry     after 1.5s
finish    end_turn
asked     openai chat for gpt, which is assistant
path      POST /v1/chat/completions
ids       mine, hop
trace     00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01
agent     tool/1
address   192.0.2.1
caller    ci
tier      free
user      ann
team      red
tags      a, b
served    claude-4 of claude (anthropic)
response  msg_1
request   req_1
tokens    450 in (50 cached, 0 written to a cache), 120 out (20 of reasoning), provider
cost      ~0.0032 USD, of which 0.00005 for attempts before the answer
price     p
policy    abcdef012345

SPAN           BEGAN  TOOK   NOTE                                                                       WATERFALL
route request  20µs   30µs   -                                                                          |=                                       |
attempt 1      500ms  250ms  gpt/gpt-5 429 Limit reached, asked to be left alone for 7.0s, 0.00005 USD  |          =====                         |
attempt 2      1.0s   1.0s   claude/claude-4 200                                                        |                    ====================|
first token    1.0s   0µs    -                                                                          |                    =                   |
`}, "trace", id)
	r.want(printed{code: 1, err: "headgate: the journal does not hold \"none\": it may be under way, or be no longer kept\n"}, "trace", "none")
}

// TestNothingOfExchangesReachesTheTerminal holds that texts of clients and providers are made
// inert.
func TestNothingOfExchangesReachesTheTerminal(t *testing.T) {
	const bad = "\x1b[2J\r\x07 \u009b31m \u202egnp.exe \x7f\tend"
	row := someRow()
	row.Model, row.Route, row.User, row.Team, row.Served, row.ResponseId, row.Detail, row.Reason, row.Outcome, row.Price = bad, bad, bad, bad, bad, bad, bad, bad, bad, bad
	row.Backend, row.Provider, row.Tags, row.Dropped, row.Tried[0].Backend, row.Tried[0].Model, row.Stages[0].Stage = bad, bad, []string{bad}, []string{bad}, bad, bad, bad
	r := newJournalRig(t, row)
	for _, line := range []string{"exchanges --in 2026-06", "exchanges --in 2026-06 -o json", "trace " + row.Exchange, "trace -o json " + row.Exchange, "cost --in 2026-06 --by user,model", "cost --in 2026-06 --by user -o json"} {
		got := r.run(strings.Split(line, " ")...)
		if found := unsafeOutput.FindString(got.out + got.err); found != "" || got.code != 0 || !strings.Contains(got.out, "[2J") {
			t.Errorf("%q ends with %d and prints %q in %q", line, got.code, found, got.out+got.err)
		}
	}
}

// TestAListIsReadPageByPage holds that a list is as long as it is asked for, however many an
// answer holds, and that another goes on from its cursor.
func TestAListIsReadPageByPage(t *testing.T) {
	rows := make([]*policypb.Row, perCall+5)
	for i := range rows {
		rows[i] = &policypb.Row{Exchange: ulid.MustNewDefault(time.Now().Add(-time.Duration(i) * time.Millisecond)).String(), Outcome: "ok"}
	}
	r := newJournalRig(t, rows...)
	list := func(args ...string) (p journal.Page) {
		t.Helper()
		got := r.run(append([]string{"exchanges", "-o", "json"}, args...)...)
		if err := json.Unmarshal([]byte(got.out), &p); err != nil {
			t.Fatalf("%v: %+v", err, got)
		}
		return p
	}
	if p := list("--limit", "2000"); len(p.Exchanges) != len(rows) || p.Next != "" || p.Exchanges[perCall].Exchange != rows[perCall].Exchange {
		t.Errorf("%d exchanges, next %q", len(p.Exchanges), p.Next)
	}
	first := list("--limit", "1002")
	if p := list("--cursor", first.Next); len(first.Exchanges) != 1002 || len(p.Exchanges) != 3 || p.Exchanges[0].Exchange != rows[1002].Exchange {
		t.Errorf("%d exchanges, then %d", len(first.Exchanges), len(p.Exchanges))
	}
}

// TestTailPrintsWhatComes holds so, in columns and as JSON.
func TestTailPrintsWhatComes(t *testing.T) {
	const header = "TIME                  EXCHANGE                    OUTCOME         FAILED-BY  STATUS  MODEL                 BACKEND           USER              INPUT    OUTPUT   COST_USD      TOOK\n"
	for asJSON, want := range map[bool]string{
		false: "2026-06-01T12:00:00Z  " + someRow().Exchange + "  ok              -          200     assistant             claude            ann               450      120      ~0.0032       2.0s\n",
		true:  `{"time":"2026-06-01T12:00:00.25Z",`,
	} {
		r, asked := newJournalRig(t), &exchanges.Asked{}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		if asJSON { // which has no header by which its beginning is seen
			p, err := client.New(r.addr, "").Tail(ctx, asked)
			if err != nil {
				t.Fatal(err)
			}
			asked.Cursor = p.Next
		}
		out, in := io.Pipe()
		follows, done := &tail{api: client.New(r.addr, ""), asked: asked, out: in, log: io.Discard, json: asJSON}, make(chan error, 1)
		go func() { done <- follows.run(ctx) }()
		if !asJSON {
			reads(t, out, header)
		}
		if err := r.journal.Write(ctx, []*policypb.Row{someRow()}); err != nil {
			t.Fatal(err)
		}
		reads(t, out, want)
		cancel()
		_ = out.Close()
		<-done
	}
}

func reads(t *testing.T, from io.Reader, want string) {
	t.Helper()
	got := make([]byte, len(want))
	if _, err := io.ReadFull(from, got); err != nil || string(got) != want {
		t.Errorf("%v (-want +got):\n%s", err, cmp.Diff(want, string(got)))
	}
}

// TestTheModelInAListOfExchanges holds which of two names stands there.
func TestTheModelInAListOfExchanges(t *testing.T) {
	for _, c := range []struct{ model, asked, want string }{
		{"fast", "fast", "fast"},
		{"fast", "no-model-has-it", "fast"}, // by the default
		{"gpt-*", "gpt-5", "gpt-5"},
		{"gpt-*", "no-model-has-it", "gpt-*"},
		{"", "no-model-has-it", "no-model-has-it"},
	} {
		if got := modelOf(&journal.Exchange{Model: c.model, Asked: c.asked}); got != c.want {
			t.Errorf("%q that is asked for as %q: %q, want %q", c.model, c.asked, got, c.want)
		}
	}
}
