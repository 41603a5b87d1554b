package eval

import (
	"cmp"
	"slices"

	"github.com/headgate/headgate/extproc/cache/verify"
)

// Report is how well a semantic cache recognises questions. Shares are nil if they are of nothing.
type Report struct {
	Embedder string  `json:"embedder"` // its ID
	Chosen   float64 `json:"chosen"`   // threshold of BySource and WithoutSource
	Group
	NoVector      int              `json:"no_vector"` // pairs of which a question has none; they never hit
	AUC           *float64         `json:"auc"`       // of the cosine alone; nil: one kind of pair alone
	Thresholds    []Threshold      `json:"thresholds"`
	BySource      map[string]Point `json:"by_source"`
	WithoutSource map[string]Point `json:"without_source"` // all other sources
	Refused       []Refused        `json:"refused"`        // by the rules, whatever the cosine
}

// Group is how many pairs there are.
type Group struct {
	Pairs int `json:"pairs"`
	Same  int `json:"same"` // the answer of one serves the other
}

// Threshold is what comes of a least cosine.
type Threshold struct {
	Threshold float64 `json:"threshold"`
	ByRules
}

// Point is what comes of the chosen threshold for some of the pairs.
type Point struct {
	Group
	ByRules
}

// ByRules is what comes of a threshold without rules, and with each set of them.
type ByRules struct {
	None   Hits `json:"none"`
	Basic  Hits `json:"basic"`
	Strict Hits `json:"strict"`
}

// Hits counts the pairs that are served.
type Hits struct {
	Hits      int      `json:"hits"`
	Right     int      `json:"right"`
	Precision *float64 `json:"precision"` // share of the hits that are right
	HitRate   *float64 `json:"hit_rate"`  // share of the pairs that are the same that hit
}

// Refused is what a rule, or a set of rules, refuses of all pairs.
type Refused struct {
	Rule  string   `json:"rule"`  // a rule, "basic" or "strict"
	Same  *float64 `json:"same"`  // share of the pairs that are the same
	Other *float64 `json:"other"` // share of those that are not
}

// Sum sums up what was judged, with a threshold that is looked at more closely.
func Sum(all []Judged, embedder string, chosen float64) *Report {
	r := &Report{Embedder: embedder, Chosen: chosen, Group: groupOf(all), AUC: auc(all), BySource: map[string]Point{}, WithoutSource: map[string]Point{}, Refused: refusals(all)}
	sources := map[string]bool{}
	for i := range all {
		sources[all[i].Source] = true
		if !all[i].Vector {
			r.NoVector++
		}
	}
	for _, t := range thresholds(chosen) {
		r.Thresholds = append(r.Thresholds, Threshold{t, byRules(all, t)})
	}
	for s := range sources {
		of := func(j Judged) bool { return j.Source == s }
		r.BySource[s] = point(slices.DeleteFunc(slices.Clone(all), func(j Judged) bool { return !of(j) }), chosen)
		r.WithoutSource[s] = point(slices.DeleteFunc(slices.Clone(all), of), chosen)
	}
	return r
}

func groupOf(all []Judged) (g Group) {
	g.Pairs = len(all)
	for i := range all {
		if all[i].Same {
			g.Same++
		}
	}
	return g
}

func point(all []Judged, threshold float64) Point {
	return Point{groupOf(all), byRules(all, threshold)}
}

func byRules(all []Judged, threshold float64) ByRules {
	return ByRules{None: hitsOf(all, threshold, NoRules), Basic: hitsOf(all, threshold, Basic), Strict: hitsOf(all, threshold, Strict)}
}

func hitsOf(all []Judged, threshold float64, v Verifying) (h Hits) {
	for i := range all {
		if j := &all[i]; j.hits(threshold, v) {
			h.Hits++
			if j.Same {
				h.Right++
			}
		}
	}
	h.Precision, h.HitRate = ratio(h.Right, h.Hits), ratio(h.Right, groupOf(all).Same)
	return h
}

// refusals are what each rule, and each set of them, refuses.
func refusals(all []Judged) (out []Refused) {
	share := func(rule string, by func(*Judged) bool) {
		same, other := 0, 0
		for i := range all {
			switch {
			case !by(&all[i]):
			case all[i].Same:
				same++
			default:
				other++
			}
		}
		g := groupOf(all)
		out = append(out, Refused{rule, ratio(same, g.Same), ratio(other, g.Pairs-g.Same)})
	}
	for _, v := range Verifyings[1:] {
		share(string(v), func(j *Judged) bool { return refused(j.Rules, v) })
	}
	for _, rule := range verify.Rules {
		share(string(rule), func(j *Judged) bool { return slices.Contains(j.Rules, rule) })
	}
	return out
}

// auc is the chance that a pair that is the same has a higher cosine than one that is not, of two
// that are equal one half. Pairs without vectors are left out.
func auc(all []Judged) *float64 {
	ranked := slices.DeleteFunc(slices.Clone(all), func(j Judged) bool { return !j.Vector })
	slices.SortFunc(ranked, func(a, b Judged) int { return cmp.Compare(a.Cosine, b.Cosine) })
	wins, below, same, other := 0.0, 0, 0, 0
	for i := 0; i < len(ranked); {
		s, o, next := 0, 0, i
		for ; next < len(ranked) && ranked[next].Cosine == ranked[i].Cosine; next++ {
			if ranked[next].Same {
				s++
			} else {
				o++
			}
		}
		wins += float64(s) * (float64(below) + float64(o)/2)
		below, same, other, i = below+o, same+s, other+o, next
	}
	if same == 0 || other == 0 {
		return nil
	}
	return new(wins / float64(same) / float64(other))
}

// ratio is a share; nil: of nothing.
func ratio(part, whole int) *float64 {
	if whole == 0 {
		return nil
	}
	return new(float64(part) / float64(whole))
}
