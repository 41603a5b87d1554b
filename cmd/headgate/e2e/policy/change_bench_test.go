package policy

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	resourcev3 "github.com/envoyproxy/go-control-plane/pkg/resource/v3"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/proto"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc"
	"github.com/headgate/headgate/extproc/cache"
	"github.com/headgate/headgate/extproc/guard"
	"github.com/headgate/headgate/extproc/ledger/shared"
	"github.com/headgate/headgate/extproc/limit"
	"github.com/headgate/headgate/extproc/provider"
	"github.com/headgate/headgate/extproc/sim"
	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/policypb"
	"github.com/headgate/headgate/xds/snapshot"
)

// large is a policy of many models, each with a chain of two of many backends.
func large(models, backends int, extra string) string {
	var b strings.Builder
	b.WriteString("version: 1\nunpriced: flag\nbackends:\n")
	for i := range backends {
		fmt.Fprintf(&b, "  b%d: {provider: openai-compatible, url: \"http://127.0.0.1:%d/v1\"}\n", i, 20000+i)
	}
	b.WriteString("models:\n")
	for i := range models {
		fmt.Fprintf(&b, "  m%d: {chain: [b%d/x, b%d/y]}\n", i, i%backends, (i+1)%backends)
	}
	return b.String() + extra
}

