// Package stages holds what the skeleton promises to stages against a real Envoy.
package stages

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap/zaptest"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/envoy"
	"github.com/headgate/headgate/envoy/envoytest"
	"github.com/headgate/headgate/extproc"
	"github.com/headgate/headgate/extproc/cache"
	"github.com/headgate/headgate/extproc/guard"
	"github.com/headgate/headgate/extproc/ledger/shared"
	"github.com/headgate/headgate/extproc/limit"
	"github.com/headgate/headgate/extproc/provider"
	"github.com/headgate/headgate/extproc/record"
	"github.com/headgate/headgate/extproc/sim"
	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/policypb"
	"github.com/headgate/headgate/xds/snapshot"
)

// rig is a gateway in this process, with test stages above route, and Envoy beside it.
type rig struct {
	t        *testing.T
	set      *policy.Set
	URL      string
	provider *gatewaytest.Provider
	server   *extproc.Server
	kinds    []extproc.Kind
	closer   *record.Closer
	rows     *rows
}

// rows keeps the rows of exchanges that have ended.
type rows struct {
	mu   sync.Mutex
	all  []*policypb.Row
	more chan struct{}
}

// Take implements record.Sink.
func (r *rows) Take(row *policypb.Row) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, row)
	select {
	case r.more <- struct{}{}:
	default:
	}
}

// document has a model on a backend of each dialect, alone, in a chain and by weight.
func document(port uint16, url string, base string) string {
	return fmt.Sprintf(`
version: 1
listen: 127.0.0.1:%d
unpriced: flag
backends:
  gpt: {provider: openai-compatible, url: "%s", credential: {env: KEY}}
  claude: {provider: openai-compatible, dialect: anthropic, url: "%s", credential: {env: KEY}}
models:
  gpt: gpt/gpt-4o-mini
  claude: claude/claude-sonnet-4-6
  chain: {retries: 0, chain: [gpt/gpt-4o-mini, claude/claude-sonnet-4-6]}
  shared: {chain: [[{use: gpt/gpt-4o-mini, weight: 9}, {use: claude/claude-sonnet-4-6, weight: 1}]]}
  judged: {retries: 0, chain: [gpt/gpt-4o-mini, gpt/gpt-4o]}
  hasty-gpt: {chain: [gpt/gpt-4o-mini], idle_timeout: 700ms}
  hasty-claude: {chain: [claude/claude-sonnet-4-6], idle_timeout: 700ms}
  brief-gpt: {chain: [gpt/gpt-4o-mini], total: 1500ms}
  brief-claude: {chain: [claude/claude-sonnet-4-6], total: 1500ms}
%s`, port, url, url, base)
}

// start runs a gateway with test stages above the built-in ones but for record and caller: what
// stands above caller is entered with the headers, which caller looks at.
func start(t *testing.T, stages ...extproc.Kind) *rig {
	t.Helper()
	return startOrdered(t, func(kinds []extproc.Kind) []extproc.Kind { return slices.Insert(kinds, 2, stages...) })
}

// startOrdered runs a gateway with the kinds of stages that a test makes of the
// built-in ones.
func startOrdered(t *testing.T, order func([]extproc.Kind) []extproc.Kind) *rig {
	t.Helper()
	envoytest.Path(t)
	r := &rig{t: t, provider: gatewaytest.Simulate(t, sim.Options{}), rows: &rows{more: make(chan struct{}, 1)}}
	r.set = r.parse(document(envoytest.FreePort(t), r.provider.URL, ""))
	r.URL = r.set.Listen.URL()
	reg, log := prometheus.NewRegistry(), zaptest.NewLogger(t)
	r.closer = record.NewCloser(reg, nil, r.rows)
	r.kinds = extproc.Kinds(extproc.Options{Closer: r.closer, Limits: limit.Options{Stores: shared.New(shared.Options{Now: time.Now}, reg), Reg: reg, Now: time.Now}, Guards: guard.Options{Reg: reg}, Cache: cache.Options{Now: time.Now, Reg: reg}, Provider: provider.Options{
		LookupEnv: func(string) (string, bool) { return "sk-test", true }, Refused: func(string, int) {}, Warn: func(string) {}, Now: time.Now,
	}})
	r.kinds = order(r.kinds)
	r.server = extproc.NewServer(nil, extproc.NewMetrics(reg), log, time.Now)
	r.use(r.set)
	envoytest.Start(t, r.bootstrap(r.serve()))
	return r
}

