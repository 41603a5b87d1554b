package door

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/policy/pairpb"
	"github.com/headgate/headgate/policy/policypb"
)

// TestImpostorsFindPortsShut asks every port of a control plane and a pair as somebody who may not:
// a rogue pair, a web page, and whoever has an admin key and wants what the files do not read.
func TestImpostorsFindPortsShut(t *testing.T) {
	t.Parallel()
	p := gatewaytest.Simulate(t, gatewaytest.Keyless)
	env := []string{gatewaytest.BackendKeyName + "=" + gatewaytest.BackendKey, "DOOR_KEY=" + key, "ANOTHER=another-canary-77aa"}
	f := gatewaytest.StartFleet(t, gatewaytest.FleetOptions{Policy: gatewaytest.PolicyFor(p, "") + callers, Env: env, XDSEnv: env})
	t.Run("pairs", func(t *testing.T) { roguePairs(t, f) })
	t.Run("admin", func(t *testing.T) { strangeAdmins(t, f) })
	t.Run("operations", func(t *testing.T) { strangeScrapers(t, f) })
	t.Run("policies", func(t *testing.T) { greedyPolicies(t, f, p) })
	if a := f.Pairs[0].Ask(with("POST", "/v1/chat/completions", gatewaytest.ChatBody("plain", "", false))); a.Status != 200 {
		t.Errorf("afterwards: status %d: %s", a.Status, a.Body)
	}
}

