package stages

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/headgate/headgate/envoy/envoytest"
	"github.com/headgate/headgate/extproc"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/policy"
)

// TestAStageRefusesAPolicy holds that a policy which one kind refuses is refused as a
// whole: the one before serves on, and the stages that other kinds had made of it are
// closed.
func TestAStageRefusesAPolicy(t *testing.T) {
	t.Parallel()
	var opened, closed atomic.Int64
	owns := kind{name: "owns", visit: func(*exchange.Exchange) script { return script{} },
		compile: func(*policy.Set) error { opened.Add(1); return nil }, closed: func() { closed.Add(1) }}
	picky := kind{name: "picky", visit: func(*exchange.Exchange) script { return script{} }, compile: func(set *policy.Set) error {
		if set.BodyLimit == 2<<20 {
			return errors.New("limits.body: this machine takes no 2 MiB")
		}
		return nil
	}}
	r := start(t, owns, picky)
	_, err := extproc.NewPipeline(r.parse(document(r.set.Listen.Address.Port(), r.provider.URL, "limits: {body: 2MiB}")), r.kinds)
	if err == nil || err.Error() != "limits.body: this machine takes no 2 MiB" {
		t.Errorf("error %v", err)
	}
	if opened.Load() != 2 || closed.Load() != 1 {
		t.Errorf("%d stages were made, %d closed", opened.Load(), closed.Load())
	}
	if got := r.ask(t.Context(), "openai", chat("gpt", "hello", false)); got.StatusCode != 200 {
		t.Errorf("status %d: %s", got.StatusCode, got.body)
	}
}

// TestStateOutlivesPoliciesAndStagesAreClosedAfterTheirLastExchange holds that what a
// kind counts goes on over ten policies, and that the first one's stage is closed when
// the stream that began with it has ended, and not before.
func TestStateOutlivesPoliciesAndStagesAreClosedAfterTheirLastExchange(t *testing.T) {
	t.Parallel()
	var count atomic.Int64
	closed := make(chan struct{}, 16)
	r := start(t, kind{name: "counts", closed: func() { closed <- struct{}{} }, visit: func(*exchange.Exchange) script {
		return script{request: func(context.Context, *exchange.Request) (exchange.Verdict, error) {
			return exchange.Verdict{Headers: exchange.Headers{{Name: "x-count", Value: fmt.Append(nil, count.Add(1))}}}, nil
		}}
	}})
	ctx, leave := context.WithCancel(t.Context())
	open, err := r.send(ctx, "openai", chat("gpt", endless, true))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 10 {
		// Of the same shape, so that the newer takes the older one's place.
		r.use(r.parse(strings.Replace(document(r.set.Listen.Address.Port(), r.provider.URL, ""), "weight: 9", fmt.Sprintf("weight: %d", 10+i), 1)))
		got := r.ask(t.Context(), "openai", chat("gpt", "hello", false))
		if want := fmt.Sprint(i + 2); got.StatusCode != 200 || got.Header.Get("x-count") != want {
			t.Errorf("status %d, count %q, want %s", got.StatusCode, got.Header.Get("x-count"), want)
		}
	}
	await(t, closed, 9)
	if len(closed) != 0 {
		t.Error("a stage was closed with an exchange under way")
	}
	leave()
	_ = open.Body.Close()
	await(t, closed, 1)
	if resp := open.Header.Get("x-count"); resp != "1" {
		t.Errorf("count %q", resp)
	}
}

// await takes n values, in time.
func await(t *testing.T, from <-chan struct{}, n int) {
	t.Helper()
	deadline := time.After(envoytest.Patience)
	for i := range n {
		select {
		case <-from:
		case <-deadline:
			t.Fatalf("%d came, want %d", i, n)
		}
	}
}

// TestAStageThatNamesNoPhaseIsNotCalled holds that a stage which names no phase is called in
// none, though its visit has all methods.
func TestAStageThatNamesNoPhaseIsNotCalled(t *testing.T) {
	t.Parallel()
	r := start(t, kind{name: "quiet", visit: func(*exchange.Exchange) script { return script{} }})
	for _, stream := range []bool{false, true} {
		got := r.ask(t.Context(), "openai", chat("gpt", "hello", stream))
		if got.StatusCode != 200 || strings.Contains(got.body, "error") { // a nil function would have panicked
			t.Errorf("stream %v: %d %s", stream, got.StatusCode, got.body)
		}
	}
}
