package exchange

import (
	"fmt"
	"slices"

	"github.com/headgate/headgate/extproc/scan"
)

// Edit gives a text of the canonical form a new value.
type Edit struct {
	Text scan.Value // a string, as the canonical form holds it; with Raw, any value
	With string     // its new value, not escaped
	Raw  []byte     // its new value as JSON; nil: With is
}

// AskStream is the edit that makes a request one for a stream. One that is read has at
// least the member model, so a comma always fits after a new one.
func (s *Spans) AskStream() scan.Edit {
	if s.Stream.End > 0 {
		return scan.Edit{Start: s.Stream.Start, End: s.Stream.End, With: []byte("true")}
	}
	return scan.Edit{Start: s.First, End: s.First, With: []byte(`"stream":true,`)}
}

// splice makes the edits in the body that holds their texts.
func splice(body []byte, edits []Edit) ([]byte, error) {
	all := make([]scan.Edit, len(edits))
	for i, e := range edits {
		start, ok := scan.Within(body, e.Text)
		if !ok || e.Raw == nil && e.Text.Kind() != scan.String {
			return nil, fmt.Errorf("edit %d names no text of this body", i)
		}
		with := e.Raw
		if with == nil {
			with = scan.AppendString(make([]byte, 0, len(e.With)+len(e.With)/8+2), e.With)
		}
		all[i] = scan.Edit{Start: start, End: start + len(e.Text), With: with}
	}
	slices.SortFunc(all, func(a, b scan.Edit) int { return a.Start - b.Start })
	for i := 1; i < len(all); i++ {
		if all[i].Start < all[i-1].End {
			return nil, fmt.Errorf("two edits name the text at byte %d", all[i].Start)
		}
	}
	return scan.Splice(nil, body, all), nil
}
