package canon

import (
	"github.com/headgate/headgate/extproc/scan"
	"github.com/headgate/headgate/policy/trait"
)

// EffortFor returns the effort by which a model is to be told what is asked of its
// reasoning, empty for none. A request not to reason has no counterpart that all models
// take: those that cannot reason refuse the field. An effort by itself is for models of
// which it is known which efforts they take.
func (r *Reasoning) EffortFor(t *trait.Set) trait.Effort {
	if r.Raw.Kind() == scan.String {
		return trait.Effort(Inside(r.Raw))
	}
	known := t.Efforts.Known()
	switch {
	case r.Mode == ReasonUnset && !known:
		return ""
	case r.Mode == ReasonOff:
		if known && t.Reasoning != trait.ReasoningNone {
			return trait.EffortNone
		}
		return ""
	case string(r.Effort) == "max" && !known:
		return "high"
	case len(r.Effort) > 0 && trait.Effort(r.Effort).Known():
		return trait.Effort(r.Effort)
	case r.Mode == ReasonAdaptive, r.Mode == ReasonUnset:
		return ""
	case r.Budget <= 2048:
		return "low"
	case r.Budget <= 8192:
		return "medium"
	}
	return "high"
}
