package anthropic

import (
	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
	"github.com/headgate/headgate/policy/trait"
)

// unsampled reports whether a model does not take a sampling field with this value, beside
// the temperature of the same request. Of two where it takes one the temperature stays.
func unsampled(t *trait.Set, f canon.Field, v, temperature scan.Value) bool {
	switch {
	case t.Sampling == trait.SamplingOne:
		return f == canon.TopP && given(temperature)
	case t.Samples(true):
		return false
	default:
		return f != canon.Temperature || number(v) != 1
	}
}

// calm reports whether a sampling field with this value may stand beside thinking:
// temperature 1, top_p from 0.95 and no top_k (platform.claude.com, extended thinking).
func calm(f canon.Field, v scan.Value) bool {
	switch f {
	case canon.Temperature:
		return number(v) == 1
	case canon.TopP:
		return number(v) >= 0.95
	default:
		return false
	}
}

func given(v scan.Value) bool { return len(v) > 0 && v.Kind() != scan.Null }

// stoppable reports whether a model can be told not to think, so far as is known. One
// that cannot think needs not be told.
func stoppable(t *trait.Set) bool {
	return t.Reasoning != trait.ReasoningAlways && t.Reasoning != trait.ReasoningNone
}

// still is the type of thinking by which a model is told not to think.
func still(t *trait.Set) string {
	if t.Forms&trait.BetweenTools != 0 {
		return "between_tools"
	}
	return "disabled"
}

// guides returns the effort that goes out. A model that thinks with a budget got it as
// that, and one whose efforts are not known is guided only while it thinks.
func (e *encoder) guides() trait.Effort {
	r, t := &e.r.Reason, &e.t.Traits
	asked := trait.Effort(r.Effort)
	switch {
	case !asked.Known() || r.Mode == canon.ReasonOff || e.budget > 0:
		return ""
	case t.Efforts.Known():
		return t.Efforts.Nearest(asked)
	case e.think:
		return usual.Nearest(asked)
	default:
		return ""
	}
}

// usual are the efforts that all models take which take any, and the one beyond.
var usual = func() (s trait.Efforts) {
	if err := s.UnmarshalText([]byte("low medium high max")); err != nil {
		panic(err)
	}
	return s
}()

// budgetFor returns the thinking budget for an effort and a limit of the answer, which
// needs room too; 0 if there is too little of it.
func budgetFor(effort string, limit int64) int64 {
	if budget := min(budgetOf(effort), limit*3/4); budget >= minBudget {
		return budget
	}
	return 0
}
