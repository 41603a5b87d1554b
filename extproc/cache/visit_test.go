package cache_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap/zaptest"

	"github.com/headgate/headgate/extproc/cache"
	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/dialect"
	"github.com/headgate/headgate/extproc/embed"
	"github.com/headgate/headgate/extproc/embed/static"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/exchange/exchangetest"
	"github.com/headgate/headgate/policy"
)

// rig is the cache of one policy, and a clock.
type rig struct {
	t     testing.TB
	kind  *cache.Kind
	stage exchange.Stage
	reg   *prometheus.Registry
	clock atomic.Int64 // nanoseconds since 1970
}

const backends = `version: 1
backends: {b: {provider: openai-compatible, url: "http://127.0.0.1:1/v1"}, c: {provider: openai-compatible, url: "http://127.0.0.1:2/v1"}}
unpriced: flag
`

func newRig(t testing.TB, document string) *rig {
	t.Helper()
	return newRigWith(t, document, func(table embed.Embedder) embed.Embedder { return table })
}

// newRigWith is newRig with something around the built-in table.
func newRigWith(t testing.TB, document string, around func(embed.Embedder) embed.Embedder) *rig {
	t.Helper()
	table, err := static.New()
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, reg: prometheus.NewRegistry()}
	r.clock.Store(time.Now().UnixNano())
	r.kind = cache.NewKind(cache.Options{
		Table: around(table), LookupEnv: func(string) (string, bool) { return "", false }, Now: r.now, Log: zaptest.NewLogger(t), Reg: r.reg,
	})
	t.Cleanup(func() { _ = r.kind.Close(context.Background()) })
	r.use(document)
	return r
}

func (r *rig) now() time.Time { return time.Unix(0, r.clock.Load()) }

// waitsFor waits until so many requests wait for the answer to an equal one.
func (r *rig) waitsFor(requests float64) {
	r.t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		families, err := r.reg.Gather()
		if err != nil || time.Now().After(deadline) {
			r.t.Fatalf("%v requests do not wait, error %v", requests, err)
		}
		for _, f := range families {
			if f.GetName() == "headgate_cache_waiting_requests" && f.GetMetric()[0].GetGauge().GetValue() == requests {
				return
			}
		}
	}
}

// use puts another policy into effect.
func (r *rig) use(document string) {
	r.t.Helper()
	set, err := policy.Parse("policy.yaml", []byte(backends+document))
	if err != nil {
		r.t.Fatal(err)
	}
	if r.stage, err = r.kind.Compile(set); err != nil {
		r.t.Fatal(err)
	}
	r.stage.(interface{ Adopt() }).Adopt()
}

// ask has a request reach the cache.
func (r *rig) ask(client, body string, headers ...string) (*exchangetest.Visit, exchange.Verdict) {
	r.t.Helper()
	ex := exchangetest.Ask(r.t, client, body)
	ex.Model, ex.Started = "m", r.now()
	ex.Route = exchange.Route{Name: "m", Single: true, Backend: "b", Serves: "x", Arm: "x"}
	for i := 0; i+1 < len(headers); i += 2 {
		ex.Request.Headers = append(ex.Request.Headers, exchange.Header{Name: headers[i], Value: []byte(headers[i+1])})
	}
	v := exchangetest.Join(r.t, r.stage, ex)
	return v, v.Request()
}

// answered is an exchange that a backend answers with a body.
func (r *rig) answered(v *exchangetest.Visit, body string) {
	r.t.Helper()
	v.Exchange.Response.DecodeBy(dialect.ByName("openai").DecodeAnswer)
	v.Exchange.Usage = canon.Usage{Input: 5, Output: 3, Seen: canon.BucketInput | canon.BucketOutput, Source: canon.UsageProvider}
	v.Exchange.Cost = exchange.Cost{Nano: 7, Priced: true}
	v.Respond(200, body)
	v.End(exchange.Outcome{Result: exchange.OK})
}

// question is a request, and said an answer.
func question(text string) string {
	return `{"model":"m","messages":[{"role":"user","content":"` + text + `"}]}`
}

