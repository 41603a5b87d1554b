package policy

import "go.yaml.in/yaml/v3"

// File is one file of a policy: its name, which faults begin with and which no
// other file of the policy has, and its bytes.
type File struct {
	Name string `json:"name"`
	Data []byte `json:"data"`
}

// admit refuses files that cannot be told apart or are too much to read.
func (c *compiler) admit(files []File) bool {
	named, total := make(map[string]bool), 0
	for _, f := range files {
		top := place{node: &yaml.Node{Line: 1, Column: 1}, file: f.Name}
		if named[f.Name] {
			c.fault(top, "", "another file has this name")
		}
		named[f.Name] = true
		total += len(f.Data)
		if len(f.Data) > c.how.most {
			c.fault(top, "", "the document is larger than %d bytes", c.how.most)
			return false
		}
		if total > c.how.most {
			c.fault(top, "", "the files up to this one are larger than %d bytes together", c.how.most)
			return false
		}
	}
	return len(c.faults) == 0
}

// files reads the tops of the files, and what they say together.
func (c *compiler) files(files []File) {
	var tops []*object
	for _, f := range files {
		if o, ok := c.top(f); ok {
			tops = append(tops, o)
		}
	}
	if len(tops) > 0 {
		c.document(c.merge(tops), len(tops) == len(files))
	}
}

func (c *compiler) top(f File) (*object, bool) {
	node, syntax := root(f.Name, f.Data)
	if syntax != nil {
		c.faults = append(c.faults, *syntax)
		return nil, false
	}
	p := place{node: node, file: f.Name}
	if !c.plain(p) {
		return nil, false
	}
	o, ok := c.object(p, Document)
	if !ok {
		return nil, false
	}
	if _, ok := o.get("version"); ok {
		o.whole("version")
	}
	return o, true
}

// merge makes one object of the tops of all files.
func (c *compiler) merge(tops []*object) *object {
	all := &object{r: &c.reader, at: tops[0].at, of: Document, values: make(map[string]place), given: make(map[string]bool)}
	first := make(map[string]*object)
	for _, o := range tops {
		for key := range o.given {
			all.given[key] = true
		}
		for _, f := range Document.Fields {
			p, ok := o.get(f.Key)
			if !ok {
				continue
			}
			before, twice := all.values[f.Key]
			switch {
			case !twice:
				all.values[f.Key], first[f.Key] = p, o
			case f.Type.Kind == Map:
				before.also = append(before.also, p)
				all.values[f.Key] = before
			case f.Key != "version":
				c.twice(keyOf(o, f.Key), quote(f.Key), keyOf(first[f.Key], f.Key))
			}
		}
	}
	return all
}

// keyOf returns the place of a key that an object has.
func keyOf(o *object, key string) place {
	at := o.at
	for i := 0; i < len(o.at.node.Content); i += 2 {
		if k := o.at.node.Content[i]; k.Value == key {
			at.node = k
			break
		}
	}
	return at
}