// BenchmarkPolicyCompile measures the steps between a changed file and what is sent.
func BenchmarkPolicyCompile(b *testing.B) {
	for _, models := range []int{1, 100, 2000} {
		text := []byte(large(models, min(models+1, 200), ""))
		set, err := policy.Parse("policy.yaml", text)
		if err != nil {
			b.Fatal(err)
		}
		wire := set.Wire()
		kinds := extproc.Kinds(extproc.Options{Limits: limit.Options{Stores: shared.New(shared.Options{Now: time.Now}, prometheus.NewRegistry()), Reg: prometheus.NewRegistry(), Now: time.Now}, Guards: guard.Options{Reg: prometheus.NewRegistry()}, Cache: cache.Options{Now: time.Now, Reg: prometheus.NewRegistry()}, Provider: provider.Options{LookupEnv: func(string) (string, bool) { return "", false }, Now: time.Now}})
		var next snapshot.Builder
		built, err := next.Build(set, snapshot.Options{})
		if err != nil {
			b.Fatal(err)
		}
		for _, step := range []struct {
			name string
			do   func() error
		}{
			{"parse", func() error { _, err := policy.Parse("policy.yaml", text); return err }},
			{"build", func() error { _, err := snapshot.Build(set, snapshot.Options{}); return err }},
			{"build next", func() error { _, err := next.Build(set, snapshot.Options{}); return err }},
			{"encode", func() error { _, err := built.Set(""); return err }},
			{"receive", func() error { _, err := policy.FromWire(wire); return err }},
			{"pipeline", func() error {
				_, err := extproc.NewPipeline(set, kinds)
				return err
			}},
		} {
			b.Run(fmt.Sprintf("models=%d/%s", models, step.name), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if err := step.do(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkPolicyChange measures how long a change takes from the moment that the file
// is replaced to the first request that the new policy serves, through separate
// processes and a real Envoy; what a change of one weight sends to a pair; and what the
// control plane and the pair keep in memory. It reports figures and fails on none.
func BenchmarkPolicyChange(b *testing.B) {
	provider := gatewaytest.Simulate(b, sim.Options{Keyless: true})
	for _, models := range []int{1, 100, 2000} {
		b.Run(fmt.Sprintf("routes=%d", 2*(models+2)), func(b *testing.B) {
			text := func(round, weight int) string {
				return strings.Replace(large(models, min(models+1, 200), fmt.Sprintf(
					"  probe: b/round-%d\n  split: {chain: [[{use: b/one, weight: %d}, {use: b/two, weight: 100}]]}\n", round, weight)),
					"backends:\n", fmt.Sprintf("backends:\n  b: {provider: openai-compatible, url: %q}\n", provider.URL), 1)
			}
			f := gatewaytest.StartFleet(b, gatewaytest.FleetOptions{Policy: text(0, 1)})
			client := followBytes(b, f.XDS[0].Addr)
			var took []time.Duration
			for b.Loop() {
				round := len(took) + 1
				began := time.Now()
				f.Write(text(round, 1))
				for f.Pairs[0].Ask(gatewaytest.ChatRequest("/v1/chat/completions", gatewaytest.ChatBody("probe", "?", false), "")).Header.Get("x-headgate-model") != fmt.Sprintf("round-%d", round) {
				}
				took = append(took, time.Since(began))
			}
			slices.Sort(took)
			b.ReportMetric(ms(took[len(took)/2]), "median-ms")
			b.ReportMetric(ms(took[len(took)*99/100]), "p99-ms")
			b.ReportMetric(0, "ns/op")
			client.reset(b)
			f.Write(text(len(took), 7))
			toPolicy, toEnvoy := client.sent(b)
			b.ReportMetric(toPolicy, "weight-policy-bytes")
			b.ReportMetric(toEnvoy, "weight-envoy-bytes")
			b.ReportMetric(rss(b, f.XDS[0].Pid()), "xds-MiB")
			b.ReportMetric(rss(b, f.Pairs[0].ExtProc.Pid()), "extproc-MiB")
			b.ReportMetric(rss(b, f.Pairs[0].Envoy.Pid()), "envoy-MiB")
		})
	}
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// rss is what a process has in memory, in MiB.
func rss(b *testing.B, pid int) float64 {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Skip("memory is read from /proc")
	}
	for line := range strings.Lines(string(text)) {
		var kib float64
		if _, err := fmt.Sscanf(line, "VmRSS: %f kB", &kib); err == nil {
			return kib / 1024
		}
	}
	b.Fatal("no VmRSS")
	return 0
}

// byteCount follows a control plane as a pair does, takes everything, and counts the
// bytes of messages by type.
type byteCount struct {
	stream discoveryv3.AggregatedDiscoveryService_DeltaAggregatedResourcesClient
	mu     sync.Mutex
	bytes  map[string]int
	last   time.Time
}

func followBytes(b *testing.B, addr string) *byteCount {
	b.Helper()
	conn, err := grpc.NewClient(addr, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(256<<20)))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = conn.Close() })
	c := &byteCount{bytes: map[string]int{}}
	if c.stream, err = discoveryv3.NewAggregatedDiscoveryServiceClient(conn).DeltaAggregatedResources(b.Context()); err != nil {
		b.Fatal(err)
	}
	for _, typ := range []string{policypb.TypeURL, resourcev3.ClusterType, resourcev3.ListenerType, resourcev3.RouteType} {
		if err := c.stream.Send(&discoveryv3.DeltaDiscoveryRequest{Node: &corev3.Node{Id: "counter", Cluster: "headgate", UserAgentName: policypb.PairAgent}, TypeUrl: typ, ResourceNamesSubscribe: []string{"*"}}); err != nil {
			b.Fatal(err)
		}
	}
	go c.count()
	return c
}

func (c *byteCount) count() {
	for {
		msg, err := c.stream.Recv()
		if err != nil {
			return
		}
		c.mu.Lock()
		c.bytes[msg.GetTypeUrl()] += proto.Size(msg)
		c.last = time.Now()
		c.mu.Unlock()
		_ = c.stream.Send(&discoveryv3.DeltaDiscoveryRequest{TypeUrl: msg.GetTypeUrl(), ResponseNonce: msg.GetNonce()})
	}
}

// quiet waits until something has come since a moment, and then nothing for a while.
func (c *byteCount) quiet(b *testing.B, since time.Time) {
	b.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		c.mu.Lock()
		last := c.last
		c.mu.Unlock()
		if last.After(since) && time.Since(last) > 500*time.Millisecond {
			return
		}
		if time.Now().After(deadline) {
			b.Fatal("nothing was sent")
		}
	}
}

func (c *byteCount) reset(b *testing.B) {
	b.Helper()
	c.quiet(b, time.Time{})
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.bytes)
	c.last = time.Time{}
}

// sent counts what has come since reset.
func (c *byteCount) sent(b *testing.B) (toPolicy, toEnvoy float64) {
	b.Helper()
	c.quiet(b, time.Time{})
	c.mu.Lock()
	defer c.mu.Unlock()
	for typ, n := range c.bytes {
		if typ == policypb.TypeURL {
			toPolicy += float64(n)
		} else {
			toEnvoy += float64(n)
		}
	}
	return toPolicy, toEnvoy
}
