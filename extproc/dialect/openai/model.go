package openai

import (
	"strconv"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
	"github.com/headgate/headgate/policy/trait"
)

// effortFor returns the effort that a model is sent for the one that was asked for, both
// empty for none, in a request with or without tools.
func effortFor(t *trait.Set, asked trait.Effort, tools bool) trait.Effort {
	if switchesOff(t, asked) {
		return ""
	}
	sent := asked
	if asked != "" {
		sent = t.Efforts.Nearest(asked)
	}
	switch {
	case !tools || sent == trait.EffortNone:
		return sent
	case t.ToolEfforts == trait.ToolEffortsUnsaid:
		return ""
	case t.ToolEfforts == trait.ToolEffortsNone:
		return trait.EffortNone
	default:
		return sent
	}
}

// switchesOff reports whether a model is told not to reason by the member thinking, in
// the place of an effort.
func switchesOff(t *trait.Set, asked trait.Effort) bool {
	return asked == trait.EffortNone && t.Forms&trait.Switch != 0
}

// switchedOff is what it is told.
const switchedOff = `{"type":"disabled"}`

// refused reports whether a model does not take a field with this value, if it reasons
// or not. OpenAI's models take the default temperature, but not the other fields even
// with their default values.
func refused(t *trait.Set, f canon.Field, v scan.Value, reasons bool) bool {
	switch f {
	case canon.Temperature:
		return !t.Samples(reasons) && number(v) != 1
	case canon.TopP, canon.TopK, canon.PresencePenalty, canon.FrequencyPenalty, canon.LogitBias:
		return !t.Samples(reasons)
	case canon.Logprobs, canon.TopLogprobs:
		return t.Logprobs == trait.No || !t.Samples(reasons)
	case canon.Stop:
		return t.Stop == trait.No
	default:
		return false
	}
}

// neutral reports whether a field says what is so without it.
func neutral(f canon.Field, v scan.Value) bool {
	switch f {
	case canon.Temperature, canon.TopP:
		return number(v) == 1
	case canon.PresencePenalty, canon.FrequencyPenalty, canon.TopLogprobs:
		return number(v) == 0
	case canon.Logprobs:
		return string(v) == "false"
	case canon.LogitBias:
		m := v.Fields()
		return v.Kind() == scan.Object && !m.Next()
	case canon.Stop:
		e := v.Elements()
		return v.Kind() == scan.Array && !e.Next()
	default:
		return false
	}
}

// number returns the value of a number, and one that is no default for anything else.
func number(v scan.Value) float64 {
	n, err := strconv.ParseFloat(string(v), 64)
	if err != nil {
		return -1
	}
	return n
}

// reasons reports whether a model that is sent an effort, or none, reasons: those that
// sample only if they do not reason need to be told to.
func reasons(sent trait.Effort) bool { return sent != "" && sent != trait.EffortNone }
