package envoytest

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// Patience bounds every wait for Envoy; none is expected to last so long.
const Patience = 20 * time.Second

// Envoy is one running process.
type Envoy struct {
	log    Buffer
	admin  *http.Client
	exited chan struct{} // closed when the process has ended
}

// Start runs Envoy with a bootstrap, as JSON or YAML, until the test ends, and
// returns when it is ready: with its listeners, wherever it takes them from.
func Start(t testing.TB, config []byte) *Envoy {
	t.Helper()
	e := Run(t, config)
	e.AwaitReady(t)
	return e
}

// Run is Start without waiting, for an Envoy that does not become ready. The admin
// interface is added to the bootstrap, on a Unix socket.
func Run(t testing.TB, config []byte) *Envoy {
	t.Helper()
	path := Path(t)
	dir, err := os.MkdirTemp("", "envoy") // a test's own folder is too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	socket := filepath.Join(dir, "admin.sock")
	e := &Envoy{exited: make(chan struct{}), admin: adminClient(socket)}
	cmd := exec.Command(path, "-c", write(t, config), "--config-yaml", fmt.Sprintf("{admin: {address: {pipe: {path: %q}}}}", socket),
		"--concurrency", "1", "--log-level", "warn", "--disable-hot-restart")
	cmd.Stdout, cmd.Stderr = &e.log, &e.log
	if err := cmd.Start(); err != nil {
		t.Fatalf("starting Envoy: %v", err)
	}
	go func() {
		_ = cmd.Wait()
		close(e.exited)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-e.exited
		if t.Failed() {
			t.Logf("Envoy's log:\n%s", e.Log())
		}
	})
	return e
}

func adminClient(socket string) *http.Client {
	var d net.Dialer
	return &http.Client{Timeout: Patience, Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return d.DialContext(ctx, "unix", socket)
		},
	}}
}

// AwaitReady returns when Envoy says that it is ready, and fails the test if it ends or
// takes too long.
func (e *Envoy) AwaitReady(t testing.TB) {
	t.Helper()
	e.Await(t, "ready", func() bool {
		_, err := e.Ask("/ready")
		return err == nil
	})
}

// Await returns when a condition on Envoy holds, and fails the test if Envoy ends or it
// takes too long. The condition is asked for again and again.
func (e *Envoy) Await(t testing.TB, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(Patience)
	for !holds() {
		select {
		case <-e.exited:
			t.Fatalf("Envoy ended; waiting for: %s", what)
		case <-deadline:
			t.Fatalf("not within %v: %s", Patience, what)
		case <-tick.C:
		}
	}
}

// Ask asks the admin interface for a path with its query.
func (e *Envoy) Ask(path string) (string, error) {
	resp, err := e.admin.Get("http://envoy" + path)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return "", err
	}
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s: status %d", path, resp.StatusCode)
	}
	return string(body), nil
}

// Log returns what Envoy has logged so far.
func (e *Envoy) Log() string { return e.log.String() }
