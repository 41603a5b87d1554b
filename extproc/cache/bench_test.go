package cache_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/dialect"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/exchange/exchangetest"
)

// The policies of benchmarks, and what is asked.
const (
	exact    = "models: {m: {chain: [b/x], cache: {}}}"
	compared = "models: {m: {chain: [b/x], cache: {semantic: {}}}}"
	kept     = "Can I return the shoes that I bought online within 30 days?"
	reworded = "Is it possible to return the shoes I bought online within 30 days?"
	another  = "Can I return the shoes that I bought online within 90 days?"
)

// full returns a cache that has the answer to kept, among those to so many other questions.
func full(t testing.TB, document string, others int) *rig {
	r := newRig(t, document)
	words := strings.Fields(`account address answer bank battery bicycle book bottle camera card chair change city cloud coffee
		computer contract cover credit customer delivery device discount doctor door engine family flight form garden glass guide
		hotel house invoice island kitchen lamp language lawyer letter library license light machine market meeting member menu
		money mountain music number office order paint paper parcel password payment phone picture plan plane plant price printer
		product profile question railway receipt record report river road room salary school screen service shirt size station
		store street student subscription supplier table tax teacher ticket tool tower train travel update visa wage water window`)
	random := rand.New(rand.NewPCG(1, 2))
	for i := range others {
		var q strings.Builder
		for range 8 {
			q.WriteString(words[random.IntN(len(words))] + " ")
		}
		r.keep(fmt.Sprintf("%s%d", q.String(), i))
	}
	r.keep(kept)
	return r
}

// keep has the answer to a question kept.
func (r *rig) keep(text string) {
	v, _ := r.ask("openai", question(text))
	r.answered(v, said("Yes, with the receipt."))
}

// look has an exchange look for an answer, and forgets it.
func (r *rig) look(ex *exchange.Exchange) exchange.Cached {
	ex.Cached = exchange.Cached{}
	v := r.stage.Join(ex)
	if _, err := v.Request(context.Background(), &ex.Request); err != nil {
		r.t.Fatal(err)
	}
	got := ex.Cached
	v.End(exchange.Outcome{By: exchange.ByClient, Result: exchange.Cancelled})
	return got
}

// asked is an exchange whose request has been read.
func (r *rig) asked(text string) *exchange.Exchange {
	ex := exchangetest.Ask(r.t, "openai", question(text))
	ex.Model, ex.Started = "m", r.now()
	ex.Route = exchange.Route{Name: "m", Single: true, Backend: "b", Serves: "x", Arm: "x"}
	if _, err := ex.Request.Canon(); err != nil {
		r.t.Fatal(err)
	}
	return ex
}

// lookups are those that are measured, by what comes of them.
var lookups = []struct {
	name, document, text string
	others               int
	want                 exchange.CacheResult
	reason               exchange.CacheReason
	maxAllocs            float64
}{
	{"hit", exact, kept, 0, exchange.CacheHit, "", 32},
	{"miss", exact, another, 0, exchange.CacheMiss, exchange.CacheUnknown, 27},
	{"semantic_hit_of_10000", compared, reworded, 9_999, exchange.CacheSemanticHit, "", 160},
	{"semantic_miss_of_10000", compared, "Who wrote the opera that is played tonight?", 9_999, exchange.CacheMiss, exchange.CacheDissimilar, 36},
	{"refused_by_rules_of_10000", compared, another, 9_999, exchange.CacheMiss, exchange.CacheRules, 145},
}

// BenchmarkLook measures looking an answer up in memory, from the request that is read to the
// verdict.
func BenchmarkLook(b *testing.B) {
	for _, c := range lookups {
		b.Run(c.name, func(b *testing.B) {
			r := full(b, c.document, c.others)
			ex := r.asked(c.text)
			if got := r.look(ex); got.Result != c.want || got.Reason != c.reason {
				b.Fatalf("%+v", got)
			}
			b.ReportAllocs()
			for b.Loop() {
				r.look(ex)
			}
		})
	}
}

// BenchmarkKeep measures an exchange whose answer, of 1 KB or of 32 KB, is kept in memory, from the
// request that is read to its end: the answer is copied and judged. With a semantic cache the index
// learns of it, too.
func BenchmarkKeep(b *testing.B) {
	for _, c := range []struct {
		name, document string
		size           int
	}{
		{"exact_1KB", exact, 1 << 10}, {"exact_32KB", exact, 32 << 10},
		{"semantic_1KB", compared, 1 << 10}, {"semantic_32KB", compared, 32 << 10},
	} {
		b.Run(c.name, func(b *testing.B) {
			r, body := newRig(b, c.document), []byte(said(strings.Repeat("word ", c.size/5)))
			ex := r.asked(kept)
			ex.Request.Headers = exchange.Headers{{Name: "cache-control", Value: []byte("no-cache")}}
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				r.exchanged(ex, body)
			}
			if ex.Cached.Stored == "" {
				b.Errorf("%+v", ex.Cached)
			}
		})
	}
}

// exchanged is an exchange that gets an answer from a backend.
func (r *rig) exchanged(ex *exchange.Exchange, body []byte) {
	ex.Cached = exchange.Cached{}
	ex.Response = exchange.Response{Status: 200, Body: body, Complete: true}
	ex.Response.DecodeBy(dialect.ByName("openai").DecodeAnswer)
	v, ctx := r.stage.Join(ex), context.Background()
	if _, err := v.Request(ctx, &ex.Request); err != nil {
		r.t.Fatal(err)
	}
	if _, err := v.Response(ctx, &ex.Response); err != nil {
		r.t.Fatal(err)
	}
	v.End(exchange.Outcome{Result: exchange.OK})
}
