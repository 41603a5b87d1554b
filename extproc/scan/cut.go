package scan

// A Cutter takes members out of an object, or elements out of an array, together with
// their commas: Item is called with each in order, Close after the last. The edits are
// in order, also if a caller adds its own for what lies within a kept item after the
// Item that kept it.
type Cutter struct {
	Edits []Edit

	first int // of what was cut before anything was kept; -1: nothing was
	last  int // end of the latest item
	kept  bool
}

// NewCutter returns a cutter that appends to edits.
func NewCutter(edits []Edit) Cutter { return Cutter{Edits: edits, first: -1} }

// Item says whether the item from start to end goes.
func (c *Cutter) Item(start, end int, cut bool) {
	switch {
	case !cut && c.first >= 0:
		c.Edits = append(c.Edits, Edit{Start: c.first, End: start})
		c.first = -1
	case cut && c.kept:
		c.Edits = append(c.Edits, Edit{Start: c.last, End: end})
	case cut && c.first < 0:
		c.first = start
	}
	c.kept = c.kept || !cut
	c.last = end
}

// Close ends the object or array and returns the edits.
func (c *Cutter) Close() []Edit {
	if c.first >= 0 {
		c.Edits = append(c.Edits, Edit{Start: c.first, End: c.last})
		c.first = -1
	}
	return c.Edits
}
