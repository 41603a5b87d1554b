package stages

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/headgate/headgate/extproc/exchange"
)

// waits is a stage that waits for so long as it sees a request, and then lets it pass.
func waits(name string, d time.Duration, left chan<- error) kind {
	return always(name, script{request: func(ctx context.Context, req *exchange.Request) (exchange.Verdict, error) {
		ctx, err := req.More(ctx, 10*time.Second)
		if err != nil {
			return exchange.Verdict{}, err
		}
		select {
		case <-time.After(d):
			return exchange.Verdict{}, nil
		case <-ctx.Done():
			left <- ctx.Err()
			return exchange.Denied(503, exchange.ReasonExhausted, "Waited for too long."), nil
		}
	}})
}

// TestAStageWaitsForLongerThanEnvoyDoes holds that a stage may take longer than Envoy's
// two seconds for a message, and two of them in one phase.
func TestAStageWaitsForLongerThanEnvoyDoes(t *testing.T) {
	t.Parallel()
	left := make(chan error, 2)
	r := start(t, waits("first", 1500*time.Millisecond, left), waits("second", 1500*time.Millisecond, left))
	began := time.Now()
	got := r.ask(t.Context(), "openai", chat("gpt", "hello", false))
	if took := time.Since(began); got.StatusCode != 200 || took < 3*time.Second {
		t.Errorf("status %d after %v: %s", got.StatusCode, took, got.body)
	}
	if row := r.row(1); row.Outcome != "ok" || len(left) != 0 {
		t.Errorf("row %v, %d stages heard that no client waits", row, len(left))
	}
}

// TestAStageThatWaitsLearnsThatTheClientHasLeft holds that a stage which waits for five
// seconds learns of it, and that the row names the client as the one who left.
func TestAStageThatWaitsLearnsThatTheClientHasLeft(t *testing.T) {
	t.Parallel()
	left := make(chan error, 1)
	r := start(t, waits("slow", 5*time.Second, left))
	ctx, leave := context.WithCancel(t.Context())
	gone := make(chan time.Time, 1)
	time.AfterFunc(2500*time.Millisecond, func() { gone <- time.Now(); leave() })
	if resp, err := r.send(ctx, "anthropic", chat("gpt", "hello", true)); err == nil {
		t.Fatalf("answered %d", resp.StatusCode)
	}
	select {
	case err := <-left:
		t.Logf("heard %v after the client left", time.Since(<-gone))
		if !errors.Is(err, context.Canceled) {
			t.Errorf("heard %v", err)
		}
	case <-time.After(2 * time.Second):
		t.Error("the stage did not hear of it")
	}
	if row := r.row(1); row.Outcome != "cancelled" || row.By != "client" || row.Route != "gpt" {
		t.Errorf("row %v", row)
	}
	if n := len(r.provider.Served()); n != 0 {
		t.Errorf("the provider was asked %d times", n)
	}
}

// TestAStageGivesItsOwnRefusalWhenItsTimeIsOver holds that a stage's share ends before
// Envoy's patience does.
func TestAStageGivesItsOwnRefusalWhenItsTimeIsOver(t *testing.T) {
	t.Parallel()
	r := start(t, always("slow", script{request: func(ctx context.Context, req *exchange.Request) (exchange.Verdict, error) {
		ctx, err := req.More(ctx, 2500*time.Millisecond)
		if err != nil {
			return exchange.Verdict{}, err
		}
		<-ctx.Done()
		v := exchange.Denied(503, exchange.ReasonExhausted, "Waited for too long.")
		v.Retry = time.Second
		return v, nil
	}}))
	got := r.ask(t.Context(), "openai", chat("gpt", "hello", false))
	if got.StatusCode != 503 || got.Header.Get("retry-after") != "1" || got.Header.Get("x-headgate-refused-by") != "gateway" {
		t.Errorf("%d %v %s", got.StatusCode, got.Header, got.body)
	}
}
