package app

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"
	"github.com/oklog/ulid/v2"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/policypb"
	"github.com/headgate/headgate/policy/source"
	"github.com/headgate/headgate/xds"
	"github.com/headgate/headgate/xds/audit"
	"github.com/headgate/headgate/xds/balance"
	"github.com/headgate/headgate/xds/console"
	"github.com/headgate/headgate/xds/console/adminkeys"
	"github.com/headgate/headgate/xds/console/audits"
	"github.com/headgate/headgate/xds/console/backends"
	"github.com/headgate/headgate/xds/console/caches"
	"github.com/headgate/headgate/xds/console/consoletest"
	"github.com/headgate/headgate/xds/console/costs"
	"github.com/headgate/headgate/xds/console/exchanges"
	"github.com/headgate/headgate/xds/console/fleet"
	"github.com/headgate/headgate/xds/console/guards"
	"github.com/headgate/headgate/xds/console/keys"
	"github.com/headgate/headgate/xds/console/policies"
	"github.com/headgate/headgate/xds/console/purges"
	"github.com/headgate/headgate/xds/journal"
	"github.com/headgate/headgate/xds/key"
	"github.com/headgate/headgate/xds/pair"
	"github.com/headgate/headgate/xds/purge"
	"github.com/headgate/headgate/xds/store"
	"github.com/headgate/headgate/xds/store/storetest"
)

