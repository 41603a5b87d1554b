package journal

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/oklog/ulid/v2"

	"github.com/headgate/headgate/policy/policypb"
)

// listed asks for every page, and returns the ids.
func listed(t *testing.T, j *Journal, f Filter, limit int) (ids []string) {
	t.Helper()
	for cursor := ""; ; {
		p, err := j.Exchanges(context.Background(), f, cursor, limit)
		if err != nil {
			t.Fatal(err)
		}
		if len(p.Exchanges) > limit || p.Next == cursor && cursor != "" {
			t.Fatalf("%d exchanges on a page, next %q after %q", len(p.Exchanges), p.Next, cursor)
		}
		for _, e := range p.Exchanges {
			ids = append(ids, e.Exchange)
		}
		if cursor = p.Next; cursor == "" {
			return ids
		}
	}
}

// TestPagesHaveEveryExchangeOnce holds so in every size and with every filter, the newest first.
func TestPagesHaveEveryExchangeOnce(t *testing.T) { onBoth(t, pagesHaveEveryExchangeOnce) }

func pagesHaveEveryExchangeOnce(t *testing.T, j *Journal) {
	r := rand.New(rand.NewPCG(3, 0))
	rows := make([]*policypb.Row, 120)
	for i := range rows {
		rows[i] = randomRow(r)
		rows[i].Status, rows[i].Outcome = []int32{200, 429, 503, 0}[i%4], []string{"ok", "denied"}[i%2]
		if i%10 == 9 { // began in the same moment
			id := ulid.MustParse(rows[i-1].Exchange)
			id[15]++
			rows[i].Exchange, rows[i].BeganUnixNanos = id.String(), rows[i-1].BeganUnixNanos
		}
	}
	if err := j.Write(context.Background(), rows); err != nil {
		t.Fatal(err)
	}
	total := func(r *policypb.Row) (nano int64) {
		nano = r.GetCostNanoUsd()
		for _, a := range r.Tried {
			nano += a.GetCostNanoUsd()
		}
		return nano
	}
	guessed := func(r *policypb.Row) bool {
		return r.UsageSource == estimated || slices.ContainsFunc(r.Tried, func(a *policypb.Attempt) bool { return a.UsageSource == estimated })
	}
	for _, c := range []struct {
		f    Filter
		want func(*policypb.Row) bool
	}{
		{Filter{}, func(*policypb.Row) bool { return true }},
		{Filter{Since: noon, Until: noon.Add(9 * time.Hour)}, func(r *policypb.Row) bool {
			at := began(r)
			return !at.Before(noon) && at.Before(noon.Add(9*time.Hour))
		}},
		{Filter{Is: map[string][]string{"user": {"ann", ""}, "backend": {"a"}, "outcome": {"ok"}}}, func(r *policypb.Row) bool {
			return (r.User == "ann" || r.User == "") && r.Backend == "a" && r.Outcome == "ok"
		}},
		{Filter{Statuses: [][2]int{{500, 599}, {0, 0}}}, func(r *policypb.Row) bool { return r.Status >= 500 || r.Status == 0 }},
		{Filter{Slower: 5 * time.Second, Failed: true}, func(r *policypb.Row) bool { return r.DurationNanos >= 5e9 && r.By != "" }},
		{Filter{Dearer: 9e8}, func(r *policypb.Row) bool { return total(r) >= 9e8 }},
		{Filter{Estimated: true, Since: noon}, func(r *policypb.Row) bool { return guessed(r) && !began(r).Before(noon) }},
		{Filter{Estimated: true, Is: map[string][]string{"outcome": {"denied"}, "team": {"red"}}}, func(r *policypb.Row) bool { return guessed(r) && r.Outcome == "denied" && r.Team == "red" }},
		{Filter{Failed: true}, func(r *policypb.Row) bool { return r.By != "" }},
		{Filter{Is: map[string][]string{"failed_by": {"client", "gateway"}, "feature": {"chat"}}}, func(r *policypb.Row) bool {
			return (r.By == "client" || r.By == "gateway") && r.Feature == "chat"
		}},
		{Filter{Is: map[string][]string{"price": {"provider"}}}, func(r *policypb.Row) bool { return r.Price == "provider" }},
		{Filter{Unpriced: true}, func(r *policypb.Row) bool { return r.Unpriced }},
	} {
		var want []string
		for _, r := range rows {
			if c.want(r) {
				want = append(want, r.Exchange)
			}
		}
		slices.SortFunc(want, func(a, b string) int { return cmp.Compare(b, a) })
		for limit, looks := range map[int]int{1: 9, 7: 0, 120: 0, 50: 3} {
			c.f.looks = looks
			if diff := gocmp.Diff(want, listed(t, j, c.f, limit)); diff != "" || len(want) == 0 {
				t.Errorf("%+v, %d on a page, %d wanted (-want +got):\n%s", c.f, limit, len(want), diff)
			}
		}
	}
	if p, err := j.Exchanges(context.Background(), Filter{Until: noon.Add(-12 * time.Hour), Slower: 1, looks: 1}, "", 1); err != nil || len(p.Exchanges) != 1 {
		t.Errorf("the first page before a moment has %+v, %v", p, err)
	}
	if _, err := j.Exchanges(context.Background(), Filter{}, "no cursor", 1); !errors.Is(err, ErrCursor) {
		t.Errorf("no cursor: %v", err)
	}
}