func said(text string) string {
	return `{"id":"1","object":"chat.completion","model":"x","choices":[{"index":0,"message":{"role":"assistant","content":"` + text + `"},"finish_reason":"stop"}],"usage":{"prompt_tokens":5,"completion_tokens":3,"total_tokens":8}}`
}

// TestAnAnswerIsGivenAgain holds that an equal request gets the answer, in the other dialect, too,
// with what it was and cost when it was first given.
func TestAnAnswerIsGivenAgain(t *testing.T) {
	r := newRig(t, "models: {m: {chain: [b/x], cache: {ttl: 1m}}}")
	first, verdict := r.ask("openai", question("Why?"))
	if got := verdict.Headers.Get(cache.ResultHeader); verdict.Action != exchange.Pass || string(got) != "miss" {
		t.Fatalf("the first is %q: %+v", got, verdict)
	}
	r.answered(first, said("Because."))
	if c := &first.Exchange.Cached; c.Result != exchange.CacheMiss || c.Reason != exchange.CacheUnknown || c.Stored == "" || c.NotStored != "" {
		t.Errorf("the first: %+v", c)
	}
	r.clock.Add(int64(59 * time.Second))
	for client, body := range map[string]string{
		"openai":    question("Why?"),
		"anthropic": `{"model":"m","max_tokens":100,"stream":true,"messages":[{"role":"user","content":"Why?"}]}`,
	} {
		v, verdict := r.ask(client, body)
		if verdict.Action != exchange.Answer || canon.Str(verdict.Answer.Choices[0].Parts[0].Text) != "Because." {
			t.Fatalf("%s: %+v", client, verdict)
		}
		if u := verdict.Kept.Usage; u.Input != 5 || u.Output != 3 {
			t.Errorf("%s: usage %+v", client, u)
		}
		h := verdict.Headers
		if string(h.Get(cache.ResultHeader)) != "hit" || string(h.Get("age")) != "59" || string(h.Get(cache.EntryHeader)) != first.Exchange.Cached.Stored {
			t.Errorf("%s: headers %v", client, h)
		}
		v.Exchange.Refused = verdict
		v.End(exchange.Outcome{Result: exchange.OK})
		c := &v.Exchange.Cached
		if c.Result != exchange.CacheHit || c.Source != first.Exchange.ID || !c.Saved.Priced || c.Saved.Nano != 7 || c.Age != 59*time.Second || c.Stored != "" {
			t.Errorf("%s: %+v", client, c)
		}
	}
	r.clock.Add(int64(time.Second))
	if _, verdict := r.ask("openai", question("Why?")); verdict.Action != exchange.Pass {
		t.Error("it is given after it has expired")
	}
}

// TestWhoHasAskedIsNotGivenAgain holds that an answer which says again what a request says of its
// asker is kept without that.
func TestWhoHasAskedIsNotGivenAgain(t *testing.T) {
	r := newRig(t, "models: {m: {chain: [b/x], cache: {ttl: 1m}}}")
	first, _ := r.ask("openai", question("Why?"))
	r.answered(first, strings.Replace(said("Because."), "{", `{"metadata":{"who":"ada"},"user":"ada","safety_identifier":"ada","prompt_cache_key":"ada",`, 1))
	_, verdict := r.ask("openai", question("Why?"))
	if verdict.Action != exchange.Answer || string(verdict.Kept.Body) != said("Because.") {
		t.Errorf("given: %s", verdict.Kept.Body)
	}
}

// TestWhatIsNamedByAnIDGoesPastTheCache holds that who names by an id what a provider keeps gets no
// answer of one to whom the id was given: what stands in the request itself is asked as ever.
func TestWhatIsNamedByAnIDGoesPastTheCache(t *testing.T) {
	for item, bypassed := range map[string]bool{
		`{"type":"item_reference","id":"msg_1"}`:                                                                  true,
		`{"t\u0079pe":"item_reference","id":"msg_1"}`:                                                             true,
		`{"type":"image_generation_call","id":"ig_1"}`:                                                            true,
		`{"type":"reasoning","id":"rs_1","summary":[]}`:                                                           true,
		`{"type":"message","id":"msg_1","role":"assistant","content":[{"type":"output_text","text":"Because."}]}`: false,
	} {
		r := newRig(t, "models: {m: {chain: [b/x], cache: {scope: shared}}}")
		v, _ := r.ask("responses", `{"model":"m","input":[{"role":"user","content":"Why?"},`+item+`,{"role":"user","content":"Why?"}]}`)
		if c := &v.Exchange.Cached; (c.Reason == exchange.CacheState) != bypassed {
			t.Errorf("%s: %+v", item, c)
		}
	}
}

