package cache

import (
	"bytes"
	"context"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
)

// Response implements exchange.Visit. It takes a copy of a whole answer as the backend gave it, and
// prepares for one of a stream.
func (v *visit) Response(_ context.Context, resp *exchange.Response) (exchange.Verdict, error) {
	if !v.wantsCopy() || resp.Status != 200 || resp.Failed || resp.Origin != exchange.FromProvider {
		return exchange.Verdict{}, nil
	}
	switch {
	case resp.Stream:
		v.copy = newCopying(v.ex, v.model.rules.MaxEntry)
	case int64(len(resp.Body)) <= v.model.rules.MaxEntry:
		v.body = bytes.Clone(resp.Body)
	default:
		v.ex.Cached.NotStored = exchange.CacheTooLarge
	}
	return exchange.Verdict{}, nil
}

// wantsCopy reports whether the answer may be kept, or is compared.
func (v *visit) wantsCopy() bool { return v.keeps || v.hit != nil }

// Wants implements exchange.Visit.
func (v *visit) Wants() exchange.Wants { return exchange.Wants{Events: v.copy != nil} }

// Events implements exchange.Visit.
func (v *visit) Events(_ context.Context, events []canon.Event, emit exchange.Emit) (exchange.Verdict, error) {
	for i := range events {
		if v.copy != nil {
			v.copy.event(&events[i])
		}
		emit(&events[i])
	}
	return exchange.Verdict{}, nil
}
