package schema

import (
	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// object is a JSON object that is being written anew, in its order.
type object []member

type member struct {
	name  string
	value scan.Value
	from  string // what the source calls it, if that differs
}

// path is the member's place in the source, below that of its object.
func (m *member) path(at string) string {
	if m.from != "" {
		return join(at, m.from)
	}
	return join(at, m.name)
}

// parse reads an object; of a keyword that stands twice the last value counts.
func parse(v scan.Value) object {
	var o object
	var at [numKeywords]int // one more than the index
	for m := v.Fields(); m.Next(); {
		name := string(m.Key())
		k := keywords[name]
		if i := at[k]; i > 0 && k > keyAssertion {
			o[i-1].value = m.Value()
			continue
		}
		o = append(o, member{name: name, value: m.Value()})
		at[k] = len(o)
	}
	return o
}

func (o object) index(name string) int {
	for i := range o {
		if o[i].name == name {
			return i
		}
	}
	return -1
}

func (o object) get(name string) scan.Value {
	if i := o.index(name); i >= 0 {
		return o[i].value
	}
	return nil
}

func (o object) has(names ...string) bool {
	for _, name := range names {
		if o.index(name) >= 0 {
			return true
		}
	}
	return false
}

func (o *object) set(name string, v scan.Value) {
	if i := o.index(name); i >= 0 {
		(*o)[i].value = v
		return
	}
	*o = append(*o, member{name: name, value: v})
}

// rename gives a member another name and value, at its place.
func (o object) rename(name, to string, v scan.Value) {
	if i := o.index(name); i >= 0 {
		o[i] = member{to, v, name}
	}
}

func (o *object) remove(name string) {
	if i := o.index(name); i >= 0 {
		*o = append((*o)[:i:i], (*o)[i+1:]...)
	}
}

func (o object) encode() scan.Value {
	b := []byte{'{'}
	for _, m := range o {
		b = scan.AppendString(canon.AppendComma(b), m.name)
		b = append(append(b, ':'), m.value...)
	}
	return append(b, '}')
}

// list writes values as an array.
func list(values []scan.Value) scan.Value {
	b := []byte{'['}
	for _, v := range values {
		b = append(canon.AppendComma(b), v...)
	}
	return append(b, ']')
}

func elements(v scan.Value) []scan.Value {
	var all []scan.Value
	for e := v.Elements(); e.Next(); {
		all = append(all, e.Value())
	}
	return all
}

func quoted(s string) scan.Value { return scan.AppendString(nil, s) }
