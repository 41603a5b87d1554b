package record_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/exchange/exchangetest"
	"github.com/headgate/headgate/extproc/record"
	"github.com/headgate/headgate/policy"
)

// join lets the stage join an exchange whose row goes to a sink.
func join(t *testing.T) (*exchangetest.Visit, *kept) {
	t.Helper()
	return joinWith(t, policy.Records{})
}

// joinWith is join by a policy that says what rows hold.
func joinWith(t *testing.T, r policy.Records) (*exchangetest.Visit, *kept) {
	t.Helper()
	sink := &kept{}
	stage, err := record.NewKind(record.NewCloser(prometheus.NewRegistry(), nil, sink)).Compile(&policy.Set{Records: r})
	if err != nil {
		t.Fatal(err)
	}
	ex := exchangetest.Ask(t, "openai", `{"model":"m","stream":true,"messages":[]}`)
	ex.Route = exchange.Route{Backend: "b", Provider: "p", Serves: "asked"}
	v := exchangetest.Join(t, stage, ex)
	v.Request()
	return v, sink
}

// TestWhoAnsweredIsInTheHeaders holds what a caller is told of who served or refused it.
func TestWhoAnsweredIsInTheHeaders(t *testing.T) {
	served := map[string]string{record.ProviderHeader: "p", record.BackendHeader: "b", record.ModelHeader: "served", record.AttemptsHeader: "2"}
	for name, c := range map[string]struct {
		origin exchange.Origin
		status int
		want   map[string]string // besides id and revision
	}{
		"a provider's answer": {exchange.FromProvider, 200, served},
		"a provider's error": {exchange.FromProvider, 429, map[string]string{record.ProviderHeader: "p", record.BackendHeader: "b", record.ModelHeader: "served",
			record.AttemptsHeader: "2", "x-headgate-refused-by": "provider"}},
		"Envoy's own reply":  {exchange.FromEnvoy, 503, map[string]string{record.AttemptsHeader: "2", "x-headgate-refused-by": "gateway"}},
		"a refusal":          {exchange.FromGateway, 404, map[string]string{"x-headgate-refused-by": "gateway"}},
		"an answer of stage": {exchange.FromStage, 200, map[string]string{record.ModelHeader: "served"}},
	} {
		v, sink := join(t)
		resp := &v.Exchange.Response
		resp.Origin, resp.Model, resp.AttemptCount = c.origin, "served", 2
		v.Respond(c.status, "{}")
		got := map[string]string{}
		for _, h := range resp.Out.Set {
			got[h.Name] = string(h.Value)
		}
		c.want[record.ExchangeHeader], c.want[record.RevisionHeader] = v.Exchange.ID, v.Exchange.Revision
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		v.End(exchange.Outcome{Result: exchange.OK})
		if rows := sink.all(t); c.origin != exchange.FromEnvoy && len(rows) != 1 {
			t.Errorf("%s: %d rows", name, len(rows))
		}
	}
}

// TestAWholeStreamEndsWithAComment holds what a caller of a stream is told at its end, and
// that one which broke off says nothing.
func TestAWholeStreamEndsWithAComment(t *testing.T) {
	for name, c := range map[string]struct {
		end  canon.Event
		want []string
	}{
		"whole":     {exchangetest.Done(), []string{"x-headgate-exchange-id=exchange-1 tokens-in=3 tokens-out=4 x-headgate-cost-usd=0.000001"}},
		"broke off": {exchangetest.Failed(), nil},
	} {
		v, sink := join(t)
		v.Stream()
		v.Events(exchangetest.Text("hi"))
		v.Exchange.Usage = canon.Usage{Input: 3, Output: 4}
		v.Exchange.Cost = exchange.Cost{Nano: 1000, Priced: true}
		var got []string
		for _, ev := range v.Events(c.end) {
			if ev.Kind == canon.EventComment {
				got = append(got, string(ev.Raw))
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		v.Exchange.Response.Complete = true
		v.End(exchange.Outcome{Result: exchange.OK})
		if rows := sink.all(t); len(rows) != 1 {
			t.Errorf("%s: %d rows", name, len(rows))
		}
	}
}
