package answers

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// TestUploadsAtOnce holds that uploads that fit within limits.memory to the byte all reach their
// provider, that the one too many is refused in the client's dialect, and that there is room again
// once they have ended. HEADGATE_UPLOAD_MIB is how many MiB one has, 1 by default.
func TestUploadsAtOnce(t *testing.T) {
	t.Parallel()
	const uploads = 20
	size, _ := strconv.Atoi(os.Getenv("HEADGATE_UPLOAD_MIB"))
	size = max(1, size)
	long := size << 20
	g, p := gatewaytest.Serve(t, fmt.Sprintf("limits: {body: %dMiB, memory: %dMiB}\n", size+1, uploads*size))
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	for i := range uploads {
		path, model := "/v1/chat/completions", "once"
		if i%2 == 1 {
			path, model = "/v1/messages", "once-claude"
		}
		r := gatewaytest.ChatRequest(path, bodyOf(long, model, i%2 == 1), "hang=headers", "anthropic-version", "2023-06-01")
		r.Chunked = i%5 == 0
		go func() {
			if a, err := g.Try(ctx, r); err == nil && a.Err == nil {
				t.Errorf("answered with status %d: %.300s", a.Status, a.Body)
			}
		}()
	}
	received, stop := context.WithTimeout(ctx, time.Minute)
	defer stop()
	if err := p.WaitReceived(received, uploads); err != nil {
		t.Fatalf("not all uploads are at the provider: %v", err)
	}
	if held := g.Metric("headgate_bodies_held_bytes"); held != float64(uploads*long) {
		t.Errorf("%v bytes are held", held)
	}
	checkOneTooMany(t, g)
	cancel()
	g.Eventually("there is room again", func() bool { return g.Metric("headgate_bodies_held_bytes") == 0 })
	gatewaytest.MustOK(t, g.Chat(bodyOf(long, "once", false), ""))
}

func checkOneTooMany(t *testing.T, g *gatewaytest.Gateway) {
	t.Helper()
	for _, claude := range []bool{false, true} {
		kind, a := "server_error", gatewaytest.Answer{}
		if claude {
			kind, a = "overloaded_error", g.Messages(gatewaytest.MessageBody("once-claude", "", false), "")
		} else {
			a = g.Chat(gatewaytest.ChatBody("once", "", false), "")
		}
		if a.Status != 503 || a.Header.Get("retry-after") != "1" {
			t.Fatalf("status %d, retry-after %q: %s", a.Status, a.Header.Get("retry-after"), a.Body)
		}
		gatewaytest.CheckRefusal(t, a, claude, kind, "gateway_memory_full")
		if row := g.Row(gatewaytest.RefusedExchange(a)); row.Outcome != "gateway_error" || row.By != "gateway" || row.Status != 503 {
			t.Errorf("row %+v", row)
		}
	}
	if n := g.Metric(`headgate_bodies_refused_total{body="request"}`); n != 2 {
		t.Errorf("%v refusals are counted", n)
	}
}
