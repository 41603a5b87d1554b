package facts_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/headgate/headgate/envoy/envoytest"
)

// patience bounds every wait in these tests; none is expected to last so long.
const patience = 10 * time.Second

// binary returns the path of the Envoy to be tested, and skips the test if there is none,
// unless CI=true.
func binary(t *testing.T) string {
	t.Helper()
	path := os.Getenv("HEADGATE_ENVOY")
	if path == "" {
		path, _ = exec.LookPath("envoy")
	}
	if path == "" {
		const text = "no Envoy: set HEADGATE_ENVOY, or put envoy on PATH"
		if os.Getenv("CI") == "true" {
			t.Fatal(text)
		}
		t.Skip(text)
	}
	return path
}

var version = sync.OnceValues(func() ([2]int, error) {
	path := os.Getenv("HEADGATE_ENVOY")
	if path == "" {
		path = "envoy"
	}
	out, err := exec.Command(path, "--version").Output()
	if err != nil {
		return [2]int{}, fmt.Errorf("%s --version: %w", path, err)
	}
	// ... version: <commit>/1.40.0/Clean/RELEASE/BoringSSL
	parts := strings.Split(string(out), "/")
	for _, part := range parts {
		numbers := strings.SplitN(part, ".", 3)
		if len(numbers) != 3 {
			continue
		}
		major, err1 := strconv.Atoi(numbers[0])
		minor, err2 := strconv.Atoi(numbers[1])
		if err1 == nil && err2 == nil {
			return [2]int{major, minor}, nil
		}
	}
	return [2]int{}, fmt.Errorf("%s --version: no version in %q", path, out)
})

// needs skips the test on an Envoy older than 1.minor.
func needs(t *testing.T, minor int) {
	t.Helper()
	binary(t)
	v, err := version()
	if err != nil {
		t.Fatal(err)
	}
	if v[0] == 1 && v[1] < minor {
		t.Skipf("Envoy %d.%d: the fact holds from 1.%d on", v[0], v[1], minor)
	}
}

// startEnvoy runs one Envoy with the configuration until the test ends, and
// returns when its listeners take connections.
func startEnvoy(t *testing.T, config []byte, adminPort int) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "envoy.yaml")
	if err := os.WriteFile(file, config, 0o600); err != nil {
		t.Fatal(err)
	}
	var log envoytest.Buffer
	cmd := exec.Command(binary(t), "-c", file, "--concurrency", "1", "-l", "warn", "--use-dynamic-base-id", "--drain-time-s", "0")
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatalf("starting Envoy: %v", err)
	}
	exited := make(chan error, 1)
	go func() { exited <- cmd.Wait() }()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-exited
		if t.Failed() {
			t.Logf("Envoy's log:\n%s", log.String())
		}
	})
	awaitReady(t, adminPort, exited)
}

func awaitReady(t *testing.T, adminPort int, exited chan error) {
	t.Helper()
	url := fmt.Sprintf("http://127.0.0.1:%d/ready", adminPort)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(patience)
	for {
		select {
		case err := <-exited:
			exited <- err // for the cleanup
			t.Fatalf("Envoy exited before it was ready: %v", err)
		case <-deadline:
			t.Fatalf("Envoy was not ready after %v", patience)
		case <-tick.C:
		}
		resp, err := http.Get(url)
		if err != nil {
			continue
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
		if resp.StatusCode == http.StatusOK {
			return
		}
	}
}

// freePort returns a port on which nothing listened a moment ago.
func freePort(t *testing.T) int {
	t.Helper()
	return int(envoytest.FreePort(t))
}
