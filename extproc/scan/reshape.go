package scan

import "slices"

// Fate is what becomes of a member when its object is written anew.
type Fate uint8

// The fates of a member.
const (
	Kept     Fate = iota
	Dropped       // with the comma that it stands beside
	Replaced      // by another member: name, colon and value
)

// Reshape returns the edits that give the members of an object their fates: the bytes of
// those that are kept stay as they are. It says where the members begin, too, for
// one that is put before them. At least one member must be kept or replaced.
func Reshape(edits []Edit, object []byte, fate func(*Members) (Fate, []byte)) []Edit {
	var m Members
	m.b, m.i = object, skipBlank(object, 0)
	m.open('{', "an object")
	kept := -1           // where the last kept member ends
	from, last := -1, -1 // the run of dropped members before the current one
	for m.Next() {
		start, end := m.MemberSpan()
		what, with := fate(&m)
		if what == Dropped {
			if from < 0 {
				from = start
			}
			last = end
			continue
		}
		if from >= 0 && kept >= 0 {
			edits = append(edits, Edit{Start: kept, End: last})
		} else if from >= 0 {
			edits = append(edits, Edit{Start: from, End: start})
		}
		if what == Replaced {
			edits = append(edits, Edit{Start: start, End: end, With: with})
		}
		kept, from = end, -1
	}
	if from >= 0 {
		edits = append(edits, Edit{Start: max(kept, 0), End: last})
	}
	return edits
}

// Sort puts edits in the order in which Splice wants them. Those of one place keep
// theirs, so that what is put in comes before what is taken out.
func Sort(edits []Edit) {
	slices.SortStableFunc(edits, func(a, b Edit) int { return a.Start - b.Start })
}
