package extproc

import (
	"context"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

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

// wildPolicy has links of every provider and kind of model, alone and in chains, that
// leave out what they cannot take, or refuse it.
const wildPolicy = `
version: 1
unpriced: flag
backends:
  gpt: {provider: openai, credential: {env: KEY}}
  claude: {provider: anthropic, credential: {env: KEY}}
  deepseek: {provider: deepseek, credential: {env: KEY}}
  groq: {provider: groq, credential: {env: KEY}}
  mistral: {provider: mistral, credential: {env: KEY}}
  router: {provider: openrouter, credential: {env: KEY}}
  local: {provider: openai-compatible, url: "http://127.0.0.1:11434/v1"}
  messages: {provider: openai-compatible, dialect: anthropic, url: "http://127.0.0.1:11435/v1"}
  sim: {provider: simulated}
models_like:
  blind: {images: refused}
models:
  assistant: {unfit: drop, chain: [gpt/gpt-5.5, claude/claude-sonnet-4-6, deepseek/deepseek-v4-flash, mistral/mistral-large-latest]}
  strict: {unfit: refuse, chain: [claude/claude-opus-4-8, gpt/gpt-4o, groq/llama-3.3-70b-versatile, sim/gpt-4o-mini]}
  gpts: {unfit: drop, chain: [gpt/gpt-5, gpt/gpt-5.6-sol, gpt/gpt-4.1, gpt/o3, gpt/gpt-5.2, local/blind, router/qwen]}
  claudes: {unfit: drop, chain: [claude/claude-fable-5, claude/claude-opus-4-5-20251101, claude/claude-haiku-4-5-20251001, claude/claude-sonnet-5, messages/glm]}
  others: {unfit: refuse, chain: [local/blind, local/qwen, groq/openai/gpt-oss-120b, deepseek/deepseek-chat, mistral/magistral-medium, messages/glm]}
  gpt: {unfit: refuse, chain: [gpt/gpt-5.5]}
  claude: {unfit: refuse, chain: [claude/claude-sonnet-4-6]}
  opus: {unfit: drop, chain: [claude/claude-opus-5]}
  deepseek: {unfit: drop, chain: [deepseek/deepseek-v4-pro]}
  mistral: {unfit: drop, chain: [mistral/mistral-large-latest]}
`

var wildModels = []string{"assistant", "strict", "gpts", "claudes", "others", "gpt", "claude", "opus", "deepseek", "mistral"}

// wilds is a server that is asked what nobody should ask, one exchange at a time, with
// what it logged as an error and how the latest exchange ended.
type wilds struct {
	set    *policy.Set
	server *Server
	errors *observer.ObservedLogs

	mu     sync.Mutex
	ended  *exchange.Exchange
	ending exchange.Outcome
}

func newWilds(t testing.TB) *wilds {
	t.Helper()
	set, err := policy.Parse("wild.yaml", []byte(wildPolicy))
	if err != nil {
		t.Fatal(err)
	}
	core, errors := observer.New(zap.ErrorLevel)
	w := &wilds{set: set, errors: errors}
	reg := prometheus.NewRegistry()
	lines := record.NewLines(io.Discard, reg, zap.NewNop())
	kinds := Kinds(Options{Closer: record.NewCloser(reg, nil, record.NewMetrics(reg), lines), Limits: limit.Options{Stores: shared.New(shared.Options{Now: time.Now}, reg), Reg: reg, Now: time.Now}, Guards: guard.Options{Reg: reg}, Cache: cache.Options{Now: time.Now, Reg: reg}, Provider: provider.Options{
		LookupEnv: func(string) (string, bool) { return "sk-secret", true }, Refused: func(string, int) {}, Warn: func(string) {}, Now: time.Now,
	}})
	p, err := NewPipeline(set, slices.Insert(kinds, 0, Kind(witness{w})))
	if err != nil {
		t.Fatal(err)
	}
	w.server = NewServer(nil, NewMetrics(reg), zap.New(core), time.Now)
	w.server.Use(p)
	return w
}

// connect is Envoy's end.
func (w *wilds) connect(t testing.TB) *extproctest.Envoy {
	return extproctest.Memory(t, w.server, newCodec())
}

// logged returns what was logged as an error since it was asked last.
func (w *wilds) logged() string {
	var all []string
	for _, e := range w.errors.TakeAll() {
		all = append(all, e.Message)
		for _, f := range e.Context {
			if f.String != "" {
				all = append(all, f.String)
			}
			if err, ok := f.Interface.(error); ok {
				all = append(all, err.Error())
			}
		}
	}
	return strings.Join(all, ": ")
}

// end returns the exchange that ended last, and how.
func (w *wilds) end() (*exchange.Exchange, exchange.Outcome) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.ended, w.ending
}

// witness is a stage that sees how exchanges end.
type witness struct{ to *wilds }

func (k witness) Name() string                                { return "witness" }
func (k witness) Close(context.Context) error                 { return nil }
func (k witness) Compile(*policy.Set) (exchange.Stage, error) { return k, nil }
func (k witness) Phases() exchange.Phases                     { return exchange.OnEnd }
func (k witness) Join(ex *exchange.Exchange) exchange.Visit   { return &witnessVisit{to: k.to, ex: ex} }

type witnessVisit struct {
	exchange.Idle
	to *wilds
	ex *exchange.Exchange
}

func (v *witnessVisit) End(o exchange.Outcome) {
	v.to.mu.Lock()
	defer v.to.mu.Unlock()
	v.to.ended, v.to.ending = v.ex, o
}