// TestTailMissesNothing holds that whoever goes on from cursors gets each exchange once, in
// whatever order they began and however many writers there are.
func TestTailMissesNothing(t *testing.T) { onBoth(t, tailMissesNothing) }

func tailMissesNothing(t *testing.T, j *Journal) {
	ctx, r := context.Background(), rand.New(rand.NewPCG(5, 0))
	if err := j.Write(ctx, []*policypb.Row{randomRow(r)}); err != nil {
		t.Fatal(err)
	}
	start, err := j.Tail(ctx, Filter{}, "", 10)
	if err != nil || len(start.Exchanges) != 0 {
		t.Fatalf("%+v, %v", start, err)
	}
	const writers, each = 4, 30
	done := make(chan error, writers)
	want := map[string]int{}
	for range writers {
		var rows []*policypb.Row
		for range each {
			rows = append(rows, randomRow(r))
			want[rows[len(rows)-1].Exchange] = 1
		}
		go func() {
			var err error
			for i := 0; i < len(rows) && err == nil; i += 3 {
				err = j.Write(ctx, rows[i:i+3])
			}
			done <- err
		}()
	}
	got := map[string]int{}
	for cursor, ended := start.Next, 0; len(got) < len(want); {
		p, err := j.Tail(ctx, Filter{}, cursor, 8)
		if err != nil {
			t.Fatal(err)
		}
		cursor = p.Next
		for _, e := range p.Exchanges {
			got[e.Exchange]++
		}
		if len(p.Exchanges) > 0 {
			continue
		}
		if ended == writers {
			break
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		ended++
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("how often each came (-want +got):\n%s", diff)
	}
}

// TestTailOfAnotherDatabase holds that a cursor of a database that had more goes on with what
// comes next.
func TestTailOfAnotherDatabase(t *testing.T) { onBoth(t, tailOfAnotherDatabase) }

func tailOfAnotherDatabase(t *testing.T, j *Journal) {
	ctx, at := context.Background(), cursor{Seq: 1000}.String()
	for _, want := range []int{0, 1} {
		p, err := j.Tail(ctx, Filter{}, at, 10)
		if err != nil || len(p.Exchanges) != want {
			t.Fatalf("%+v, %v, want %d", p, err, want)
		}
		at = p.Next
		if err := j.Write(ctx, []*policypb.Row{exchange(noon, "ann", 1)}); err != nil {
			t.Fatal(err)
		}
	}
}

// TestTracesAreFoundByEachId holds so, and that an exchange has all that its row says.
func TestTracesAreFoundByEachId(t *testing.T) { onBoth(t, tracesAreFoundByEachID) }

func tracesAreFoundByEachID(t *testing.T, j *Journal) {
	opened := ulid.MustNewDefault(noon).String()
	row := &policypb.Row{
		Exchange: "8b5e8a4c-0000-4000-8000-000000000001", OpenedAs: opened, BeganUnixNanos: noon.UnixNano(), Revision: "r", Dialect: "openai", Operation: "chat",
		Model: "gpt", Route: "m", Caller: "ci", Tier: "free", User: "ann", Team: "red", Feature: "chat", Session: "s", Tags: []string{"a", "b"}, RequestBytes: 7,
		Method: "POST", Path: "/v1/x", RequestIds: []string{"mine", "hop's"}, Traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", UserAgent: "tool/1", ClientAddress: "192.0.2.1",
		LimitedBy: "tier free tokens", RetryAfterNanos: 3e9,
		Backend: "b", Provider: "p", Served: "gpt-1", ResponseId: "chatcmpl-1", ProviderRequest: "req_1", Finish: "length",
		Error: &policypb.ProviderError{Status: 529, Type: "overloaded_error", Code: "busy", Message: "Overloaded <&>"}, Attempts: 2, Dropped: []string{"x"}, Stream: true,
		Status: 200, Outcome: "cut", By: "provider", Reason: "why", Detail: "how", DurationNanos: 2e9, FirstTokenNanos: new(int64(5e8)),
		Tokens:   &policypb.Tokens{Input: 1, CacheRead: 2, CacheWrite_5M: 3, CacheWrite_1H: 4, AudioInput: 5, Output: 6, Reasoning: 7, AudioOutput: 8},
		Searches: 1, ServiceTier: "flex", UsageSource: "provider", CostNanoUsd: new(int64(10)), Price: "p1",
		Tried: []*policypb.Attempt{
			{Backend: "a", Provider: "q", Model: "x", Status: 500, Failed: true, Fault: "silent", RetryAfterNanos: 1e9, BeganNanos: 1e6, DurationNanos: 2e6,
				Error: &policypb.ProviderError{Status: 500, Message: "no"}, ProviderRequest: "req_0",
				Tokens: &policypb.Tokens{Input: 9}, UsageSource: "estimated", CostNanoUsd: new(int64(5)), Unpriced: false},
			{Backend: "b", Provider: "p", Model: "gpt-1", Status: 200, BeganNanos: 4e6, DurationNanos: 9e6, FirstTokenNanos: new(int64(10e6)), TotalNanos: 11e6, Single: true},
		},
		Stages: []*policypb.StageTime{{Stage: "route", Phase: "request", BeganNanos: 1000, DurationNanos: 2000}},
	}
	if err := j.Write(context.Background(), []*policypb.Row{exchange(noon, "eve", 1), row, exchange(noon, "eve", 1)}); err != nil {
		t.Fatal(err)
	}
	want := &Exchange{
		Time: noon, Exchange: row.Exchange, OpenedAs: opened, Revision: "r", Dialect: "openai", Operation: "chat", Asked: "gpt", Model: "m",
		Caller: "ci", Tier: "free", User: "ann", Team: "red", Feature: "chat", Session: "s", Tags: []string{"a", "b"}, Provider: "p", Backend: "b", Served: "gpt-1",
		Method: "POST", Path: "/v1/x", RequestIDs: []string{"mine", "hop's"}, Traceparent: row.Traceparent, UserAgent: "tool/1", Address: "192.0.2.1", Limit: "tier free tokens", RetryAfterMS: 3000,
		Response: "chatcmpl-1", Request: "req_1", Finish: "length", Error: &ProviderError{529, "overloaded_error", "busy", "Overloaded <&>"}, Attempts: 2, Dropped: []string{"x"}, Stream: true, Status: 200, Outcome: "cut", FailedBy: "provider", Reason: "why", Detail: "how",
		RequestBytes: 7, DurationMS: 2000, FirstTokenMS: new(500.0), Tokens: Tokens{1, 2, 3, 4, 5, 6, 7, 8}, Searches: 1, ServiceTier: "flex",
		UsageSource: "provider", Nano: new(int64(10)), TotalNano: 15, Price: "p1", Estimated: true,
		Tried: []Try{
			{Backend: "a", Provider: "q", Model: "x", Status: 500, Failed: true, Fault: "silent", RetryAfterMS: 1000, BeganMS: 1, DurationMS: 2,
				Error: &ProviderError{Status: 500, Message: "no"}, Request: "req_0",
				Tokens: &Tokens{Input: 9}, UsageSource: "estimated", Nano: new(int64(5))},
			{Backend: "b", Provider: "p", Model: "gpt-1", Status: 200, BeganMS: 4, DurationMS: 9, FirstTokenMS: new(10.0), TotalMS: 11, Single: true},
		},
		Stages: []Stage{{"route", "request", 0.001, 0.002}},
	}
	for _, id := range []string{row.Exchange, opened, "chatcmpl-1", "req_1", "mine", "hop's"} {
		got, err := j.Trace(context.Background(), id, noon.Add(time.Hour))
		if err != nil {
			t.Fatalf("%s: %v", id, err)
		}
		if diff := gocmp.Diff(want, got, cmpopts.IgnoreUnexported(Exchange{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", id, diff)
		}
	}
	for _, id := range []string{"", "x", ulid.Make().String(), "chatcmpl-2", "Mine", "' OR ''='"} {
		if got, err := j.Trace(context.Background(), id, noon); !errors.Is(err, ErrUnknown) {
			t.Errorf("%q: %+v, %v", id, got, err)
		}
	}
}