// roguePairs are refused whatever they say of themselves, on both services of the port.
func roguePairs(t *testing.T, f *gatewaytest.Fleet) {
	secret, err := os.ReadFile(filepath.Join(f.Dir, "xds-1", "xds.token"))
	if err != nil {
		t.Fatal(err)
	}
	conn, err := grpc.NewClient(f.XDS[0].Addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	for name, shows := range map[string][]string{
		"nothing":                       nil,
		"a token of its own":            {"headgate-pair-proof", fmt.Sprintf("nonce %d %064d", time.Now().Unix(), 0)},
		"the token in clear":            {"headgate-pair-proof", strings.TrimSpace(string(secret))},
		"the token as a bearer's":       {"authorization", "Bearer " + strings.TrimSpace(string(secret))},
		"two proofs":                    {"headgate-pair-proof", "a", "headgate-pair-proof", "b"},
		"the control plane's own proof": {"headgate-control-plane-proof", "a"},
	} {
		for _, node := range []string{"a-stranger", f.Pairs[0].Node} {
			for service, ask := range map[string]func(context.Context, *grpc.ClientConn, string) error{"policy": askPolicy, "link": askLink} {
				ctx, cancel := context.WithTimeout(metadata.AppendToOutgoingContext(t.Context(), shows...), 10*time.Second)
				if err := ask(ctx, conn, node); status.Code(err) != codes.Unauthenticated {
					t.Errorf("%s: %s shows %s: %v", service, node, name, err)
				}
				cancel()
			}
		}
	}
	if n := f.XDS[0].Metric("headgate_xds_token_refusals_total"); n != 24 {
		t.Errorf("%g refusals are counted", n)
	}
	if out := f.XDS[0].Status(); strings.Contains(out, "a-stranger") {
		t.Errorf("the status has a rogue pair:\n%s", out)
	}
	if n := strings.Count(f.XDS[0].Log(), "a pair was refused"); n == 0 || n > 20 {
		t.Errorf("the log says %d times that a pair was refused", n)
	}
}

// askPolicy asks for the policy, as a pair does.
func askPolicy(ctx context.Context, conn *grpc.ClientConn, node string) error {
	stream, err := discoveryv3.NewAggregatedDiscoveryServiceClient(conn).DeltaAggregatedResources(ctx)
	if err != nil {
		return err
	}
	_ = stream.Send(&discoveryv3.DeltaDiscoveryRequest{TypeUrl: policypb.TypeURL, Node: &corev3.Node{Id: node, Cluster: "headgate", UserAgentName: policypb.PairAgent}})
	_, err = stream.Recv()
	return err
}

// askLink opens a pair's link.
func askLink(ctx context.Context, conn *grpc.ClientConn, node string) error {
	stream, err := pairpb.NewPairServiceClient(conn).Link(ctx)
	if err != nil {
		return err
	}
	_ = stream.Send(&pairpb.LinkRequest{})
	_, err = stream.Recv()
	return err
}

// call is a request to a port that must be refused.
type call struct {
	name, method, path string
	header             map[string]string // host is one
	want               int
}

func (c call) ask(t *testing.T, addr string) (body string) {
	t.Helper()
	var text io.Reader
	if c.method == http.MethodPost {
		text = strings.NewReader("{}")
	}
	r, err := http.NewRequestWithContext(t.Context(), c.method, "http://"+addr+c.path, text)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range c.header {
		r.Header.Set(name, value)
	}
	if host := r.Header.Get("host"); host != "" {
		r.Host = host
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != c.want {
		t.Errorf("%s: status %d, want %d: %.200s", c.name, resp.StatusCode, c.want, answer)
	}
	return string(answer)
}

// strangeAdmins have no key, or a web page has the browser of somebody who has one ask.
func strangeAdmins(t *testing.T, f *gatewaytest.Fleet) {
	data, err := os.ReadFile(filepath.Join(f.Dir, "xds-1", "admin.key"))
	if err != nil {
		t.Fatal(err)
	}
	secret := strings.TrimSpace(string(data))
	bearer := "Bearer " + secret
	const push, read = "/api/v1/policy/push", "/api/v1/policy"
	for _, c := range []call{
		{"no key", http.MethodGet, read, nil, 401},
		{"a wrong key", http.MethodGet, read, map[string]string{"authorization": bearer + "x"}, 401},
		{"a caller's key", http.MethodGet, read, map[string]string{"authorization": "Bearer " + key}, 401},
		{"the key as x-api-key", http.MethodGet, read, map[string]string{"x-api-key": secret}, 401},
		{"the key as a cookie", http.MethodGet, read, map[string]string{"cookie": "key=" + secret}, 401},
		{"the key in the query", http.MethodGet, read + "?key=" + secret, nil, 401},
		{"an unknown path without a key", http.MethodGet, "/api/v1/nothing", nil, 404},
		{"a path that climbs", http.MethodGet, "/api/v1/../../admin.key", map[string]string{"authorization": bearer}, 404},
		{"a name that leads here", http.MethodGet, read, map[string]string{"authorization": bearer, "host": "evil.example"}, 403},
		{"a name that leads here, with the port", http.MethodGet, read, map[string]string{"authorization": bearer, "host": "evil.example:8081"}, 403},
		{"a name that begins like loopback", http.MethodGet, read, map[string]string{"authorization": bearer, "host": "127.0.0.1.evil.example"}, 403},
		{"a page of another site", http.MethodPost, push, map[string]string{"authorization": bearer, "origin": "https://evil.example", "content-type": "application/json"}, 403},
		{"a fetch of another site", http.MethodPost, push, map[string]string{"authorization": bearer, "sec-fetch-site": "cross-site", "content-type": "application/json"}, 403},
		{"a page without an origin", http.MethodPost, push, map[string]string{"authorization": bearer, "origin": "null", "content-type": "application/json"}, 403},
	} {
		if body := c.ask(t, f.XDS[0].Admin); strings.Contains(body, secret) {
			t.Errorf("%s: the answer has the key", c.name)
		}
	}
}

// strangeScrapers ask the operations ports by names that are not this machine's.
func strangeScrapers(t *testing.T, f *gatewaytest.Fleet) {
	for _, addr := range []string{f.XDS[0].Ops, strings.TrimPrefix(f.Pairs[0].Ops, "http://")} {
		for _, path := range []string{"/metrics", "/readyz", "/debug/pprof/", "/debug/pprof/cmdline"} {
			for _, host := range []string{"evil.example", "localhost.evil.example:9090", "127.0.0.1.nip.io"} {
				call{path + " as " + host, http.MethodGet, path, map[string]string{"host": host}, 403}.ask(t, addr)
			}
		}
	}
}

// greedyPolicies are pushed by somebody who has an admin key, and would have Headgate read what the
// policy's file does not. The files are there, and none is waited for.
func greedyPolicies(t *testing.T, f *gatewaytest.Fleet, p *gatewaytest.Provider) {
	dir := t.TempDir()
	pipe, link := filepath.Join(dir, "pipe"), filepath.Join(dir, "link")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/etc/passwd", link); err != nil {
		t.Fatal(err)
	}
	token := filepath.Join(f.Dir, "xds-1", "xds.token")
	backend := func(more string) string { return "  evil: {provider: openai-compatible, " + more + "}\n" }
	top := func(section string) func(string) string {
		return func(text string) string { return text + section + "\n" }
	}
	in := func(more string) func(string) string {
		return func(text string) string { return strings.Replace(text, "\nmodels:", "\n"+backend(more)+"models:", 1) }
	}
	o := gatewaytest.NewOperator(t, f.XDS[0].Admin)
	for name, edit := range map[string]func(string) string{
		"a variable":              in("url: \"https://evil.example/v1\", credential: {env: ANOTHER}"),
		"the backend's key":       in("url: \"https://evil.example/v1\", credential: {env: " + gatewaytest.BackendKeyName + "}"),
		"the key over plain HTTP": in("url: \"http://127.0.0.1:1/v1\", credential: {env: " + gatewaytest.BackendKeyName + "}"),
		"a metadata server":       in("url: \"http://169.254.169.254/v1\", credential: {env: " + gatewaytest.BackendKeyName + "}"),
		"a header":                in("url: \"https://evil.example/v1\", headers: {x-key: {env: ANOTHER}}"),
		"the environment":         in("url: \"https://evil.example/v1\", credential: {file: /proc/self/environ}"),
		"a device":                in("url: \"https://evil.example/v1\", credential: {file: /dev/zero}"),
		"a pipe":                  in("url: \"https://evil.example/v1\", credential: {file: " + pipe + "}"),
		"a link":                  in("url: \"https://evil.example/v1\", credential: {file: " + link + "}"),
		"a path that climbs":      in("url: \"https://evil.example/v1\", credential: {file: " + dir + "/../../../etc/shadow}"),
		"the token of pairs":      in("url: \"https://evil.example/v1\", credential: {file: " + token + "}"),
		"roots":                   in("url: \"https://evil.example/v1\", ca_file: /dev/zero"),
		"a caller's key":          top("managed_keys: true\nredis: {url: {env: DOOR_KEY}}"),
		"Redis":                   top("redis: {url: {file: /dev/zero}}"),
		"PostgreSQL":              top("store: {postgres: {file: /dev/zero}}"),
		"SQLite":                  top("store: {sqlite: " + dir + "/x.db}"),
		"the key of ids":          top("state: {key: {env: ANOTHER}}"),
		"words":                   top("guards: {input: [{words: {file: " + pipe + "}}]}"),
		"a schema":                top("guards: {output: [{format: {schema_file: /dev/zero}}]}"),
		"a webhook":               top("guards: {input: [{webhook: {url: \"http://169.254.169.254/latest\", bearer: {env: ANOTHER}}}]}"),
		"a certificate":           top("listen: {address: \"127.0.0.1:1\", tls: {cert: /dev/zero, key: " + pipe + "}}"),
	} {
		path := filepath.Join(dir, "pushed.yaml")
		gatewaytest.Overwrite(t, path, edit(gatewaytest.PolicyFor(p, "")+callers))
		out := o.Says(1, []string{"policy", "push", path, "--author", "eve", "--reason", name}, "may not be used", "--allow")
		if strings.Contains(out, "another-canary") {
			t.Errorf("%s: %s", name, out)
		}
	}
}
