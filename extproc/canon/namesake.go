package canon

// FindNamesakes marks the tools whose name one before them has. Readers of requests call
// it once the tools are read.
func (r *Request) FindNamesakes() {
	if len(r.Tools)*len(r.Tools) > maxCompared {
		r.findManyNamesakes()
		return
	}
	for i := range r.Tools {
		for k := range r.Tools[:i] {
			if same(r.Tools[i].Name, r.Tools[k].Name) {
				r.Tools[i].Again = true
				break
			}
		}
	}
}

func (r *Request) findManyNamesakes() {
	seen := make(map[string]bool, len(r.Tools))
	for i := range r.Tools {
		name := Str(r.Tools[i].Name)
		r.Tools[i].Again = seen[name]
		seen[name] = true
	}
}

// Chosen returns the index of the first tool from one on that the choice may be about: of
// a name, that one; else any. It returns -1 if there is none.
func (r *Request) Chosen(from int) int {
	for i := from; i < len(r.Tools); i++ {
		if r.Choice.Mode != ChoiceNamed || same(r.Tools[i].Name, r.Choice.Name) {
			return i
		}
	}
	return -1
}