// described is openapi.yaml, which must be valid.
func described(t *testing.T) *openapi3.T {
	t.Helper()
	d, err := openapi3.NewLoader().LoadFromData(console.OpenAPI)
	if err == nil {
		err = d.Validate(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestOpenAPIDescribesEveryRoute holds that openapi.yaml has the routes that are served, with
// the rights that they take and the failures of their own, and no other.
func TestOpenAPIDescribesEveryRoute(t *testing.T) {
	want, got := map[string]string{}, map[string]string{}
	for _, r := range adminAPI(&administered{journal: &journal.Journal{}}).Routes() {
		fails := []string{}
		for _, k := range r.Fails {
			fails = append(fails, k.Code)
		}
		want[r.Method+" "+r.Path] = fmt.Sprint(r.Right, fails, r.Body != "")
	}
	for path, item := range described(t).Paths.Map() {
		for method, o := range item.Operations() {
			fails := []any{}
			if list, ok := o.Extensions["x-fails"].([]any); ok {
				fails = list
			}
			got[method+" "+path] = fmt.Sprint(o.Extensions["x-right"], fails, o.RequestBody != nil)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("openapi.yaml is not what is served (-served +openapi.yaml):\n%s", diff)
	}
}

// TestOpenAPINamesEveryParameter holds that openapi.yaml has what questions take.
func TestOpenAPINamesEveryParameter(t *testing.T) {
	d := described(t)
	list := slices.Concat(journal.Fields(), []string{"status", "failed", "estimated", "unpriced", "slower", "dearer", "limit", "cursor"})
	for path, want := range map[string][]string{
		"costs":          slices.Concat(journal.Values(), console.SpanParameters, []string{"by", "top", "latency"}),
		"exchanges":      slices.Concat(list, console.SpanParameters),
		"exchanges/tail": list,
		"guards":         slices.Concat(console.SpanParameters, []string{"mode"}),
		"cache":          slices.Concat(console.SpanParameters, journal.CacheValues(), []string{"by"}),
		"audit":          slices.Concat(audit.Fields(), console.SpanParameters, []string{"limit", "cursor"}),
	} {
		var got []string
		for _, p := range d.Paths.Find(console.Root + path).Get.Parameters {
			got = append(got, p.Value.Name)
		}
		slices.Sort(want)
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-served +openapi.yaml):\n%s", path, diff)
		}
	}
	dimensions := slices.Collect(maps.Keys(d.Components.Schemas["CostRow"].Value.Properties))
	for _, name := range journal.Dimensions() {
		if !slices.Contains(dimensions, name) || !strings.Contains(d.Components.Parameters["by"].Value.Description, name) {
			t.Errorf("%s is no dimension of openapi.yaml", name)
		}
	}
}

// TestAnswersAreAsDescribed holds that what is answered has the form that openapi.yaml says.
func TestAnswersAreAsDescribed(t *testing.T) {
	d := described(t)
	id, api := servedWithAll(t)
	for _, c := range []struct{ method, path, of, body string }{
		{"GET", "admin-keys/own", "admin-keys/own", ""}, {"GET", "policy", "policy", ""}, {"GET", "policy?canonical", "policy", ""}, {"GET", "policy/history", "policy/history", ""}, {"GET", "policy/history/none", "policy/history/{revision}", ""},
		{"POST", "policy/diff", "policy/diff", `{"files": [{"name": "p.yaml", "data": "dmVyc2lvbjogMQo="}]}`}, {"POST", "policy/rollback", "policy/rollback", `{}`},
		{"GET", "policy/overlay", "policy/overlay", ""}, {"GET", "status", "status", ""},
		{"POST", "backends/b/reset", "backends/{name}/reset", `{"author": "ann", "reason": "more"}`}, {"POST", "backends/c/reset", "backends/{name}/reset", `{"author": "ann", "reason": "more"}`},
		{"POST", "cache/purges", "cache/purges", `{"ids": ["01JZ8Q4C7T3V5W6X7Y8Z9A0B1C"], "caller": "ci", "team": "red", "model": "m", "prompt": "p", "tag": "a", "author": "ann", "reason": "wrong"}`},
		{"POST", "cache/purges", "cache/purges", `{}`}, {"GET", "cache/purges", "cache/purges", ""}, {"POST", "cache/purges", "cache/purges", `{"all": true}`},
		{"POST", "keys", "keys", `{"name": "ci", "attributes": {"user": "ann", "team": "red", "tags": ["a"], "quota": {"rpm": 1, "tpm": 1, "nano_usd_per_day": 1, "nano_usd_per_month": 1, "shadow": true}}, "expires": "2100-01-01T00:00:00Z", "author": "ann"}`},
		{"POST", "keys", "keys", `{"name": "ci"}`}, {"POST", "keys", "keys", `{"name": "board", "role": "read"}`}, {"POST", "keys/ci/rotate", "keys/{key}/rotate", `{"overlap": "1h"}`},
		{"PUT", "keys/ci/attributes", "keys/{key}/attributes", `{"attributes": {"team": "red"}}`}, {"POST", "keys/ci/expire", "keys/{key}/expire", `{}`},
		{"GET", "keys/ci", "keys/{key}", ""}, {"POST", "keys/board/revoke", "keys/{key}/revoke", `{}`}, {"GET", "keys?ended=true", "keys", ""}, {"GET", "keys/none", "keys/{key}", ""},
		{"GET", "audit", "audit", ""}, {"GET", "audit?limit=0", "audit", ""},
		{"GET", "costs", "costs", ""}, {"GET", "costs?latency=true&by=" + strings.Join(journal.Dimensions(), ","), "costs", ""}, {"GET", "costs?by=x", "costs", ""},
		{"GET", "exchanges", "exchanges", ""}, {"GET", "exchanges/tail", "exchanges/tail", ""}, {"GET", "exchanges/" + id, "exchanges/{id}", ""}, {"GET", "exchanges/none", "exchanges/{id}", ""},
		{"GET", "guards", "guards", ""}, {"GET", "guards?mode=shadow", "guards", ""}, {"GET", "guards?mode=off", "guards", ""},
		{"GET", "cache", "cache", ""}, {"GET", "cache?by=" + strings.Join(journal.CacheDimensions(), ","), "cache", ""}, {"GET", "cache?by=user", "cache", ""},
	} {
		a := api.Ask(c.method, console.Root+c.path, c.body)
		o := d.Paths.Find(console.Root + c.of).GetOperation(c.method)
		form := o.Responses.Default()
		if a.Status == http.StatusOK {
			form = o.Responses.Status(http.StatusOK)
		}
		var v any
		if err := json.Unmarshal(a.Body, &v); err != nil {
			t.Fatalf("%s: %v", c.path, err)
		}
		if err := form.Value.Content.Get("application/json").Schema.Value.VisitJSON(v); err != nil {
			t.Errorf("%s %s is answered %d %s: %v", c.method, c.path, a.Status, a.Body, err)
		}
	}
	if a := api.Ask("GET", console.Root+"openapi.yaml", nil); a.Status != http.StatusOK || a.Header.Get("Content-Type") != "application/yaml" || string(a.Body) != string(console.OpenAPI) {
		t.Errorf("openapi.yaml is answered %d %v", a.Status, a.Header)
	}
}

// servedWithAll serves every capability, with something in each field, and returns the id of an
// exchange.
func servedWithAll(t *testing.T) (id string, api consoletest.API) {
	t.Helper()
	now := time.Now()
	d := inUse{storetest.SQLite(t)}
	j, rows := journal.In(d.Store), audit.New(d, "", time.Now, zap.NewNop())
	row := &policypb.Row{
		Exchange: ulid.Make().String(), OpenedAs: ulid.Make().String(), BeganUnixNanos: now.UnixNano(), Revision: "r", Dialect: "openai", Operation: "chat",
		Model: "gpt", Route: "m", Caller: "ci", Tier: "free", User: "ann", Team: "red", Feature: "chat", Session: "s", Tags: []string{"a"}, Method: "POST", Path: "/v1/x", RequestIds: []string{"i"}, Traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", UserAgent: "u", ClientAddress: "192.0.2.1", LimitedBy: "l", RetryAfterNanos: 1000, Backend: "b", Provider: "p", Served: "x",
		ResponseId: "id", ProviderRequest: "req", Finish: "stop", Error: &policypb.ProviderError{Status: 500, Type: "t", Code: "c", Message: "m"}, Attempts: 2, Dropped: []string{"x"}, Status: 200, Outcome: "cut", By: "provider", Reason: "why", Detail: "how", FirstTokenNanos: new(int64(1)),
		Tokens: &policypb.Tokens{Input: 1}, Searches: 1, ServiceTier: "flex", UsageSource: "estimated", CostNanoUsd: new(int64(1)), Price: "p", Unpriced: true,
		Tried: []*policypb.Attempt{{Backend: "a", Provider: "q", Model: "x", Status: 500, Failed: true, Fault: "silent", RetryAfterNanos: 1e9, BeganNanos: 1, DurationNanos: 2, FirstTokenNanos: new(int64(1000)), TotalNanos: 2000, Single: true,
			Error: &policypb.ProviderError{Status: 500}, ProviderRequest: "req",
			Tokens: &policypb.Tokens{}, UsageSource: "estimated", CostNanoUsd: new(int64(5)), Unpriced: true}},
		Stages: []*policypb.StageTime{{Stage: "route", Phase: "request"}},
		Guards: []*policypb.GuardVerdict{{Guard: "cards", Kind: "pii", Action: "mask", Mode: "shadow", Result: "masked", Reason: "pii_found", Score: 0.5, Hash: []byte{1}, DurationNanos: 1,
			Types: []*policypb.GuardType{{Type: "CREDIT_CARD", Count: 1}}, Spans: []*policypb.GuardSpan{{Text: 1, Start: 2, End: 18, Type: "CREDIT_CARD"}}}},
		Cache: &policypb.CacheUse{Result: "verified", Reason: "why", Entry: "e", Source: "x", Similarity: new(0.97), Embedder: "static-1", Rules: []string{"number"}, AgeNanos: 1, SavedNanoUsd: new(int64(1)),
			SavedNanos: 1000, Stored: "f", NotStored: "tool_calls", Verdict: "same"},
	}
	if err := j.Write(t.Context(), []*policypb.Row{row}); err != nil {
		t.Fatal(err)
	}
	p := consoletest.New(t, firstPolicy)
	if _, err := p.Push(source.Proposal{Files: []policy.File{{Name: "p.yaml", Data: []byte(secondPolicy)}}, Author: "ann", Reason: "less"}); err != nil {
		t.Fatal(err)
	}
	p.Refuse(source.Refusal{Origin: source.FromFile, Reason: "why", At: now})
	nack := &xds.Refusal{Node: "n", Type: "policy", Revision: "r", Reason: "why", At: now}
	pairs := xds.Status{Groups: []xds.GroupStatus{{Cluster: "c", Region: "eu", Revision: "r", LastGood: "q", Refused: nack}},
		Pairs: []xds.PairStatus{{Node: "n", Cluster: "c", Region: "eu", Connected: now, Revision: "r", Trouble: "why", Refused: nack}}}
	out := []fleet.OutOfService{{Backend: "b", Model: "m", Pool: "p", Address: "a", Reason: "limited", Since: now, Until: &now, Pairs: []string{"n"}}}
	unbalanced := []balance.Status{{Model: "m", Use: "b/m", Region: "eu", Permille: 125, Tries: 10, Failed: 5, Median: 0.8, Reason: "why"}}
	left := key.Balances{Pairs: 2, Answered: 2, Shared: true, Troubles: []string{"n: why"}, Limits: []key.Balance{
		{Pair: "n", Owner: "tier", Name: "free", Unit: "usd_per_day", Max: 2, Left: -1, Reset: 1.5, Shadow: true}}}
	c := console.New(console.Options{Who: consoletest.Anyone, Audit: func(r console.Record) { rows.Add(audits.RowOf(r)) }})
	c.Mount(keys.Prefix, keys.Routes(key.New(key.Options{Database: d, Now: time.Now}), keys.Options{
		Takes: func() bool { return false }, Balances: func(context.Context, string) key.Balances { return left }, Now: time.Now,
	}))
	c.Mount(audits.Prefix, audits.Routes(rows, time.Now))
	c.Mount(adminkeys.Prefix, adminkeys.Routes())
	c.Mount(policies.Prefix, policies.Routes(p))
	c.Mount(fleet.Prefix, fleet.Routes(p, func() xds.Status { return pairs }, func() store.Status {
		return store.Status{Kind: "sqlite", Place: "p", Before: "q", Trouble: "why", Since: now}
	},
		fleet.Seen{Out: func() []fleet.OutOfService { return out }, Balance: func() []balance.Status { return unbalanced }}))
	links := pair.New(pair.Options{Now: time.Now, Log: zap.NewNop()}, prometheus.NewRegistry())
	c.Mount(backends.Prefix, backends.Routes(p, links, zap.NewNop()))
	c.Mount(purges.Prefix, purges.Routes(purge.New(purge.Options{Database: d, Active: links.Active, Now: time.Now}), links, zap.NewNop()))
	c.Mount(costs.Prefix, costs.Routes(j, time.Now))
	c.Mount(exchanges.Prefix, exchanges.Routes(j, time.Now))
	c.Mount(guards.Prefix, guards.Routes(j, time.Now))
	c.Mount(caches.Prefix, caches.Routes(j, time.Now))
	return row.Exchange, consoletest.Serve(t, c)
}

// inUse is a database as one that is open.
type inUse struct{ *store.Store }

func (d inUse) Open(context.Context) (*store.Store, error) { return d.Store, nil }

func (d inUse) Wrote(*store.Store, error) {}