// TestWhatIsNotKept holds which answers are not given again, and that the row says why.
func TestWhatIsNotKept(t *testing.T) {
	const plain = "models: {m: {chain: [b/x, c/y], cache: {max_temperature: 1, max_entry: 1KiB}}}"
	tools := strings.Replace(said("Because."), `"content":"Because."`, `"content":null,"tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{}"}}]`, 1)
	finished := func(why string) string { return strings.Replace(said("Because."), `"stop"`, `"`+why+`"`, 1) }
	masked := func(output bool) func(*exchange.Exchange) {
		return func(ex *exchange.Exchange) {
			ex.Guards = append(ex.Guards, exchange.Guarded{Output: output, Mode: exchange.Enforce, Result: exchange.GuardMasked})
		}
	}
	asking := func(ex *exchange.Exchange) {
		ex.Guards = append(ex.Guards, exchange.Guarded{Output: true, Asks: true, Mode: exchange.Enforce, Result: exchange.GuardMasked})
	}
	judged := func(result exchange.GuardResult, mode exchange.GuardMode) func(*exchange.Exchange) {
		return func(ex *exchange.Exchange) {
			ex.Guards = append(ex.Guards, exchange.Guarded{Output: true, Mode: mode, Result: result})
		}
	}
	for name, c := range map[string]struct {
		document, request, header, body string
		status                          int
		outcome                         exchange.Result
		before, after                   func(*exchange.Exchange) // of the request; of the answer
		want                            exchange.CacheReason
	}{
		"whole":                          {},
		"the client says so":             {header: "no-store", want: exchange.CacheNoStore},
		"a fresh one is wanted":          {header: "no-cache"},
		"a high temperature":             {request: `{"model":"m","temperature":1.1,"messages":[{"role":"user","content":"Why?"}]}`, want: exchange.CacheTemperature},
		"no temperature is 1":            {document: "models: {m: {chain: [b/x], cache: {max_temperature: 0.9}}}", want: exchange.CacheTemperature},
		"what a provider keeps":          {request: `{"model":"m","previous_response_id":"r","messages":[{"role":"user","content":"Why?"}]}`, want: exchange.CacheState},
		"a conversation of a provider's": {request: `{"model":"m","conversation":{"id":"c"},"messages":[{"role":"user","content":"Why?"}]}`, want: exchange.CacheState},
		"a thread of a provider's":       {request: `{"model":"m","thread":"t","messages":[{"role":"user","content":"Why?"}]}`, want: exchange.CacheState},
		"in the background":              {request: `{"model":"m","background":true,"messages":[{"role":"user","content":"Why?"}]}`, want: exchange.CacheState},
		"not in the background":          {request: `{"model":"m","background":false,"messages":[{"role":"user","content":"Why?"}]}`},
		"cut":                            {outcome: exchange.Cut, want: exchange.CacheIncomplete},
		"the client left":                {outcome: exchange.Cancelled, want: exchange.CacheIncomplete},
		"too long":                       {body: finished("length"), want: exchange.CacheIncomplete},
		"filtered":                       {body: finished("content_filter"), want: exchange.CacheUnsuccessful},
		"an end that is not known":       {body: finished("abracadabra"), want: exchange.CacheIncomplete},
		"nothing said":                   {body: said(""), want: exchange.CacheIncomplete},
		"an error":                       {status: 500, want: exchange.CacheUnsuccessful},
		"an error in a 200":              {after: func(ex *exchange.Exchange) { ex.Response.Failed = true }, want: exchange.CacheUnsuccessful},
		"of Envoy's":                     {after: func(ex *exchange.Exchange) { ex.Response.Origin = exchange.FromEnvoy }, want: exchange.CacheUnsuccessful},
		"tools":                          {body: tools, want: exchange.CacheToolCalls},
		"tools by the policy":            {document: "models: {m: {chain: [b/x], cache: {tool_calls: true}}}", body: tools},
		"another link":                   {after: func(ex *exchange.Exchange) { ex.Route.Backend, ex.Route.Serves = "c", "y" }, want: exchange.CacheFallback},
		"another link by the policy":     {document: "models: {m: {chain: [b/x, c/y], cache: {store_fallback: true}}}", after: func(ex *exchange.Exchange) { ex.Route.Backend, ex.Route.Serves = "c", "y" }},
		"a masked request":               {before: masked(false), want: exchange.CacheMasked},
		"a masked answer":                {after: masked(true), want: exchange.CacheMasked},
		"a masked request by the policy": {document: "models: {m: {chain: [b/x], cache: {masked: true}}}", before: masked(false), after: masked(true)},
		"masked by one that asks":        {document: "models: {m: {chain: [b/x], cache: {masked: true}}}", after: asking, want: exchange.CacheGuarded},
		"refused by a guard":             {after: judged(exchange.GuardDenied, exchange.Enforce), want: exchange.CacheGuarded},
		"in shadow":                      {after: judged(exchange.GuardDenied, exchange.Shadow)},
		"cut by a guard":                 {after: judged(exchange.GuardCut, exchange.Enforce), want: exchange.CacheGuarded},
		"a guard failed":                 {after: judged(exchange.GuardFailed, exchange.Enforce), want: exchange.CacheGuarded},
		"a guard was late":               {after: judged(exchange.GuardLate, exchange.Enforce), want: exchange.CacheGuarded},
		"repaired":                       {after: judged(exchange.GuardRepaired, exchange.Enforce), want: exchange.CacheGuarded},
		"flagged":                        {after: judged(exchange.GuardFlagged, exchange.Enforce)},
		"replaced":                       {after: func(ex *exchange.Exchange) { ex.Replaced = exchange.Denied(403, exchange.ReasonPII, "") }, want: exchange.CacheGuarded},
		"large":                          {body: said(strings.Repeat("a", 1024)), want: exchange.CacheTooLarge},
		"unreadable":                     {body: `{"choices":`, want: exchange.CacheIncomplete},
	} {
		t.Run(name, func(t *testing.T) {
			if c.document == "" {
				c.document = plain
			}
			if c.request == "" {
				c.request = question("Why?")
			}
			if c.body == "" {
				c.body = said("Because.")
			}
			if c.status == 0 {
				c.status = 200
			}
			if c.outcome == "" {
				c.outcome = exchange.OK
			}
			r := newRig(t, c.document)
			ex := exchangetest.Ask(t, "openai", c.request)
			ex.Model, ex.Started = "m", r.now()
			ex.Route = exchange.Route{Name: "m", Backend: "b", Serves: "x", Arm: "x"}
			if c.header != "" {
				ex.Request.Headers = exchange.Headers{{Name: "cache-control", Value: []byte(c.header)}}
			}
			if c.before != nil {
				c.before(ex)
			}
			v := exchangetest.Join(t, r.stage, ex)
			v.Request()
			ex.Response.DecodeBy(dialect.ByName("openai").DecodeAnswer)
			if c.after != nil {
				c.after(ex)
			}
			v.Respond(c.status, c.body)
			v.End(exchange.Outcome{Result: c.outcome})
			if got := &ex.Cached; got.NotStored != c.want || (got.Stored != "") != (c.want == "") {
				t.Errorf("%+v, want %q", got, c.want)
			}
			again := exchangetest.Join(t, r.stage, askAgain(t, ex, c.request))
			if given := again.Request().Action == exchange.Answer; given != (c.want == "") {
				t.Errorf("it is given again: %t", given)
			}
		})
	}
}

// askAgain is another exchange with a request, whose headers say nothing of the cache.
func askAgain(t *testing.T, first *exchange.Exchange, body string) *exchange.Exchange {
	ex := exchangetest.Ask(t, "openai", body)
	ex.Model, ex.Started = "m", first.Started
	ex.Route = exchange.Route{Name: "m", Backend: "b", Serves: "x", Arm: "x"}
	if len(first.Guards) > 0 && !first.Guards[0].Output {
		ex.Guards = first.Guards[:1]
	}
	return ex
}
