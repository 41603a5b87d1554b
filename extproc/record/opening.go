package record

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/policypb"
)

// Interrupted is the detail of a row that was not closed, because the process died.
const Interrupted = "the gateway's process died"

// A Keeper keeps what is known of an exchange before its row is closed, so that it is not
// lost if the process dies. It is safe for concurrent use and never waits.
type Keeper interface {
	// Open takes a row as an attempt begins, with an estimate of what it will consume.
	Open(*policypb.Row)
	// Ended takes the row of an exchange that has ended, whose outcome is not certain yet.
	Ended(*policypb.Row)
	// Full reports whether there is no room for further exchanges.
	Full() bool
}

// OpeningKind makes stages that open rows. Their place is next to the wire: nothing may keep
// an attempt from leaving that was opened. It is safe for concurrent use.
type OpeningKind struct{ keeper Keeper }

// NewOpeningKind makes a Kind.
func NewOpeningKind(k Keeper) *OpeningKind { return &OpeningKind{k} }

// Name returns "open".
func (k *OpeningKind) Name() string { return "open" }

// Compile makes a stage.
func (k *OpeningKind) Compile(set *policy.Set) (exchange.Stage, error) {
	return &opening{keeper: k.keeper, records: set.Records, stops: set.Journal.WhenFull == policy.WhenFullStop}, nil
}

// Close releases nothing.
func (k *OpeningKind) Close(context.Context) error { return nil }

// opening is safe for concurrent use.
type opening struct {
	keeper  Keeper
	records policy.Records
	stops   bool // what cannot be kept is refused
}

// Name returns "open".
func (s *opening) Name() string { return "open" }

// Phases names the phase in which attempts leave, and the end, after which none is opened.
func (s *opening) Phases() exchange.Phases {
	if s.stops {
		return exchange.OnRequest | exchange.OnAttempt | exchange.OnEnd
	}
	return exchange.OnAttempt | exchange.OnEnd
}

// Join begins a visit.
func (s *opening) Join(ex *exchange.Exchange) exchange.Visit {
	return &openingVisit{keeper: s.keeper, records: s.records, ex: ex}
}

type openingVisit struct {
	exchange.Idle
	keeper  Keeper
	records policy.Records
	ex      *exchange.Exchange

	mu    sync.Mutex
	ended bool
}

// fullRetry is after how long a client may ask again that was refused because there is no room
// for its row.
const fullRetry = 10 * time.Second

// Request implements exchange.Visit. It refuses what cannot be kept.
func (v *openingVisit) Request(context.Context, *exchange.Request) (exchange.Verdict, error) {
	if !v.keeper.Full() {
		return exchange.Verdict{}, nil
	}
	d := exchange.Denied(503, exchange.ReasonJournalFull, "The gateway has no room to keep account of further requests. Try again later.")
	d.Retry = fullRetry
	return d, nil
}

// Attempt implements exchange.Visit. What begins as its exchange ends is not opened: its row may
// be closed already, and would be open for ever.
func (v *openingVisit) Attempt(_ context.Context, at *exchange.Attempt) error {
	row := openRow(v.ex, at)
	row.ClientAddress = clientAddress(v.ex, v.records)
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.ended {
		return errEnded
	}
	v.keeper.Open(row)
	return nil
}

var errEnded = errors.New("the exchange has ended")

// End implements exchange.Visit.
func (v *openingVisit) End(exchange.Outcome) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.ended = true
}

// openRow is what is known of an exchange as an attempt leaves. Attempts of one exchange come
// on goroutines of their own, so nothing is read that changes meanwhile.
func openRow(ex *exchange.Exchange, at *exchange.Attempt) *policypb.Row {
	by := ex.Attribution()
	tried := triedIn(ex)
	r := &policypb.Row{
		Exchange: ex.ID, Revision: ex.Revision, BeganUnixNanos: ex.Started.UnixNano(), Dialect: ex.Dialect, Operation: string(ex.Request.Operation),
		Model: exchange.Clip(ex.Request.Model, exchange.MaxText), Route: ex.Model, Caller: ex.Caller.Name, Tier: ex.Caller.Tier, User: by.User, Team: by.Team, Feature: by.Feature, Session: by.Session, Tags: by.Tags,
		RequestBytes: int64(ex.Request.ReceivedBytes), Stream: ex.Request.Stream,
		Backend: at.Backend, Provider: at.Provider, Served: at.Model, Attempts: int32(len(tried) + 1), Tried: tried,
		Outcome: string(exchange.GatewayError), By: string(exchange.ByGateway), Detail: Interrupted,
	}
	addAsked(r, ex)
	if u := &at.Estimate.Usage; u.Source != "" {
		r.Tokens, r.UsageSource, r.Unpriced = tokensOf(u), string(u.Source), !at.Estimate.Cost.Priced
	}
	if ex.Own != nil {
		r.Parent = exchange.Clip(ex.Own.Parent, exchange.MaxText)
	}
	if at.Estimate.Cost.Priced {
		r.CostNanoUsd, r.Price = new(at.Estimate.Cost.Nano), at.Estimate.Cost.PriceID
	}
	return r
}
