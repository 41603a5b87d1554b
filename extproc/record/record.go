// Package record is the stage that writes down what each exchange was: one row,
// the metrics, and the headers that name the exchange to the caller.
//
// The promise: every exchange that began leaves exactly one row, however it
// ended. The trap: the stream alone does not tell how an exchange broke off, so
// the row of an unclean one waits up to Wait for Envoy's access-log entry, and
// closes as cut by nobody knows whom where none comes. Money depends on no entry.
package record

import (
	"context"
	"strconv"
	"time"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/policy/price"
)

// Headers that name an exchange and who served it to the caller.
const (
	ExchangeHeader = "x-headgate-exchange-id"
	RevisionHeader = "x-headgate-policy-revision"
	ModelHeader    = "x-headgate-model"
	ProviderHeader = "x-headgate-provider"
	BackendHeader  = "x-headgate-backend"
	AttemptsHeader = "x-headgate-attempts"
	RefusedHeader  = "x-headgate-refused-by"
)

// Stage records the exchanges of one policy revision. It is safe for concurrent
// use.
type Stage struct {
	closer *Closer
	now    func() time.Time
}

// New makes a stage whose rows a closer closes, which outlives the policy.
func New(closer *Closer, now func() time.Time) *Stage {
	return &Stage{closer: closer, now: now}
}

// Name returns "record".
func (s *Stage) Name() string { return "record" }

// Join takes part in an exchange.
func (s *Stage) Join(ex *exchange.Exchange) exchange.Hooks {
	p := &part{stage: s, ex: ex}
	return exchange.Hooks{Response: p.response, Chunk: p.chunk, End: p.end}
}

// part is the stage's memory of one exchange.
type part struct {
	stage *Stage
	ex    *exchange.Exchange
}

func (p *part) response(_ context.Context, resp *exchange.Response) (exchange.Verdict, error) {
	ex, out := p.ex, &resp.Out
	Identify(out, ex)
	if ex.Route.Backend != "" && !resp.Local {
		out.SetHeader(ProviderHeader, ex.Route.Provider)
		out.SetHeader(BackendHeader, ex.Route.Backend)
		served := resp.Model
		if served == "" {
			served = ex.Route.Serves
		}
		out.SetText(ModelHeader, served)
	}
	if ex.Route.Model != "" {
		out.SetHeader(AttemptsHeader, strconv.Itoa(resp.Attempts))
	}
	if resp.Status >= 400 || ex.Replaced.Action != exchange.Pass {
		by := "provider"
		if resp.Local && ex.Replaced.Action == exchange.Pass {
			by = "gateway"
		}
		out.SetHeader(RefusedHeader, by)
	}
	if !resp.Stream && !resp.Local && ex.FirstToken.IsZero() {
		ex.FirstToken = p.stage.now()
	}
	return exchange.Verdict{}, nil
}

// Identify writes the headers that every answer carries, refusals too.
func Identify(out *exchange.Mutation, ex *exchange.Exchange) {
	out.SetHeader(ExchangeHeader, ex.ID)
	out.SetHeader(RevisionHeader, ex.Revision)
}

func (p *part) chunk(_ context.Context, c *exchange.Chunk) (exchange.Verdict, error) {
	ex := p.ex
	if ex.FirstToken.IsZero() && ex.Response.Seen > 0 {
		ex.FirstToken = p.stage.now()
	}
	if c.Last && ex.Response.Ended {
		data := c.Data
		if c.Replace {
			data = c.Out
		}
		c.Out = appendComment(append(make([]byte, 0, len(data)+128), data...), ex)
		c.Replace = true
	}
	return exchange.Verdict{}, nil
}

// appendComment tells at the end of a stream what headers could not: a comment
// line, which event stream parsers ignore.
func appendComment(b []byte, ex *exchange.Exchange) []byte {
	b = append(b, ": x-headgate-exchange-id="...)
	b = append(b, ex.ID...)
	b = append(b, " tokens-in="...)
	b = strconv.AppendInt(b, ex.Usage.TotalInput(), 10)
	b = append(b, " tokens-out="...)
	b = strconv.AppendInt(b, ex.Usage.TotalOutput(), 10)
	if ex.Cost.Priced {
		b = append(b, " x-headgate-cost-usd="...)
		b = append(b, price.FormatNano(ex.Cost.Nano)...)
	}
	return append(b, "\n\n"...)
}

func (p *part) end(o exchange.Outcome) {
	p.stage.closer.Add(p.ex, o)
}
