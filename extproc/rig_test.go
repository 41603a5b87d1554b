package extproc

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap/zaptest"
	"google.golang.org/grpc"

	"github.com/headgate/headgate/extproc/cache"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/extproctest"
	"github.com/headgate/headgate/extproc/guard"
	"github.com/headgate/headgate/extproc/ledger/shared"
	"github.com/headgate/headgate/extproc/limit"
	"github.com/headgate/headgate/extproc/provider"
	"github.com/headgate/headgate/extproc/record"
	"github.com/headgate/headgate/policy"
)

const testPolicy = `
version: 1
backends:
  gpt: {provider: openai, credential: {env: OPENAI_API_KEY}}
  claude: {provider: anthropic, credential: {env: ANTHROPIC_API_KEY}}
  sim: {provider: simulated}
models:
  gpt-4o-mini: gpt/gpt-4o-mini
  assistant: gpt/gpt-4o-mini
  claude: claude/claude-sonnet-4-6
  play: sim/gpt-4o-mini
`

// rig is a server on a socket, with the rows that it wrote.
type rig struct {
	*extproctest.Envoy
	t        testing.TB
	set      *policy.Set
	kinds    []Kind
	server   *Server
	closer   *record.Closer
	lines    *record.Lines
	endings  *AccessLog
	grpc     *grpc.Server
	out      *output
	reg      *prometheus.Registry
	refused  atomic.Int64
	bombs    atomic.Int64          // answers that were reported to unpack to far too much
	attempts []*extproctest.Stream // cancelled, as Envoy does, before rows are waited for
}

// output collects rows; it is safe for concurrent use.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(b)
}

// newRig serves a policy, with further stages below record.
func newRig(t testing.TB, document string, stages ...Kind) *rig {
	t.Helper()
	return newRigWith(t, document, nil, stages...)
}

// spooling is what keeps rows: a spool.
type spooling interface {
	record.Keeper
	record.Sink
}

// newRigWith is newRig with a spool; nil: there is none.
func newRigWith(t testing.TB, document string, spool spooling, stages ...Kind) *rig {
	t.Helper()
	set, err := policy.Parse("test.yaml", []byte(document))
	if err != nil {
		t.Fatal(err)
	}
	keys := map[string]string{"OPENAI_API_KEY": "sk-backend-secret", "ANTHROPIC_API_KEY": "sk-ant-secret", "CI_KEY": ciKey, "WEB_KEY": webKey}
	env := func(name string) (string, bool) { v, ok := keys[name]; return v, ok }
	log := zaptest.NewLogger(t)
	r := &rig{t: t, set: set, out: &output{}, reg: prometheus.NewRegistry()}
	r.lines = record.NewLines(r.out, r.reg, log)
	sinks := []record.Sink{record.NewMetrics(r.reg), r.lines}
	var keeper record.Keeper
	if spool != nil {
		keeper, sinks = spool, append(sinks, spool)
	}
	r.closer = record.NewCloser(r.reg, keeper, sinks...)
	r.kinds = Kinds(Options{Closer: r.closer, Keeper: keeper, Limits: limit.Options{Stores: shared.New(shared.Options{Now: time.Now}, r.reg), Reg: r.reg, Now: time.Now}, Guards: guard.Options{Reg: r.reg}, Cache: cache.Options{LookupEnv: env, Now: time.Now, Log: log, Reg: r.reg}, Provider: provider.Options{
		LookupEnv: env, Refused: func(string, int) { r.refused.Add(1) }, Bomb: func(string) { r.bombs.Add(1) }, Warn: func(string) {}, Now: time.Now,
	}})
	r.kinds = slices.Insert(r.kinds, 1, stages...)
	r.server = NewServer(nil, NewMetrics(r.reg), log, time.Now)
	r.server.Use(r.compile(set))
	r.endings = NewAccessLog(r.closer.Ending)
	r.grpc = GRPC(r.server, r.endings)
	r.Envoy = extproctest.Serve(t, r.grpc)
	return r
}

// compile makes the pipeline of a policy.
func (r *rig) compile(set *policy.Set) *Pipeline {
	r.t.Helper()
	p, err := NewPipeline(set, r.kinds)
	if err != nil {
		r.t.Fatal(err)
	}
	return p
}

// rows closes every row and returns the lines of all.
func (r *rig) rows() []record.Line {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	for _, closing := range []func(context.Context) error{r.closer.Close, r.lines.Close} {
		if err := closing(ctx); err != nil {
			r.t.Fatal(err)
		}
	}
	var rows []record.Line
	for line := range strings.Lines(r.out.buf.String()) {
		var row record.Line
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			r.t.Fatalf("row %q: %v", line, err)
		}
		rows = append(rows, row)
	}
	return rows
}

// row waits until n streams have ended and returns the only row.
func (r *rig) row() record.Line {
	r.t.Helper()
	r.idle()
	rows := r.rows()
	if len(rows) != 1 {
		r.t.Fatalf("%d rows, want 1", len(rows))
	}
	return rows[0]
}

// idle waits until no stream is open.
func (r *rig) idle() {
	r.t.Helper()
	for _, a := range r.attempts {
		a.Cancel()
	}
	r.await("streams are still open", func() bool { return r.gauge("headgate_streams_in_flight") == 0 })
}

// await waits until a condition holds.
func (r *rig) await(otherwise string, cond func() bool) {
	r.t.Helper()
	deadline := time.After(5 * time.Second)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !cond() {
		select {
		case <-tick.C:
		case <-deadline:
			r.t.Fatal(otherwise)
		}
	}
}

func (r *rig) gauge(name string) float64 {
	r.t.Helper()
	families, err := r.reg.Gather()
	if err != nil {
		r.t.Fatal(err)
	}
	sum := 0.0
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			sum += m.GetGauge().GetValue() + m.GetCounter().GetValue()
		}
	}
	return sum
}

// requestKind makes a stage that does something as it sees a request.
type requestKind func(context.Context, *exchange.Request) (exchange.Verdict, error)

func (requestKind) Name() string                                  { return "test" }
func (requestKind) Close(context.Context) error                   { return nil }
func (k requestKind) Compile(*policy.Set) (exchange.Stage, error) { return requestStage{k}, nil }

type requestStage struct{ requestKind }

func (requestStage) Phases() exchange.Phases                  { return exchange.OnRequest }
func (s requestStage) Join(*exchange.Exchange) exchange.Visit { return requestVisit{do: s.requestKind} }

type requestVisit struct {
	exchange.Idle
	do requestKind
}

func (v requestVisit) Request(ctx context.Context, r *exchange.Request) (exchange.Verdict, error) {
	return v.do(ctx, r)
}
