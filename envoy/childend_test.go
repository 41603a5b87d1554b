package envoy_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"go.uber.org/zap/zapcore"

	"github.com/headgate/headgate/envoy"
	"github.com/headgate/headgate/envoy/envoytest"
)

// supervised runs an Envoy with a bootstrap, as JSON or YAML, that has no admin
// interface yet.
func supervised(t *testing.T, config string) *child {
	t.Helper()
	dir, err := os.MkdirTemp("", "child") // a test's own folder is too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	admin, file := filepath.Join(dir, "a"), filepath.Join(dir, "envoy.yaml")
	text := fmt.Sprintf("admin: {address: {pipe: {path: %q}}}\n%s", admin, config)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return supervise(t, envoy.ChildOptions{Path: envoytest.Path(t), Config: file, Admin: admin, Concurrency: 1})
}

// cause waits until Envoy has ended and returns why.
func (c *child) cause(t *testing.T) error {
	t.Helper()
	patience, cancel := context.WithTimeout(t.Context(), envoytest.Patience)
	defer cancel()
	ctx, cancel := c.While(patience)
	defer cancel()
	<-ctx.Done()
	return context.Cause(ctx)
}

// TestRefusedConfigurationIsReported holds that who waits for an Envoy that refuses its
// configuration learns so at once and in Envoy's words, that they are in the log, and
// that such an Envoy is tried less and less often.
func TestRefusedConfigurationIsReported(t *testing.T) {
	c := supervised(t, "static_resources: {clusters: [{name: c, no_such_field: 1}]}")
	if err := c.cause(t); err == nil || !strings.Contains(err.Error(), "no_such_field") || !strings.Contains(err.Error(), "exit status 1") {
		t.Errorf("cause %v, want Envoy's words", err)
	}
	c.awaitRestarts(t, 2)
	for _, e := range c.logs.FilterMessage("Envoy ended; starting it again").All() {
		if text := e.ContextMap()["error"].(string); !strings.Contains(text, "no_such_field") || len(text) > 4<<10 {
			t.Errorf("the log says %q, want Envoy's words", text)
		}
	}
}

// TestLastWords holds what is taken for a process's last words: its latest errors and
// loose lines, each once and bounded, of its own life only.
func TestLastWords(t *testing.T) {
	count := filepath.Join(t.TempDir(), "count")
	for _, c := range []struct{ name, script, want string }{
		{"errors, not the rest", `printf 'info\ta\tone\nerror\tb\ttwo\ncritical\tc\tthree\nwarning\td\tfour\n'; exit 7`, "running Envoy: exit status 7: two; three"},
		{"loose lines", `echo 'unknown argument'; exit 1`, "running Envoy: exit status 1: unknown argument"},
		{"the same again, shorter", `printf 'critical\tm\terror: cannot read x, initializing\n'; echo 'cannot read x'; exit 1`, "running Envoy: exit status 1: cannot read x"},
		{"the latest", `for i in 1 2 3 4 5; do echo line $i; done; exit 1`, "running Envoy: exit status 1: line 3; line 4; line 5"},
		{"nothing", `exit 0`, "running Envoy: it ended by itself"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := shell(t, c.script).cause(t); err == nil || err.Error() != c.want {
				t.Errorf("cause %v, want %s", err, c.want)
			}
		})
	}
	t.Run("a life's own", func(t *testing.T) {
		c := shell(t, fmt.Sprintf(`[ -f %[1]s ] && exit 2; touch %[1]s; echo first; exit 1`, count))
		c.awaitRestarts(t, 2)
		all := c.logs.FilterMessage("Envoy ended; starting it again").All()
		if got := all[1].ContextMap()["error"]; got != "exit status 2" {
			t.Errorf("the second life's end is %q", got)
		}
	})
}

// TestWhileFollowsItsParent holds that While follows its parent while Envoy lives.
func TestWhileFollowsItsParent(t *testing.T) {
	c := shell(t, "exec sleep 60")
	cause := errors.New("enough")
	parent, end := context.WithCancelCause(t.Context())
	ctx, cancel := c.While(parent)
	defer cancel()
	if ctx.Err() != nil {
		t.Errorf("done while Envoy lives: %v", context.Cause(ctx))
	}
	end(cause)
	<-ctx.Done()
	if !errors.Is(context.Cause(ctx), cause) {
		t.Errorf("cause %v, want %v", context.Cause(ctx), cause)
	}
}

// TestScriptAroundEnvoy holds that Stop sends SIGTERM to what a script has started in
// Envoy's place, and not only to the script.
func TestScriptAroundEnvoy(t *testing.T) {
	file, kind := filepath.Join(t.TempDir(), "pid"), filepath.Join(t.TempDir(), "kind")
	inner := filepath.Join(t.TempDir(), "inner")
	text := fmt.Sprintf("trap 'touch %s; exit' TERM\necho $$ > %[2]s.part; mv %[2]s.part %[2]s\nwhile :; do sleep 0.02; done\n", kind, file)
	if err := os.WriteFile(inner, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c := shell(t, "/bin/sh "+inner+" & wait")
	pid := readPID(t, file)
	c.end(t)
	eventually(t, "the end of what the script started", func() bool { return !running(pid) })
	if _, err := os.Stat(kind); err != nil {
		t.Errorf("it was not told to end: %v", err)
	}
}

func readPID(t *testing.T, file string) int {
	t.Helper()
	var pid int
	eventually(t, "the process id", func() bool {
		text, err := os.ReadFile(file)
		if err != nil {
			return false
		}
		pid, err = strconv.Atoi(strings.TrimSpace(string(text)))
		return err == nil
	})
	return pid
}

// running reports whether a process that is no child of this one runs: dead ones may
// wait for whoever adopted them.
func running(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return alive(pid) && !errors.Is(err, os.ErrNotExist)
	}
	_, state, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(state, "Z")
}

