package moderation

import (
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/headgate/headgate/extproc/guard/content"
	"github.com/headgate/headgate/extproc/guard/detector"
	"github.com/headgate/headgate/extproc/scan"
)

// result is what the provider says of one text. A category that is null does not apply.
type result struct {
	flagged    bool
	categories []string // those that are true
	scores     map[string]float64
}

// read reads an answer: a result for each text.
func (g *Guard) read(data []byte) ([]detector.Answer, error) {
	var answers []detector.Answer
	err := detector.ReadObject(scan.Document(data), detector.Field{Name: "results", Read: func(v scan.Value) error {
		return detector.ReadList(v, maxTexts, func(v scan.Value) error {
			r, err := readResult(v)
			if err != nil {
				return err
			}
			o, err := g.opinion(r)
			answers = append(answers, detector.Answer{Opinion: o})
			return err
		})
	}})
	return answers, err
}

func readResult(v scan.Value) (*result, error) {
	r := &result{scores: map[string]float64{}}
	err := detector.ReadFields(v,
		detector.Field{Name: "flagged", Read: detector.Switch(&r.flagged)},
		detector.Field{Name: "categories", Read: func(v scan.Value) error {
			return each(v, func(name string, v scan.Value) error {
				var on bool
				err := detector.Switch(&on)(v)
				if on {
					r.categories = append(r.categories, name)
				}
				return err
			})
		}},
		detector.Field{Name: "category_scores", Read: func(v scan.Value) error {
			return each(v, func(name string, v scan.Value) error {
				var score float64
				err := detector.Score(&score)(v)
				r.scores[name] = score
				return err
			})
		}})
	return r, err
}

var categoryName = regexp.MustCompile(detector.TypePattern)

// each reads the categories of an object that are not null. One that stands twice is an error.
func each(v scan.Value, read func(name string, v scan.Value) error) error {
	if v.Kind() != scan.Object {
		return errors.New("must be an object")
	}
	members := v.Fields()
	seen := map[string]bool{}
	for members.Next() {
		name := string(members.Key())
		switch {
		case !categoryName.MatchString(name):
			return errors.New("has a category with a name that is none")
		case seen[name]:
			return fmt.Errorf("%s: stands twice", name)
		}
		seen[name] = true
		if members.Value().Kind() == scan.Null {
			continue
		}
		if err := read(name, members.Value()); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return members.Err()
}

// opinion is what a result means: by the policy's thresholds, or else by what the provider flags.
func (g *Guard) opinion(r *result) (content.Opinion, error) {
	if g.thresholds == nil {
		o := content.Opinion{Flagged: r.flagged, Types: slices.Sorted(slices.Values(r.categories))}
		for _, score := range r.scores {
			o.Score = max(o.Score, score)
		}
		return o, nil
	}
	var o content.Opinion
	for _, name := range g.names {
		score, ok := r.scores[name]
		if !ok {
			return content.Opinion{}, fmt.Errorf("category_scores: %s has a threshold in the policy and no score", name)
		}
		o.Score = max(o.Score, score)
		if score >= g.thresholds[name] {
			o.Flagged, o.Types = true, append(o.Types, name)
		}
	}
	return o, nil
}
