package strict

import (
	"strconv"

	"go.yaml.in/yaml/v3"
)

// onOff reads true or false.
type onOff struct{ typ Type }

// Switch is true or false.
func Switch() Value[bool] { return &onOff{Type{Kind: KindSwitch}} }

// Type implements Value.
func (s *onOff) Type() *Type { return &s.typ }

// Read implements Value.
func (s *onOff) Read(r *Reader, at Place, into *bool) bool {
	n := at.node
	exact := n.Kind == yaml.ScalarNode && (n.Value == "true" || n.Value == "false")
	switch tag := n.ShortTag(); {
	case exact && tag == "!!bool":
		*into = n.Value == "true"
		return true
	case exact && tag == "!!str":
		r.wrong(at, "write it without quotes: "+n.Value, s.typ.want())
	case tag == "!!bool":
		r.Fault(at, "", "must be true or false, is %s", Quote(n.Value))
	default:
		r.wrong(at, "", s.typ.want())
	}
	return false
}

// Reset implements Value.
func (s *onOff) Reset(into *bool) { *into = false }

// Append implements Value.
func (s *onOff) Append(b []byte, v *bool) []byte { return strconv.AppendBool(b, *v) }