// drained is an Envoy with one listener of the gateway's name, on a port.
const drained = `
static_resources:
  listeners:
  - name: gateway
    address: {socket_address: {address: 127.0.0.1, port_value: %d}}
    filter_chains:
    - filters:
      - name: hcm
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: gateway
          route_config: {virtual_hosts: [{name: all, domains: ["*"], routes: [{match: {prefix: /}, route: {cluster: c}}]}]}
          http_filters: [{name: router, typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}}]
  clusters: [{name: c, type: STATIC, load_assignment: {cluster_name: c, endpoints: [{lb_endpoints: [{endpoint: {address: {socket_address: {address: 127.0.0.1, port_value: %s}}}}]}]}}]
`

// TestDrainWaitsForRequests holds that Drain refuses new connections, lets the
// request that runs end, and returns then and not before.
func TestDrainWaitsForRequests(t *testing.T) {
	arrived, released := make(chan struct{}), make(chan struct{})
	release := sync.OnceFunc(func() { close(released) })
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(arrived)
		<-released
		_, _ = io.WriteString(w, "whole")
	}))
	t.Cleanup(backend.Close)
	t.Cleanup(release)
	port := envoytest.FreePort(t)
	_, backendPort, _ := net.SplitHostPort(strings.TrimPrefix(backend.URL, "http://"))
	c := supervised(t, fmt.Sprintf(drained, port, backendPort))
	addr := fmt.Sprintf("127.0.0.1:%d", port)
	dials := func() bool {
		conn, err := net.Dial("tcp", addr)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	}
	eventually(t, "the listener", dials)
	answer := make(chan string, 1)
	go func() {
		client := http.Client{Timeout: envoytest.Patience}
		resp, err := client.Get("http://" + addr)
		if err != nil {
			answer <- err.Error()
			return
		}
		defer func() { _ = resp.Body.Close() }()
		body, err := io.ReadAll(resp.Body)
		answer <- fmt.Sprint(string(body), " ", err)
	}()
	<-arrived
	end := make(chan error, 1)
	go func() { end <- c.Drain(t.Context()) }()
	eventually(t, "the listener's end", func() bool { return !dials() })
	select {
	case err := <-end:
		t.Fatalf("Drain returned %v while a request ran", err)
	default:
	}
	short, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Drain(short); !errors.Is(err, context.Canceled) {
		t.Errorf("Drain without time: %v", err)
	}
	release()
	if got := <-answer; got != "whole <nil>" {
		t.Errorf("the client got %q", got)
	}
	if err := <-end; err != nil {
		t.Errorf("Drain: %v", err)
	}
}

// TestDrainWithoutListener holds that an Envoy that never got a listener, because its
// port was taken, does not hold up the end of a failed start.
func TestDrainWithoutListener(t *testing.T) {
	c := startEnvoy(t)
	ctx, cancel := context.WithTimeout(t.Context(), envoytest.Patience)
	defer cancel()
	if err := c.Drain(ctx); err != nil {
		t.Error(err)
	}
}

// TestWarningsOfAStopAreForDebugging holds that what Envoy warns of as it is stopped is
// not shown to operators, and that its errors are.
func TestWarningsOfAStopAreForDebugging(t *testing.T) {
	c := shell(t, `trap 'printf "warning\tmain\tcaught\nerror\tmain\tfailed\n"; exit 0' TERM
printf 'warning\ta\tup\n'; while :; do sleep 0.01; done`)
	eventually(t, "the first line", func() bool { return c.logs.FilterMessage("up").Len() == 1 })
	c.end(t)
	for text, want := range map[string]zapcore.Level{"up": zapcore.WarnLevel, "caught": zapcore.DebugLevel, "failed": zapcore.ErrorLevel} {
		if got := c.logs.FilterMessage(text).All(); len(got) != 1 || got[0].Level != want {
			t.Errorf("%s: logged as %v, want it once at level %v", text, got, want)
		}
	}
}

// TestRefusedConfigurationsAreForDebugging holds that the lines in which Envoy refuses a configuration, as
// 1.40 writes them for a port that is taken, are not shown beside those of who has sent it, and others are.
func TestRefusedConfigurationsAreForDebugging(t *testing.T) {
	c := shell(t, `printf "error\tconfig\tlistener 'gateway' failed to bind or apply socket options: cannot bind\n"
printf "warning\tupstream\tlds: listener 'gateway' config rejected: cannot bind\n"
printf "warning\tconfig\tdelta config for envoy.Listener rejected: cannot bind\n"
printf "warning\tconfig\tgRPC config for envoy.Listener rejected: cannot bind\n"
printf "error\tmain\ta bootstrap was rejected: no\nwarning\tconfig\tdelta config for envoy.Listener is slow\n"; exec sleep 60`)
	eventually(t, "the last line", func() bool { return c.logs.FilterMessageSnippet("is slow").Len() == 1 })
	var shown []string
	for _, e := range c.logs.All() {
		if e.Level > zapcore.DebugLevel {
			shown = append(shown, e.Message)
		}
	}
	if want := []string{"a bootstrap was rejected: no", "delta config for envoy.Listener is slow"}; !slices.Equal(shown, want) {
		t.Errorf("shown %q, want %q", shown, want)
	}
}
