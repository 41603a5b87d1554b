package exchange

import (
	"fmt"
	"slices"
	"time"
)

// ListedModel is a model as a client sees it in a list.
type ListedModel struct {
	Name    string // that it is asked by
	Model   string // the policy's model that answers it
	Created time.Time
}

// Page is the part of a list that a client asks for. The zero Page is all of it.
type Page struct {
	Limit  int    // models at most; 0: as many as there are
	After  string // the name that the part begins after; empty: none
	Before string // the name that the part ends before, so that Limit counts backwards; empty: none
}

// Of cuts the page out of a list. It returns whether there is more in the direction in which the
// client goes through it, and an error if a name that bounds the page is not in the list.
func (p Page) Of(all []ListedModel) (part []ListedModel, more bool, err error) {
	limit := p.Limit
	if limit == 0 {
		limit = len(all)
	}
	if p.After != "" {
		i, err := find(all, "after_id", p.After)
		if err != nil {
			return nil, false, err
		}
		all = all[i+1:]
	}
	if p.Before != "" {
		i, err := find(all, "before_id", p.Before)
		if err != nil {
			return nil, false, err
		}
		return all[max(0, i-limit):i], i > limit, nil
	}
	return all[:min(limit, len(all))], len(all) > limit, nil
}

// find returns where a name stands in a list.
func find(all []ListedModel, what, name string) (int, error) {
	i := slices.IndexFunc(all, func(m ListedModel) bool { return m.Name == name })
	if i < 0 {
		return 0, fmt.Errorf("%s: no model %q is in the list", what, Clip(name, 100))
	}
	return i, nil
}
