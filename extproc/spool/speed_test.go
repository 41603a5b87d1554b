package spool

import (
	"context"
	"testing"
	"time"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/policypb"
)

// usualRow is a row as most are.
func usualRow() *policypb.Row {
	r := row("01JX0000000000000000000001", "ok")
	r.Model, r.Route, r.Provider, r.Served, r.Revision = "assistant", "assistant", "anthropic", "claude-sonnet-4-6", "240fc7509f3a"
	r.Dialect, r.Operation, r.User, r.Team, r.Feature = "openai", "chat", "user-1234", "search", "summaries"
	r.Tokens, r.UsageSource, r.CostNanoUsd = &policypb.Tokens{Input: 1000, Output: 200}, "provider", new(int64(6_000_000))
	for _, stage := range []string{"route", "provider", "meter", "provider", "provider", "meter", "record"} {
		r.Stages = append(r.Stages, &policypb.StageTime{Stage: stage, Phase: "response", BeganNanos: 123_456, DurationNanos: 12_345})
	}
	return r
}

// acknowledge takes all that is shipped until the spool's test ends.
func acknowledge(t testing.TB, s *Spool) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			_, taken, err := s.Next(ctx)
			if err != nil {
				return
			}
			taken()
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
		_ = s.Close()
	})
}

// TestAppendAllocates holds how often.
func TestAppendAllocates(t *testing.T) {
	s := begin(t, t.TempDir(), 1<<40, policy.DurableGroup)
	defer s.die()
	r := usualRow()
	got := testing.AllocsPerRun(1000, func() {
		for _, k := range []Kind{Opened, Closed} {
			if err := s.Append(k, r); err != nil {
				t.Fatal(err)
			}
		}
	})
	if got > 1 {
		t.Errorf("an exchange's records take %v allocations", got)
	}
}

func BenchmarkAppend(b *testing.B) {
	for _, d := range []policy.Durable{policy.DurableFast, policy.DurableGroup, policy.DurableStrict} {
		b.Run(string(d), func(b *testing.B) {
			s := begin(b, b.TempDir(), 1<<40, d)
			acknowledge(b, s)
			r := usualRow()
			b.ReportAllocs()
			for b.Loop() {
				for s.Append(Closed, r) != nil { // a disk takes less than this
					b.StopTimer()
					time.Sleep(10 * time.Millisecond)
					b.StartTimer()
				}
			}
		})
	}
}
