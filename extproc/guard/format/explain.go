package format

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// explain says what a schema has against a value, each thing once, in the order of the places.
func explain(e *jsonschema.ValidationError) []Fault {
	var faults []Fault
	appendFaults(&faults, e)
	slices.SortFunc(faults, func(a, b Fault) int { return cmp.Or(strings.Compare(a.Path, b.Path), strings.Compare(a.What, b.What)) })
	faults = slices.Compact(faults)
	return faults[:min(len(faults), maxFaults)]
}

// maxGathered bounds what is gathered before it is sorted.
const maxGathered = 10 * maxFaults

func appendFaults(dst *[]Fault, e *jsonschema.ValidationError) {
	if len(*dst) >= maxGathered {
		return
	}
	switch k := e.ErrorKind.(type) {
	case *kind.Schema, *kind.Group, *kind.Reference, *kind.AllOf:
		appendCauses(dst, e)
	case *kind.AnyOf:
		appendBest(dst, e)
	case *kind.OneOf:
		if len(k.Subschemas) > 0 {
			appendAt(dst, e, "fits several of the forms that exclude each other")
			return
		}
		appendBest(dst, e)
	case *kind.AdditionalProperties:
		for _, name := range slices.Sorted(slices.Values(k.Properties))[:min(len(k.Properties), maxFaults)] {
			*dst = append(*dst, Fault{Path: pointer(append(slices.Clip(e.InstanceLocation), name)), What: "is a member that must not be there"})
		}
	case *kind.PropertyNames:
		*dst = append(*dst, Fault{Path: pointer(append(slices.Clip(e.InstanceLocation), k.Property)), What: "has a name that is not allowed"})
	default:
		appendAt(dst, e, clause(e.ErrorKind))
	}
}

func appendAt(dst *[]Fault, e *jsonschema.ValidationError, what string) {
	*dst = append(*dst, Fault{Path: pointer(e.InstanceLocation), What: bounded(what, maxWhat)})
}

func appendCauses(dst *[]Fault, e *jsonschema.ValidationError) {
	for _, c := range e.Causes {
		appendFaults(dst, c)
	}
}

// appendBest explains a value that has none of several forms: by what is wrong with the form that it
// comes closest to, which is the one that holds up the longest on the way down.
func appendBest(dst *[]Fault, e *jsonschema.ValidationError) {
	if types := wanted(e); len(types) > 0 {
		appendAt(dst, e, typeClause(types, got(e.Causes[0])))
		return
	}
	var best *jsonschema.ValidationError
	deepest := len(e.InstanceLocation)
	for _, c := range e.Causes {
		if d := depth(c); d > deepest {
			best, deepest = c, d
		}
	}
	if best != nil {
		appendFaults(dst, best)
		return
	}
	appendAt(dst, e, "has none of the forms that are allowed")
	if best = ofRightType(e.Causes); best != nil {
		appendFaults(dst, best)
	}
}

// wanted returns the types that a value may have, if nothing but its type is wrong in any of several
// forms.
func wanted(e *jsonschema.ValidationError) (types []string) {
	for _, c := range e.Causes {
		c = bare(c)
		k, ok := c.ErrorKind.(*kind.Type)
		if !ok || len(c.InstanceLocation) > len(e.InstanceLocation) {
			return nil
		}
		for _, t := range k.Want {
			if !slices.Contains(types, t) {
				types = append(types, t)
			}
		}
	}
	return types
}

// bare returns the one cause of what only refers.
func bare(e *jsonschema.ValidationError) *jsonschema.ValidationError {
	for len(e.Causes) == 1 {
		if _, refers := e.ErrorKind.(*kind.Reference); !refers {
			break
		}
		e = e.Causes[0]
	}
	return e
}

func got(e *jsonschema.ValidationError) string {
	if k, ok := bare(e).ErrorKind.(*kind.Type); ok {
		return k.Got
	}
	return ""
}

// ofRightType returns the only form whose type the value has, nil if there are several.
func ofRightType(causes []*jsonschema.ValidationError) (only *jsonschema.ValidationError) {
	for _, c := range causes {
		if _, wrong := bare(c).ErrorKind.(*kind.Type); wrong { // a deeper one would be closest
			continue
		}
		if only != nil {
			return nil
		}
		only = c
	}
	return only
}

// depth returns how deep the deepest place is that something is wrong with.
func depth(e *jsonschema.ValidationError) int {
	d := len(e.InstanceLocation)
	for _, c := range e.Causes {
		d = max(d, depth(c))
	}
	return d
}

func typeClause(want []string, got string) string {
	named := make([]string, len(want))
	for i, t := range want {
		named[i] = typeName(t)
	}
	return fmt.Sprintf("must be %s, is %s", strings.Join(named, " or "), typeName(got))
}

func typeName(t string) string {
	switch t {
	case "null":
		return t
	case "boolean":
		return "true or false"
	case "array":
		return "a list"
	case "object":
		return "an object"
	case "integer":
		return "a whole number"
	default:
		return "a " + t
	}
}
