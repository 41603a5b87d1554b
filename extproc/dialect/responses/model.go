package responses

import (
	"strconv"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
	"github.com/headgate/headgate/policy/trait"
)

// refused reports whether a model does not take a field with this value, if it reasons or
// not. OpenAI's models take the default temperature, but not the other fields even with
// their default values.
func refused(t *trait.Set, f canon.Field, v scan.Value, reasons bool) bool {
	switch f {
	case canon.Temperature:
		return !t.Samples(reasons) && number(v) != 1
	case canon.TopP:
		return !t.Samples(reasons)
	case canon.TopLogprobs:
		return t.Logprobs == trait.No || !t.Samples(reasons)
	default:
		return false
	}
}

// neutral reports whether a field says what is so without it.
func neutral(f canon.Field, v scan.Value) bool {
	switch f {
	case canon.Temperature, canon.TopP, canon.N:
		return number(v) == 1
	case canon.PresencePenalty, canon.FrequencyPenalty, canon.TopLogprobs:
		return number(v) == 0
	case canon.Logprobs, canon.Store:
		return string(v) == "false"
	case canon.LogitBias, canon.Metadata:
		return v.Kind() == scan.Object && canon.Void(v)
	case canon.ServiceTier:
		return string(v) == `"auto"`
	case canon.Modalities:
		return onlyText(v)
	default:
		return false
	}
}

// onlyText reports whether the kinds of an answer are text and nothing else.
func onlyText(v scan.Value) bool {
	e := v.Elements()
	for e.Next() {
		if string(e.Value()) != `"text"` {
			return false
		}
	}
	return v.Kind() == scan.Array
}

// number returns the value of a number, and one that is no default for anything else.
func number(v scan.Value) float64 {
	n, err := strconv.ParseFloat(string(v), 64)
	if err != nil {
		return -1
	}
	return n
}
