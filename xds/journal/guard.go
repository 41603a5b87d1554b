package journal

import (
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/headgate/headgate/policy/policypb"
)

// Guard is what one guard made of an exchange. policypb.GuardVerdict says what the fields mean.
type Guard struct {
	Guard      string      `json:"guard"`
	Kind       string      `json:"kind"`
	Direction  string      `json:"direction"` // "input" or "output"
	Action     string      `json:"action"`
	Mode       string      `json:"mode"`
	Result     string      `json:"result"`
	Reason     string      `json:"reason,omitempty"`
	Types      []GuardType `json:"types,omitempty"`
	Spans      []GuardSpan `json:"spans,omitempty"`
	Score      float64     `json:"score,omitempty"`
	Hash       string      `json:"hash,omitempty"` // in hexadecimal digits
	DurationMS float64     `json:"duration_ms"`
}

// GuardType is how often a guard found something of a type.
type GuardType struct {
	Type  string `json:"type"`
	Count int64  `json:"count"`
}

// GuardSpan is a place at which a guard found something, in bytes of the text as guards see it.
type GuardSpan struct {
	Text  int32  `json:"text"`
	Start int64  `json:"start"`
	End   int64  `json:"end"`
	Type  string `json:"type"`
}

// direction names what a guard judges.
func direction(output bool) string {
	if output {
		return "output"
	}
	return "input"
}

// addGuards adds what guards made of the exchange.
func (e *Exchange) addGuards(text string) error {
	var all []*policypb.GuardVerdict
	if err := fromJSON(text, &all); err != nil {
		return fmt.Errorf("guards of %s: %w", e.Exchange, err)
	}
	for _, v := range all {
		g := Guard{Guard: v.Guard, Kind: v.Kind, Direction: direction(v.Output), Action: v.Action, Mode: v.Mode, Result: v.Result, Reason: v.Reason,
			Score: v.Score, Hash: hex.EncodeToString(v.Hash), DurationMS: millis(v.DurationNanos)}
		for _, t := range v.Types {
			g.Types = append(g.Types, GuardType{t.Type, t.Count})
		}
		for _, s := range v.Spans {
			g.Spans = append(g.Spans, GuardSpan{s.Text, s.Start, s.End, s.Type})
		}
		e.Guards = append(e.Guards, g)
	}
	return nil
}

// passed is the result of a guard that has nothing against an exchange.
const passed = "pass"

// guardedBy are the guards that had something against an exchange, or could not decide, each once.
func (e *entry) guardedBy() (names []string) {
	if e.kind != Call {
		return nil
	}
	for _, v := range e.Guards {
		if name := storable(v.Guard); v.Result != passed && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// guarded are they as a column has them: with a comma before and after each, so that a name is
// found by both. Names of guards have none.
func (e *entry) guarded() string {
	return commas(e.guardedBy())
}

// guardSpan is that of the rollup of guards, as far as it is dropped.
var guardSpan = &span{table: "rollup_guard", column: "hour", seconds: 3600}
