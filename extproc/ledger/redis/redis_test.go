package redis_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/headgate/headgate/extproc/ledger"
	"github.com/headgate/headgate/extproc/ledger/ledgertest"
	"github.com/headgate/headgate/extproc/ledger/redis"
	"github.com/headgate/headgate/extproc/ledger/redis/redistest"
	connect "github.com/headgate/headgate/extproc/redis"
)

func TestRedis(t *testing.T) {
	suite(t, redistest.Start(t).Client())
}

func TestCluster(t *testing.T) {
	suite(t, redistest.StartCluster(t).Client())
}

func suite(t *testing.T, client goredis.UniversalClient) {
	var n atomic.Int64
	ledgertest.Suite(t, func(_ *testing.T, now func() time.Time) ledger.Store {
		return redis.New(client, fmt.Sprintf("t%d:", n.Add(1)), now)
	})
}

// TestWindowsThatHaveEnded holds that a scope that is used for ever does not grow by a window a
// day.
func TestWindowsThatHaveEnded(t *testing.T) {
	client := redistest.Start(t).Client()
	now := ledgertest.Begin
	s := redis.New(client, "w:", func() time.Time { return now })
	for day := range 30 {
		limits := []ledger.Limit{
			{Scope: "team/a", Name: fmt.Sprint("cost ", day), Max: 1000, Until: now.Add(24 * time.Hour), Amount: 10},
			{Scope: "team/a", Name: "month", Max: 1000, Until: ledgertest.Begin.AddDate(0, 2, 0), Amount: 10},
		}
		c := &ledger.Claim{ID: fmt.Sprint(day), TTL: time.Minute, Limits: limits}
		balances := make([]ledger.Balance, 2)
		if granted, err := s.Claim(t.Context(), c, balances); err != nil || !granted {
			t.Fatal(granted, err)
		}
		if balances[0].Left != 990 || balances[1].Left != 990-10*int64(day) {
			t.Errorf("day %d: %+v", day, balances)
		}
		if err := s.Settle(t.Context(), c, []int64{10, 10}); err != nil {
			t.Fatal(err)
		}
		now = now.Add(24 * time.Hour)
	}
	if fields := client.HLen(t.Context(), "w:{team/a}").Val(); fields > 8 {
		t.Errorf("%d fields are left", fields)
	}
}

// TestNamesWithBraces holds that a scope may have any name.
func TestNamesWithBraces(t *testing.T) {
	client := redistest.Start(t).Client()
	s := redis.New(client, "w:", nil)
	for i, scope := range []string{"{a}", "}", "%7B", "a}{b", ""} {
		l := ledger.Limit{Scope: scope, Name: "rpm", Max: 10, Period: time.Hour, Amount: int64(i + 1)}
		balances := make([]ledger.Balance, 1)
		if _, err := s.Claim(t.Context(), &ledger.Claim{ID: "x", TTL: time.Minute, Limits: []ledger.Limit{l}}, balances); err != nil || balances[0].Left != 9-int64(i) {
			t.Errorf("%q: %+v, %v", scope, balances, err)
		}
	}
}

// TestRights holds that the rights that the README names are enough.
func TestRights(t *testing.T) {
	t.Run("single", func(t *testing.T) {
		server := redistest.Start(t)
		rights(t, server.URL(), false, server)
	})
	t.Run("cluster", func(t *testing.T) {
		c := redistest.StartCluster(t)
		rights(t, c.URL(), true, c.Nodes...)
	})
}

func rights(t *testing.T, url string, cluster bool, nodes ...*redistest.Server) {
	args := append([]any{"ACL", "SETUSER", "gateway", "reset", "on", ">secret"}, documented(t, cluster)...)
	var clients []*goredis.Client
	for _, n := range nodes {
		clients = append(clients, n.Client())
	}
	for _, c := range clients {
		if err := c.Do(t.Context(), args...).Err(); err != nil {
			t.Fatal(err)
		}
	}
	client, err := connect.Open(strings.Replace(url, "redis://", "redis://gateway:secret@", 1), cluster)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	s := redis.New(client, "headgate:", nil)
	if err := s.Probe(t.Context()); err != nil {
		t.Error(err)
	}
	limits := []ledger.Limit{
		{Scope: "a", Name: "rpm", Max: 10, Period: time.Hour, Amount: 1},
		{Scope: "a", Name: "day", Max: 10, Until: time.Now().Add(time.Hour), Amount: 1},
	}
	balances := make([]ledger.Balance, 2)
	for id, used := range []int64{1, 0} {
		c := &ledger.Claim{ID: fmt.Sprint(id), TTL: 10 * time.Millisecond, Limits: limits}
		if _, err := s.Claim(t.Context(), c, balances); err != nil {
			t.Error(err)
		}
		if err := s.Settle(t.Context(), c, []int64{used, used}); err != nil {
			t.Error(err)
		}
	}
	entries := func() (most int64) {
		for _, c := range clients {
			most = max(most, c.ZCard(t.Context(), "headgate:{a}:claims").Val())
		}
		return most
	}
	for entries() > 1 && !t.Failed() { // the window's end stays, claims expire
		if err := s.Peek(t.Context(), limits, balances); err != nil {
			t.Error(err)
		}
	}
}
