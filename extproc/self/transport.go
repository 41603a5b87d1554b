package self

import (
	"context"
	"net"
	"net/http"
	"time"
)

// keepIdle is how long a connection waits for its next call, and maxIdle how many do.
const (
	keepIdle = time.Minute
	maxIdle  = 16
)

// transport speaks HTTP/1.1 over a Unix socket, whatever a URL's host.
func transport(socket string) *http.Transport {
	dialer := &net.Dialer{}
	return &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, "unix", socket)
		},
		DisableCompression: true, MaxIdleConns: maxIdle, MaxIdleConnsPerHost: maxIdle, IdleConnTimeout: keepIdle,
	}
}

// stay follows no redirect: the answer is the caller's.
func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
