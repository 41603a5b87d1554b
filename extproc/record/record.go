// Package record is the stage that writes down what each exchange was: one row,
// the metrics, and the headers that name the exchange to the client.
//
// The promise: every exchange that began leaves exactly one row, however it
// ended. The trap: the stream alone does not show how an exchange broke off.
// So the row of an unclean one waits, up to Wait, for Envoy's access-log entry. If none
// comes it closes as cut, by unknown. Money depends on no entry.
package record

import (
	"cmp"
	"context"
	"strconv"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/price"
)

// Headers that name an exchange and who served it to the client.
const (
	ExchangeHeader = "x-headgate-exchange-id"
	RevisionHeader = "x-headgate-policy-revision"
	ModelHeader    = "x-headgate-model"
	ProviderHeader = "x-headgate-provider"
	BackendHeader  = "x-headgate-backend"
	AttemptsHeader = "x-headgate-attempts"
)

// Kind makes the stages of all policies, whose rows one closer closes. It is safe for
// concurrent use.
type Kind struct{ closer *Closer }

// NewKind makes a Kind.
func NewKind(closer *Closer) *Kind { return &Kind{closer: closer} }

// Name returns "record".
func (k *Kind) Name() string { return "record" }

// Compile makes a stage.
func (k *Kind) Compile(set *policy.Set) (exchange.Stage, error) {
	return &stage{closer: k.closer, records: set.Records}, nil
}

// Close closes the rows that still wait.
func (k *Kind) Close(ctx context.Context) error { return k.closer.Close(ctx) }

// stage records exchanges. It is safe for concurrent use.
type stage struct {
	closer  *Closer
	records policy.Records
}

// Name returns "record".
func (s *stage) Name() string { return "record" }

// Phases names the phases that change what a client reads and what the row says.
func (s *stage) Phases() exchange.Phases {
	return exchange.OnResponse | exchange.OnEvents | exchange.OnEnd
}

// Join begins a visit.
func (s *stage) Join(ex *exchange.Exchange) exchange.Visit { return &visit{stage: s, ex: ex} }

// visit is the stage's share of one exchange.
type visit struct {
	exchange.Idle
	stage *stage
	ex    *exchange.Exchange
}

// Response implements exchange.Visit. It names the exchange, and who served it or who
// refused.
func (v *visit) Response(_ context.Context, resp *exchange.Response) (exchange.Verdict, error) {
	ex, out := v.ex, &resp.Out
	identify(out, ex)
	switch {
	case resp.Origin == exchange.FromGateway:
		out.SetHeader(policy.RefusedByHeader, policy.RefusedByGateway)
		return exchange.Verdict{}, nil
	case resp.Origin == exchange.FromStage:
		if ex.Replaced.Action == exchange.Deny {
			out.SetHeader(policy.RefusedByHeader, policy.RefusedByGateway)
		}
		if resp.Model != "" {
			out.SetText(ModelHeader, resp.Model)
		}
		return exchange.Verdict{}, nil
	case ex.Route.Backend != "" && resp.Origin == exchange.FromProvider:
		out.SetHeader(ProviderHeader, ex.Route.Provider)
		out.SetHeader(BackendHeader, ex.Route.Backend)
		out.SetText(ModelHeader, cmp.Or(resp.Model, ex.Route.Serves))
	}
	if ex.Model != "" {
		out.SetHeader(AttemptsHeader, strconv.Itoa(resp.AttemptCount))
	}
	if resp.Status >= 400 || ex.Replaced.Action != exchange.Pass {
		out.SetHeader(policy.RefusedByHeader, refuser(ex))
	}
	return exchange.Verdict{}, nil
}

// refuser is who refused what a client does not get: the gateway, if Envoy answered by
// itself or if a stage denied an answer that was good.
func refuser(ex *exchange.Exchange) string {
	resp := &ex.Response
	denied := ex.Replaced.Action == exchange.Deny
	if !denied && resp.Origin == exchange.FromEnvoy || denied && resp.Status < 400 && !resp.Failed {
		return policy.RefusedByGateway
	}
	return string(exchange.ByProvider)
}

// identify writes the headers that every answer carries, refusals too.
func identify(out *exchange.Mutation, ex *exchange.Exchange) {
	out.SetHeader(ExchangeHeader, ex.ID)
	out.SetHeader(RevisionHeader, ex.Revision)
}

// Events implements exchange.Visit. At the end of a whole stream it says in a comment
// what headers could not.
func (v *visit) Events(_ context.Context, events []canon.Event, emit exchange.Emit) (exchange.Verdict, error) {
	for i := range events {
		emit(&events[i])
		if events[i].Kind == canon.EventDone {
			emit(&canon.Event{Kind: canon.EventComment, Raw: v.comment()})
		}
	}
	return exchange.Verdict{}, nil
}

// End implements exchange.Visit.
func (v *visit) End(o exchange.Outcome) {
	v.ex.ClientAddress = clientAddress(v.ex, v.stage.records)
	v.stage.closer.Add(v.ex, o)
}

func (v *visit) comment() []byte {
	ex := v.ex
	b := append(make([]byte, 0, 128), ExchangeHeader+"="...)
	b = append(b, ex.ID...)
	b = append(b, " tokens-in="...)
	b = strconv.AppendInt(b, ex.Usage.TotalInput(), 10)
	b = append(b, " tokens-out="...)
	b = strconv.AppendInt(b, ex.Usage.TotalOutput(), 10)
	if ex.Cost.Priced {
		b = append(b, " x-headgate-cost-usd="...)
		b = append(b, price.FormatNano(ex.Cost.Nano)...)
	}
	return b
}
