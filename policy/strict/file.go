package strict

import (
	"math"
	"strings"

	"go.yaml.in/yaml/v3"
)

// File is one file of a document: its name, which faults begin with and which no
// other file of the document has, and its bytes.
type File struct {
	Name string `json:"name"`
	Data []byte `json:"data"`
}

// Options say how a document is read.
type Options struct {
	// MaxBytes bounds all files together; 0: no bound.
	MaxBytes int
	// Accepted says that some version of the program accepted the document before: what
	// came to be refused since is read as it was then. Quotes around numbers and Except
	// are of this kind.
	Accepted bool
}

// Reading is a document that was read.
type Reading struct {
	*Reader
	// Given holds the keys of the document, merged over its files.
	Given *Given
	// Whole reports whether every file is part of the Given. If not, a name that is
	// missing may stand in a file that is no YAML.
	Whole bool
}

// Read reads a document of one or several files into an S. Its maps are merged over the
// files and the keys with EveryFile stand in each; every other key stands in one file only.
// How a document is cut into files does not show in S.
func Read[S any](doc *Object[S], files []File, o Options, into *S) *Reading {
	r := &Reading{Reader: &Reader{accepted: o.Accepted}, Given: newGiven(Place{node: &yaml.Node{}}, &doc.typ)}
	doc.Reset(into)
	if !r.admit(files, o.MaxBytes) {
		return r
	}
	var tops []*Given
	for _, f := range files {
		if g, ok := doc.top(r.Reader, f, into); ok {
			tops = append(tops, g)
		}
	}
	if len(tops) == 0 {
		return r
	}
	r.Given, r.Whole = r.merge(tops), len(tops) == len(files)
	doc.demand(r.Reader, r.Given, func(k Key) bool { return k.Required && !k.EveryFile && r.Whole })
	doc.fill(r.Reader, r.Given, into)
	return r
}

// admit refuses files that cannot be told apart or are too much to read.
func (r *Reader) admit(files []File, maxBytes int) bool {
	if maxBytes == 0 {
		maxBytes = math.MaxInt
	}
	named, total := make(map[string]bool), 0
	for _, f := range files {
		top := Place{node: &yaml.Node{Line: 1, Column: 1}, file: f.Name}
		if named[f.Name] {
			r.Fault(top, "", "another file has this name")
		}
		named[f.Name] = true
		total += len(f.Data)
		if len(f.Data) > maxBytes {
			r.Fault(top, "", "the document is larger than %d bytes", maxBytes)
			return false
		}
		if total > maxBytes {
			r.Fault(top, "", "the files up to this one are larger than %d bytes together", maxBytes)
			return false
		}
	}
	return len(r.faults) == 0
}

// top reads the keys of one file, and the values of those that stand in every file.
func (o *Object[S]) top(r *Reader, f File, into *S) (*Given, bool) {
	node, syntax := root(f.Name, f.Data, o.minimal())
	if syntax != nil {
		r.faults = append(r.faults, *syntax)
		return nil, false
	}
	at := Place{node: node, file: f.Name}
	if !r.plain(at) {
		return nil, false
	}
	g, ok := o.given(r, at)
	if !ok {
		return nil, false
	}
	o.demand(r, g, func(k Key) bool { return k.Required && k.EveryFile })
	for i, k := range o.typ.Fields {
		if s := &g.slots[i]; k.EveryFile && s.plain {
			s.plain = o.fields[i].read(r, s.value, into)
		}
	}
	return g, true
}

// minimal shows the shortest document there is, as a hint.
func (o *Object[S]) minimal() string {
	var keys []string
	for _, k := range o.typ.Fields {
		if k.Required {
			keys = append(keys, k.Example)
		}
	}
	if keys == nil {
		return ""
	}
	return "the shortest one is " + strings.Join(keys, ", ")
}

// merge makes one Given of the tops of all files.
func (r *Reader) merge(tops []*Given) *Given {
	all := newGiven(tops[0].at, tops[0].typ)
	for _, top := range tops {
		for i, k := range all.typ.Fields {
			to, from := &all.slots[i], top.slots[i]
			to.stands = to.stands || from.stands
			switch {
			case !from.plain:
			case !to.plain:
				to.plain, to.key, to.value = true, from.key, from.value
			case k.Type.Kind == KindMap:
				to.value.also = append(to.value.also, from.value)
			case !k.EveryFile:
				r.twice(from.key, Quote(k.Key), to.key)
			}
		}
	}
	return all
}
