package strict

import "go.yaml.in/yaml/v3"

// Given is an object as it stands in a document: which of its keys are there, and where.
type Given struct {
	at    Place
	typ   *Type
	slots []slot           // by field
	other map[string]Place // keys that the type does not know
}

// slot is what is known of one key.
type slot struct {
	stands bool // the key, or a misspelled one that most likely means it
	plain  bool // its value may be read
	good   bool // its value was read without a fault
	key    Place
	value  Place
}

func newGiven(at Place, t *Type) *Given {
	return &Given{at: at, typ: t, slots: make([]slot, len(t.Fields))}
}

// Place returns the place of the object itself.
func (g *Given) Place() Place { return g.at }

// At returns the place of a key's value, or false if it is not there or has a fault.
func (g *Given) At(key string) (Place, bool) {
	s := g.slot(key)
	return s.value, s.good
}

// Has reports whether a key stands there, whatever its value. A misspelled key counts as
// the one that is most likely meant.
func (g *Given) Has(key string) bool { return g.slot(key).stands }

// Faulty reports whether a key stands there, if misspelled, and what was meant is not known
// because of a fault. What follows from such a key is no fault of its own.
func (g *Given) Faulty(key string) bool {
	s := g.slot(key)
	return s.stands && !s.good
}

func (g *Given) slot(key string) *slot {
	i := g.typ.field(key)
	if i < 0 {
		panic("strict: " + key + " is no key of the object")
	}
	return &g.slots[i]
}

// Entry is one name of a map with its value.
type Entry struct {
	Name  string
	Key   Place // of the name
	Value Place
}

// Entries returns the names of the map that a key holds, in their order, those whose
// values have faults included.
func (g *Given) Entries(key string) []Entry {
	var all []Entry
	s := g.slot(key)
	if !s.plain {
		return nil
	}
	for _, part := range append([]Place{s.value}, s.value.also...) {
		if part.node.Kind != yaml.MappingNode {
			continue
		}
		path := part.Path()
		for i := 0; i+1 < len(part.node.Content); i += 2 {
			k, v := part.node.Content[i], part.node.Content[i+1]
			all = append(all, Entry{k.Value,
				Place{node: k, file: part.file, base: path},
				Place{node: v, file: part.file, base: path}.under(k.Value)})
		}
	}
	return all
}
