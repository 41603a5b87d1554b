// Package price holds what models cost. A Catalogue is immutable and safe for
// concurrent use. All money is integer pico-USD (1e-12 USD) per token, because
// 0.003625 USD per million tokens is 3,625 pico-USD and no float.
//
// The promise: a model is priced by a row that names it, or not at all. The trap:
// the row that counts is the one in force at the moment of the exchange, so a
// Price must not be kept longer than the exchange it was looked up for.
package price

import "time"

// Price is what one model costs from one moment on, per token.
//
// A bucket for which the source lists no price costs what its parent costs:
// reads and writes of the prompt cache and audio input as Input, reasoning and
// audio output as Output. So a bucket is never free by omission.
type Price struct {
	ID           string // provider/model@date of the row, for the record
	Input        Pico
	Output       Pico
	CacheRead    Pico
	CacheWrite5m Pico
	CacheWrite1h Pico
	AudioInput   Pico
	AudioOutput  Pico
	ValidFrom    time.Time // zero: since ever
	// Long, if not nil, replaces the price for a whole request whose input,
	// cached tokens included, exceeds LongAbove tokens.
	LongAbove int64
	Long      *Price
	// Peak, if not nil, replaces the price in hours of the day in which the provider asks more.
	Peak *Peak
	// Served replaces the price of what was served in another way than the usual one, by
	// the provider's word for that: a service tier, a speed, a region. Nil: its row says none.
	Served map[string]*Price
}

// For returns the price of a request with this many input tokens, cached ones
// included: p itself, or its long-context price. It does not allocate.
func (p *Price) For(totalInput int64) *Price {
	if p.Long != nil && totalInput > p.LongAbove {
		return p.Long
	}
	return p
}

// Rates are the buckets of one row as its source lists them, in pico-USD per
// token. A nil bucket is not listed, which is not the same as free.
type Rates struct {
	Input        Pico
	Output       Pico
	CacheRead    *Pico
	CacheWrite5m *Pico
	CacheWrite1h *Pico
	AudioInput   *Pico
	AudioOutput  *Pico
}

// Price fills the buckets that are not listed from their parents.
func (r Rates) Price(id string, validFrom time.Time) Price {
	return Price{
		ID:           id,
		Input:        r.Input,
		Output:       r.Output,
		CacheRead:    or(r.CacheRead, r.Input),
		CacheWrite5m: or(r.CacheWrite5m, r.Input),
		CacheWrite1h: or(r.CacheWrite1h, r.Input),
		AudioInput:   or(r.AudioInput, r.Input),
		AudioOutput:  or(r.AudioOutput, r.Output),
		ValidFrom:    validFrom,
	}
}

func or(listed *Pico, parent Pico) Pico {
	if listed != nil {
		return *listed
	}
	return parent
}
