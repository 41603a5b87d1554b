package answers

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// TestManyAtOnce holds 200 streams open together while 500 JSON requests pass.
// Nothing is lost, nothing is counted twice, nothing is left running.
func TestManyAtOnce(t *testing.T) {
	const streams, requests, workers = 200, 500, 20
	g, p := gatewaytest.Serve(t, "")
	warm := g.Chat(gatewaytest.ChatBody("plain", "warm up", false), "")
	gatewaytest.MustOK(t, warm)
	g.Row(warm.Exchange())
	goroutines := g.Metric("go_goroutines")
	known := len(g.Rows())
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	answers := make(chan gatewaytest.Answer, streams+requests)
	ask := func(r gatewaytest.Request) {
		a, err := g.Try(ctx, r)
		if err != nil {
			t.Error(err)
		}
		answers <- a
	}
	var all sync.WaitGroup
	for i := range streams {
		all.Go(func() {
			// No stream ends before every one has begun.
			ask(gatewaytest.ChatRequest("/v1/chat/completions", gatewaytest.ChatBody("renamed", fmt.Sprintf("stream %d ", i), true), "tokens=10;pause=300ms"))
		})
	}
	g.Eventually("all streams at once", func() bool { return g.Metric("headgate_streams_in_flight") >= streams })
	next := make(chan int)
	for range workers {
		all.Go(func() {
			for i := range next {
				ask(gatewaytest.ChatRequest("/v1/chat/completions", gatewaytest.ChatBody("renamed", fmt.Sprintf("json %d ", i), false), "tokens=5"))
			}
		})
	}
	for i := range requests {
		next <- i
	}
	close(next)
	all.Wait()
	close(answers)
	checkMany(t, g, p, answers, known, streams+requests)
	g.Eventually("the end of every stream", func() bool { return g.Metric("headgate_streams_in_flight") == 0 })
	// Connections that idle on both sides keep some goroutines.
	g.Eventually("the goroutines' end", func() bool { return g.Metric("go_goroutines") <= goroutines+20 })
	if n := g.Metric("headgate_access_records_lost_total"); n != 0 {
		t.Errorf("%v records were lost", n)
	}
}

func checkMany(t *testing.T, g *gatewaytest.Gateway, p *gatewaytest.Provider, answers <-chan gatewaytest.Answer, known, n int) {
	t.Helper()
	ids := map[string]bool{}
	for a := range answers {
		if a.Status != 200 || a.Err != nil || a.Header.Get("Content-Type") == "text/event-stream" && !strings.Contains(a.Body, "x-headgate-cost-usd=") {
			t.Errorf("status %d, %v: %.200s", a.Status, a.Err, a.Body)
		}
		ids[a.Exchange()] = true
	}
	if len(ids) != n {
		t.Errorf("%d exchanges of %d", len(ids), n)
	}
	g.Eventually("every row", func() bool { return len(g.Rows()) >= known+n })
	rows := g.Rows()[known:]
	var cost, billed int64
	for _, r := range rows {
		if !ids[r.Exchange] || r.Outcome != "ok" || r.CostNano == nil {
			t.Errorf("row %+v", r)
			continue
		}
		delete(ids, r.Exchange) // a second row of the same exchange is an error
		cost += *r.CostNano
	}
	for _, s := range p.Served() {
		if !strings.Contains(string(s.Body), "warm up") {
			billed += gatewaytest.Nano(s.Usage)
		}
	}
	if len(rows) != n || cost != billed {
		t.Errorf("%d rows of %d, cost %d, the provider billed %d", len(rows), n, cost, billed)
	}
}
