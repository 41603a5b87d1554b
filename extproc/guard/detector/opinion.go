package detector

import (
	"slices"

	"github.com/headgate/headgate/extproc/guard/content"
)

// opinion is what all the answers say together: something is flagged if it is in one of them, the
// score is the highest, the message the first.
func (a *asked) opinion() content.Opinion {
	var all content.Opinion
	for _, p := range a.parts {
		answer := p.entry.answer
		if answer == nil {
			continue
		}
		all.Flagged = all.Flagged || answer.Flagged
		all.Types = append(all.Types, answer.Types...)
		all.Score = max(all.Score, answer.Score)
		if all.Message == "" {
			all.Message = answer.Message
		}
		for _, f := range answer.Findings {
			f.Text, f.Start, f.End = p.text, f.Start+p.offset, f.End+p.offset
			all.Findings = append(all.Findings, f)
		}
	}
	slices.Sort(all.Types)
	all.Types = slices.Compact(all.Types)
	all.Findings = resolve(join(all.Findings))
	return all
}

// join makes one finding of those of the same type that overlap, as two pieces of a text have
// them of what stands at their border: each may see a part of it only.
func join(findings []content.Finding) []content.Finding {
	slices.SortFunc(findings, inOrder)
	last := map[string]int{} // where in all the last of a type is
	all := findings[:0]
	for _, f := range findings {
		if i, ok := last[f.Type]; ok && all[i].Text == f.Text && f.Start < all[i].End {
			all[i].End = max(all[i].End, f.End)
			all[i].Score = max(all[i].Score, f.Score)
			continue
		}
		last[f.Type] = len(all)
		all = append(all, f)
	}
	return all
}