// script gives the provider rules.
func (r *rig) script(t *testing.T, text string) {
	t.Helper()
	script, err := sim.ParseScript("script.yaml", []byte(text))
	if err == nil {
		err = r.provider.Script(script...)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func (r *rig) parse(text string) *policy.Set {
	r.t.Helper()
	set, err := policy.Parse("policy.yaml", []byte(text))
	if err != nil {
		r.t.Fatal(err)
	}
	return set
}

// use puts a policy into effect.
func (r *rig) use(set *policy.Set) {
	r.t.Helper()
	p, err := extproc.NewPipeline(set, r.kinds)
	if err != nil {
		r.t.Fatal(err)
	}
	r.server.Use(p)
}

// serve serves ext_proc and returns its socket.
func (r *rig) serve() string {
	r.t.Helper()
	dir, err := os.MkdirTemp("", "hg") // short: Unix socket paths are bounded
	if err != nil {
		r.t.Fatal(err)
	}
	socket := filepath.Join(dir, "s")
	l, err := extproc.Listen(socket)
	if err != nil {
		r.t.Fatal(err)
	}
	endings := extproc.NewAccessLog(r.closer.Ending)
	g := extproc.GRPC(r.server, endings)
	go func() { _ = g.Serve(l) }()
	r.t.Cleanup(func() {
		endings.Stop()
		g.Stop()
		_ = os.RemoveAll(dir)
	})
	return socket
}

// bootstrap is Envoy's configuration.
func (r *rig) bootstrap(socket string) []byte {
	r.t.Helper()
	static, err := snapshot.Static(r.set, snapshot.Options{})
	if err != nil {
		r.t.Fatal(err)
	}
	static.Clusters = append(static.Clusters, envoy.ExtProcCluster(socket))
	text, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(&bootstrapv3.Bootstrap{
		Node: &corev3.Node{Id: "test", Cluster: "test"}, StaticResources: static})
	if err != nil {
		r.t.Fatal(err)
	}
	return text
}

// row waits for the n-th row and returns it.
func (r *rig) row(n int) *policypb.Row {
	r.t.Helper()
	deadline := time.After(envoytest.Patience)
	for {
		r.rows.mu.Lock()
		all := r.rows.all
		r.rows.mu.Unlock()
		if len(all) >= n {
			return all[n-1]
		}
		select {
		case <-r.rows.more:
		case <-deadline:
			r.t.Fatalf("%d rows, want %d", len(all), n)
		}
	}
}

// reply is what a client got.
type reply struct {
	*http.Response
	body string
	err  error // of the body: it broke off
}

// ask sends a request in a dialect, and reads the whole answer.
func (r *rig) ask(ctx context.Context, dialect, body string, headers ...string) reply {
	r.t.Helper()
	resp, err := r.send(ctx, dialect, body, headers...)
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	return reply{resp, string(text), err}
}

// send sends a request and returns the answer's headers.
func (r *rig) send(ctx context.Context, dialect, body string, headers ...string) (*http.Response, error) {
	path := "/v1/chat/completions"
	if dialect == "anthropic" {
		path = "/v1/messages"
		headers = append(headers, "anthropic-version", "2023-06-01")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.URL+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("content-type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: (&net.Dialer{}).DialContext}}
	return client.Do(req)
}

// chat is a request body that both dialects take.
func chat(model, text string, stream bool) string {
	b, _ := json.Marshal(map[string]any{
		"model": model, "stream": stream, "max_tokens": 200, "messages": []any{map[string]any{"role": "user", "content": text}},
	})
	return string(b)
}

// fourWays runs a test for each pair of client and backend.
func fourWays(t *testing.T, test func(t *testing.T, client, model string)) {
	t.Helper()
	for _, client := range []string{"openai", "anthropic"} {
		for _, model := range []string{"gpt", "claude"} {
			t.Run(client+" to "+model, func(t *testing.T) { test(t, client, model) })
		}
	}
}
