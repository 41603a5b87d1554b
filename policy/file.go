package policy

import (
	"github.com/headgate/headgate/policy/strict"
	"go.yaml.in/yaml/v3"
)

// admit refuses files that cannot be told apart or are too much to read.
func (c *compiler) admit(files []File) bool {
	named, total := make(map[string]bool), 0
	for _, f := range files {
		top := strict.Place{Node: &yaml.Node{Line: 1, Column: 1}, File: f.Name}
		if named[f.Name] {
			c.Fault(top, "", "another file has this name")
		}
		named[f.Name] = true
		total += len(f.Data)
		if len(f.Data) > c.how.most {
			c.Fault(top, "", "the document is larger than %d bytes", c.how.most)
			return false
		}
		if total > c.how.most {
			c.Fault(top, "", "the files up to this one are larger than %d bytes together", c.how.most)
			return false
		}
	}
	return len(c.Faults) == 0
}

// files reads the tops of the files, and what they say together.
func (c *compiler) files(files []File) {
	var tops []*strict.Given
	for _, f := range files {
		if o, ok := c.top(f); ok {
			tops = append(tops, o)
		}
	}
	if len(tops) > 0 {
		c.document(c.merge(tops), len(tops) == len(files))
	}
}

func (c *compiler) top(f File) (*strict.Given, bool) {
	node, syntax := strict.Root(f.Name, f.Data)
	if syntax != nil {
		c.Faults = append(c.Faults, *syntax)
		return nil, false
	}
	p := strict.Place{Node: node, File: f.Name}
	if !c.Plain(p) {
		return nil, false
	}
	o, ok := c.Object(p, Document)
	if !ok {
		return nil, false
	}
	if _, ok := o.Get("version"); ok {
		o.Whole("version")
	}
	return o, true
}

// merge makes one object of the tops of all files.
func (c *compiler) merge(tops []*strict.Given) *strict.Given {
	all := &strict.Given{R: &c.Reader, At: tops[0].At, Of: Document, Values: make(map[string]strict.Place), Given: make(map[string]bool)}
	first := make(map[string]*strict.Given)
	for _, o := range tops {
		for key := range o.Given {
			all.Given[key] = true
		}
		for _, f := range Document.Fields {
			p, ok := o.Get(f.Key)
			if !ok {
				continue
			}
			before, twice := all.Values[f.Key]
			switch {
			case !twice:
				all.Values[f.Key], first[f.Key] = p, o
			case f.Type.Kind == strict.Map:
				before.Also = append(before.Also, p)
				all.Values[f.Key] = before
			case f.Key != "version":
				c.Twice(keyOf(o, f.Key), strict.Quote(f.Key), keyOf(first[f.Key], f.Key))
			}
		}
	}
	return all
}

// keyOf returns the place of a key that an object has.
func keyOf(o *strict.Given, key string) strict.Place {
	at := o.At
	for i := 0; i < len(o.At.Node.Content); i += 2 {
		if k := o.At.Node.Content[i]; k.Value == key {
			at.Node = k
			break
		}
	}
	return at
}
