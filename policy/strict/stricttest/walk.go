package stricttest

import (
	"slices"

	"github.com/headgate/headgate/policy/strict"
)

// Walk visits every key of a document with its path, in which NAME stands for the names of
// maps and [] for the elements of lists: models.NAME.chain[].weight.
//
// A type that has a name is visited once, and the paths of its keys begin with the name.
func Walk(t *strict.Type, visit func(path string, k strict.Key)) {
	walker{visit, map[string]bool{}}.walk(t, "")
}

type walker struct {
	visit func(path string, k strict.Key)
	seen  map[string]bool // names of types
}

func (w walker) walk(t *strict.Type, path string) {
	if t.Name != "" {
		if w.seen[t.Name] {
			return
		}
		w.seen[t.Name] = true
		path = "." + t.Name
	}
	switch t.Kind {
	case strict.KindMap:
		w.walk(t.Elem, path+".NAME")
	case strict.KindList:
		w.walk(t.Elem, path+"[]")
	case strict.KindEither:
		for _, o := range t.Options {
			if !listOfOther(t, o) {
				w.walk(o, path)
			}
		}
	case strict.KindObject:
		for _, k := range t.Fields {
			at := path + "." + k.Key
			w.visit(at[1:], k)
			w.walk(k.Type, at)
		}
	default: // a scalar has no keys
	}
}

// listOfOther reports whether an option is the list of another one, which may also stand
// alone.
func listOfOther(t, option *strict.Type) bool {
	return option.Kind == strict.KindList && slices.Contains(t.Options, option.Elem)
}

// Said returns the paths of the keys that a document holds, as Walk writes them. The
// document is what encoding/json or yaml make of it.
func Said(t *strict.Type, document any) map[string]bool {
	paths := make(map[string]bool)
	said(t, "", document, paths)
	return paths
}

func said(t *strict.Type, path string, value any, paths map[string]bool) {
	if t.Name != "" {
		path = "." + t.Name
	}
	if t.Kind == strict.KindEither {
		option := formOf(t, value)
		if list, ok := value.([]any); ok && listOfOther(t, option) {
			for _, e := range list {
				said(option.Elem, path, e, paths)
			}
			return
		}
		t = option
	}
	switch v := value.(type) {
	case []any:
		for _, e := range v {
			said(t.Elem, path+"[]", e, paths)
		}
	case map[string]any:
		for key, e := range v {
			if t.Kind == strict.KindMap {
				said(t.Elem, path+".NAME", e, paths)
				continue
			}
			i := slices.IndexFunc(t.Fields, func(k strict.Key) bool { return k.Key == key })
			at := path + "." + key
			paths[at[1:]] = true
			said(t.Fields[i].Type, at, e, paths)
		}
	}
}

// formOf returns the option that a value has the form of.
func formOf(t *strict.Type, value any) *strict.Type {
	i := slices.IndexFunc(t.Options, func(o *strict.Type) bool {
		switch value.(type) {
		case []any:
			return o.Kind == strict.KindList
		case map[string]any:
			return o.Kind == strict.KindObject || o.Kind == strict.KindMap
		}
		return o.Kind != strict.KindList && o.Kind != strict.KindObject && o.Kind != strict.KindMap
	})
	return t.Options[i]
}
