package strict

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// Locate returns where the value of a path stands in a document, as Place.Path writes paths. The
// names of keys count whatever their case. A path that does not stand in it is nowhere.
func Locate(files []File, path string) (Place, bool) {
	for _, f := range files {
		node, syntax := root(f.Name, f.Data, "")
		if syntax != nil {
			continue
		}
		if at, ok := (Place{node: node, file: f.Name}).locate("", path); ok {
			return at, true
		}
	}
	return Place{}, false
}

// locate looks for a path in a value and what is below it, which has the path own.
func (p Place) locate(own, path string) (Place, bool) {
	if strings.EqualFold(own, path) {
		return p, true
	}
	if len(own) > len(path) || !strings.EqualFold(own, path[:len(own)]) {
		return Place{}, false
	}
	for i, child := range p.node.Content {
		at := Place{node: child, file: p.file, base: own}
		switch {
		case p.node.Kind == yaml.SequenceNode:
			at.index = i + 1
		case p.node.Kind != yaml.MappingNode || i%2 == 0:
			continue
		default:
			at = at.under(p.node.Content[i-1].Value)
		}
		if found, ok := at.locate(at.Path(), path); ok {
			return found, true
		}
	}
	return Place{}, false
}
