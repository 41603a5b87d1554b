package streams

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// TestSlowReadersHoldLittle holds that clients which do not read their streams for a while have Envoy
// hold a bounded part of them, over HTTP/1.1 and HTTP/2, and that each gets every token once it reads.
func TestSlowReadersHoldLittle(t *testing.T) {
	t.Parallel()
	const readers, tokens, each = 6, 100_000, 12 << 20 // streams of 28 MB
	p := gatewaytest.Simulate(t, gatewaytest.Keyless)
	g := gatewaytest.Start(t, gatewaytest.PolicyFor(p, "  long: {chain: [sim/plain], retries: 0, idle_timeout: 60s}\n")+"limits: {stall: 20s}\n",
		gatewaytest.Options{Env: []string{gatewaytest.BackendKeyName + "=" + gatewaytest.BackendKey}})
	envoy := g.EnvoyPID()
	before := peakOf(t, envoy)
	all := make([]*http.Response, readers)
	for i := range all {
		all[i] = openStream(t, g, "long", i%2 == 0, fmt.Sprintf("tokens=%d", tokens))
	}
	awaitStandstill(g)
	if more := peakOf(t, envoy) - before; more > readers*each {
		t.Errorf("Envoy holds %d MiB for %d clients that do not read", more>>20, readers)
	}
	var reading sync.WaitGroup
	for _, resp := range all {
		reading.Go(func() {
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			if n := strings.Count(string(body), `"content":"`); err != nil || n < tokens || !strings.Contains(string(body[max(len(body)-1000, 0):]), "data: [DONE]") {
				t.Errorf("%s: %d pieces of text of %d in %d bytes, %v", resp.Proto, n, tokens, len(body), err)
			}
		})
	}
	reading.Wait()
}

// openStream asks for a stream by a connection of its own, and reads its headers alone.
func openStream(t *testing.T, g *gatewaytest.Gateway, model string, http2 bool, sim string) *http.Response {
	t.Helper()
	transport := &http.Transport{Protocols: new(http.Protocols), HTTP2: &http.HTTP2Config{MaxReceiveBufferPerStream: 64 << 10}}
	transport.Protocols.SetHTTP1(!http2)
	transport.Protocols.SetUnencryptedHTTP2(http2)
	t.Cleanup(transport.CloseIdleConnections)
	req, err := http.NewRequest(http.MethodPost, g.URL+"/v1/chat/completions", strings.NewReader(gatewaytest.ChatBody(model, "", true)))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("content-type", "application/json")
	req.Header.Set("x-sim", sim)
	resp, err := transport.RoundTrip(req)
	if err != nil || resp.StatusCode != http.StatusOK || (resp.ProtoMajor == 2) != http2 {
		t.Fatalf("%+v, %v", resp, err)
	}
	return resp
}

// awaitStandstill waits until no more messages of streams come to ext_proc.
func awaitStandstill(g *gatewaytest.Gateway) {
	still, last := 0, -1.0
	g.Eventually("nothing moves any more", func() bool {
		n := g.Metric(`headgate_extproc_phase_seconds_count{phase="response_body"}`)
		if still++; n != last {
			still, last = 0, n
		}
		time.Sleep(50 * time.Millisecond)
		return still >= 6
	})
}

var peak = regexp.MustCompile(`VmHWM:\s+(\d+) kB`)

// peakOf is the most memory that a process has had, in bytes.
func peakOf(t *testing.T, pid int) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	m := peak.FindSubmatch(status)
	if m == nil {
		t.Skip("the kernel does not say how much memory a process has had")
	}
	kib, err := strconv.Atoi(string(m[1]))
	if err != nil {
		t.Fatal(err)
	}
	return kib << 10
}
