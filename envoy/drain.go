package envoy

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// Drain makes Envoy accept no more connections and waits until no request is in
// flight, or until ctx is done.
func (c *Child) Drain(ctx context.Context) error {
	for _, path := range []string{"/healthcheck/fail", "/drain_listeners"} {
		if _, err := c.ask(ctx, http.MethodPost, path); err != nil {
			return fmt.Errorf("draining Envoy: %w", err)
		}
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		text, err := c.ask(ctx, http.MethodGet, "/stats?filter=^http.gateway.downstream_rq_active$")
		if err != nil {
			return fmt.Errorf("draining Envoy: %w", err)
		}
		// Without a listener there is no such number, and no request either.
		if text = strings.TrimSpace(text); text == "" || strings.HasSuffix(text, ": 0") {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("draining Envoy: requests are still in flight: %w", ctx.Err())
		}
	}
}

// ReopenLogs has Envoy open the files of its access logs anew.
func (c *Child) ReopenLogs(ctx context.Context) error {
	if _, err := c.ask(ctx, http.MethodPost, "/reopen_logs"); err != nil {
		return fmt.Errorf("reopening Envoy's logs: %w", err)
	}
	return nil
}

func (c *Child) ask(ctx context.Context, method, path string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, method, "http://envoy"+path, nil)
	if err != nil {
		return "", err
	}
	resp, err := c.admin.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return "", err
	}
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s: status %d", path, resp.StatusCode)
	}
	return string(b), nil
}
