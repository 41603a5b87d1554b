// Package price holds what models cost. A Catalogue is immutable and safe for
// concurrent use. All money is integer pico-USD (1e-12 USD) per token, because
// 0.003625 USD per million tokens is 3,625 pico-USD and no float.
package price

import "time"

// Pico is an amount of money in pico-USD, 1e-12 USD.
type Pico int64

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
	ValidFrom    time.Time
	// Long, where not nil, replaces the price for a whole request whose input,
	// cached tokens included, exceeds LongAbove tokens.
	LongAbove int64
	Long      *Price
}
