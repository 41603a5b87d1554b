package record

import (
	"encoding/hex"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/policy/policypb"
)

// guardsOf copies what guards made of an exchange.
func guardsOf(ex *exchange.Exchange) []*policypb.GuardVerdict {
	if len(ex.Guards) == 0 {
		return nil
	}
	out := make([]*policypb.GuardVerdict, len(ex.Guards))
	for i := range ex.Guards {
		g := &ex.Guards[i]
		out[i] = &policypb.GuardVerdict{
			Guard: g.Guard, Kind: g.Kind, Output: g.Output, Action: g.Action, Mode: string(g.Mode), Result: string(g.Result), Reason: string(g.Reason),
			Score: share(g.Score), Hash: g.Hash, DurationNanos: max(g.Nanos, 0),
		}
		for _, t := range g.Types[:min(len(g.Types), exchange.MaxTypes)] {
			out[i].Types = append(out[i].Types, &policypb.GuardType{Type: exchange.Clip(t.Type, exchange.MaxText), Count: int64(t.Count)})
		}
		for _, s := range g.Spans[:min(len(g.Spans), exchange.MaxSpans)] {
			out[i].Spans = append(out[i].Spans, &policypb.GuardSpan{Text: int32(s.Text), Start: int64(s.Start), End: int64(s.End), Type: exchange.Clip(s.Type, exchange.MaxText)})
		}
	}
	return out
}

// share is a score within its bounds: what is no number is none.
func share(score float64) float64 {
	if score > 0 {
		return min(score, 1)
	}
	return 0
}

// Guard is what one guard made of an exchange in a Line.
type Guard struct {
	Guard     string      `json:"guard"`
	Kind      string      `json:"kind"`
	Direction string      `json:"direction"` // "input" or "output"
	Action    string      `json:"action"`
	Mode      string      `json:"mode"`
	Result    string      `json:"result"`
	Reason    string      `json:"reason,omitempty"`
	Types     []GuardType `json:"types,omitempty"`
	Spans     []GuardSpan `json:"spans,omitempty"`
	Score     float64     `json:"score,omitempty"`
	Hash      string      `json:"hash,omitempty"` // in hexadecimal digits
	MS        float64     `json:"ms"`
}

// GuardType is how often a guard found something of a type.
type GuardType struct {
	Type  string `json:"type"`
	Count int64  `json:"count"`
}

// GuardSpan is a place at which a guard found something.
type GuardSpan struct {
	Text  int    `json:"text"`
	Start int64  `json:"start"`
	End   int64  `json:"end"`
	Type  string `json:"type"`
}

// direction names what a guard judges: a request is input, and what comes back output.
func direction(output bool) string {
	if output {
		return "output"
	}
	return "input"
}

// guardsIn are the verdicts of a row as a line has them.
func guardsIn(verdicts []*policypb.GuardVerdict) []Guard {
	if len(verdicts) == 0 {
		return nil
	}
	out := make([]Guard, len(verdicts))
	for i, v := range verdicts {
		out[i] = Guard{
			Guard: v.Guard, Kind: v.Kind, Direction: direction(v.Output), Action: v.Action, Mode: v.Mode, Result: v.Result, Reason: v.Reason,
			Score: v.Score, Hash: hex.EncodeToString(v.Hash), MS: millis(v.DurationNanos),
		}
		for _, t := range v.Types {
			out[i].Types = append(out[i].Types, GuardType{t.Type, t.Count})
		}
		for _, s := range v.Spans {
			out[i].Spans = append(out[i].Spans, GuardSpan{int(s.Text), s.Start, s.End, s.Type})
		}
	}
	return out
}
