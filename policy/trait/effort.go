package trait

import (
	"fmt"
	"slices"
	"strings"
)

// Effort is how much a model is to reason, in the words of both dialects.
type Effort string

// ladder are the efforts, from the least to the most.
var ladder = []Effort{"none", "minimal", "low", "medium", "high", "xhigh", "max"}

// Known reports whether the effort is one of the ladder.
func (e Effort) Known() bool { return rung(e) >= 0 }

// EffortNone asks a model not to reason.
const EffortNone Effort = "none"

// Efforts is a set of efforts. The zero Efforts is not known.
type Efforts uint8

// NoEfforts says that a model takes no efforts at all.
const NoEfforts Efforts = 1 << 7

// Ladder returns all efforts, from the least to the most.
func Ladder() []Effort { return slices.Clone(ladder) }

// EffortsOf makes a set of a list.
func EffortsOf(list []Effort, s *Efforts) {
	*s = 0
	for _, e := range list {
		*s |= 1 << rung(e)
	}
}

// List returns the efforts of a set, from the least to the most; false of NoEfforts.
func (s *Efforts) List() ([]Effort, bool) {
	var all []Effort
	for _, e := range ladder {
		if s.Has(e) {
			all = append(all, e)
		}
	}
	return all, *s != NoEfforts
}

// Has reports whether an effort is in the set.
func (s Efforts) Has(e Effort) bool {
	i := rung(e)
	return i >= 0 && s&(1<<i) != 0
}

// Known reports whether the set says anything.
func (s Efforts) Known() bool { return s != 0 }

// Nearest returns the effort of the set that is closest to another: that one, or the
// next less, or the next more. Not to reason becomes the least that there is. It returns
// "" if the set has none; an unknown effort, and a set that is not known,
// change nothing.
func (s Efforts) Nearest(e Effort) Effort {
	i := rung(e)
	switch {
	case !s.Known() || i < 0 && s != NoEfforts:
		return e
	case s == NoEfforts:
		return ""
	case s.Has(e):
		return e
	}
	for k := i - 1; k > 0; k-- { // never down to none
		if s.Has(ladder[k]) {
			return ladder[k]
		}
	}
	for k := i + 1; k < len(ladder); k++ {
		if s.Has(ladder[k]) {
			return ladder[k]
		}
	}
	return ""
}

// EffortFor returns the effort that the model is sent for another, empty for none: the
// nearest, and beside a word not to think no more than goes with that.
func (s *Set) EffortFor(e Effort, still bool) Effort {
	sent := s.Efforts.Nearest(e)
	if still && s.StillEffort != "" && rung(sent) > rung(s.StillEffort) {
		return s.StillEffort
	}
	return sent
}

func rung(e Effort) int {
	for i, r := range ladder {
		if r == e {
			return i
		}
	}
	return -1
}

// String lists the set, from the least to the most.
func (s Efforts) String() string {
	if s == NoEfforts {
		return "no"
	}
	var all []string
	for _, e := range ladder {
		if s.Has(e) {
			all = append(all, string(e))
		}
	}
	return strings.Join(all, " ")
}

// UnmarshalText reads what String writes.
func (s *Efforts) UnmarshalText(text []byte) error {
	*s = 0
	if string(text) == "no" {
		*s = NoEfforts
		return nil
	}
	for _, word := range strings.Fields(string(text)) {
		i := rung(Effort(word))
		if i < 0 {
			return fmt.Errorf("%q is no effort", word)
		}
		*s |= 1 << i
	}
	return nil
}

// MarshalText is the inverse of UnmarshalText.
func (s Efforts) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Forms are the ways in which models are told to think by the member thinking. The zero Forms is
// not known.
type Forms uint8

// The forms.
const (
	Budget       Forms = 1 << iota // thinking.type enabled, with budget_tokens
	Adaptive                       // thinking.type adaptive
	Switch                         // thinking.type enabled and disabled, in OpenAI's dialect
	BetweenTools                   // thinking.type between_tools, in the place of disabled
)

// UnmarshalText reads the names of forms.
func (f *Forms) UnmarshalText(text []byte) error {
	*f = 0
	for _, word := range strings.Fields(string(text)) {
		switch word {
		case "budget":
			*f |= Budget
		case "adaptive":
			*f |= Adaptive
		case "switch":
			*f |= Switch
		case "between_tools":
			*f |= BetweenTools
		default:
			return fmt.Errorf("%q is no form of thinking", word)
		}
	}
	return nil
}

// MarshalText is the inverse of UnmarshalText.
func (f Forms) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// String lists the forms.
func (f Forms) String() string {
	var all []string
	if f&Budget != 0 {
		all = append(all, "budget")
	}
	if f&Adaptive != 0 {
		all = append(all, "adaptive")
	}
	if f&Switch != 0 {
		all = append(all, "switch")
	}
	if f&BetweenTools != 0 {
		all = append(all, "between_tools")
	}
	return strings.Join(all, " ")
}
