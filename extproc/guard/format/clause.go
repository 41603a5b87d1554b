package format

import (
	"encoding/json"
	"fmt"
	"math/big"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// clause says what is wrong, in words of the schema alone.
func clause(k jsonschema.ErrorKind) string {
	switch k := k.(type) {
	case *kind.FalseSchema:
		return "must not be there"
	case *kind.Type:
		return typeClause(k.Want, k.Got)
	case *kind.Enum:
		return "must be one of " + written(k.Want)
	case *kind.Const:
		return "must be " + written([]any{k.Want})
	case *kind.Format:
		return "must have the format " + quoted([]string{k.Want}, maxWhat)
	case *kind.Not:
		return "has the form that is excluded"
	case *kind.Required:
		return missing(k.Missing)
	case *kind.Dependency:
		return missing(k.Missing) + ", with " + quoted([]string{k.Prop}, maxWhat) + " there"
	case *kind.DependentRequired:
		return missing(k.Missing) + ", with " + quoted([]string{k.Prop}, maxWhat) + " there"
	case *kind.Pattern:
		return "must match the pattern " + k.Want
	case *kind.UniqueItems:
		return fmt.Sprintf("has equal elements, %d and %d", k.Duplicates[0], k.Duplicates[1])
	}
	if what := numberClause(k); what != "" {
		return what
	}
	return countClause(k)
}

// missing names members that are missing.
func missing(names []string) string {
	if len(names) == 1 {
		return "the member " + quoted(names, maxWhat) + " is missing"
	}
	return "the members " + quoted(names, maxWhat) + " are missing"
}

func numberClause(k jsonschema.ErrorKind) string {
	switch k := k.(type) {
	case *kind.Minimum:
		return "must be at least " + number(k.Want)
	case *kind.Maximum:
		return "must be at most " + number(k.Want)
	case *kind.ExclusiveMinimum:
		return "must be more than " + number(k.Want)
	case *kind.ExclusiveMaximum:
		return "must be less than " + number(k.Want)
	case *kind.MultipleOf:
		return "must be a multiple of " + number(k.Want)
	}
	return ""
}

func countClause(k jsonschema.ErrorKind) string {
	switch k := k.(type) {
	case *kind.MinLength:
		return fmt.Sprintf("must have at least %d characters, has %d", k.Want, k.Got)
	case *kind.MaxLength:
		return fmt.Sprintf("must have at most %d characters, has %d", k.Want, k.Got)
	case *kind.MinItems:
		return fmt.Sprintf("must have at least %d elements, has %d", k.Want, k.Got)
	case *kind.MaxItems:
		return fmt.Sprintf("must have at most %d elements, has %d", k.Want, k.Got)
	case *kind.AdditionalItems:
		return fmt.Sprintf("must not have the last %d elements", k.Count)
	case *kind.MinProperties:
		return fmt.Sprintf("must have at least %d members, has %d", k.Want, k.Got)
	case *kind.MaxProperties:
		return fmt.Sprintf("must have at most %d members, has %d", k.Want, k.Got)
	case *kind.Contains:
		return "has no element of the form that one must have"
	case *kind.MinContains:
		return fmt.Sprintf("must have at least %d elements of the form that some must have, has %d", k.Want, len(k.Got))
	case *kind.MaxContains:
		return fmt.Sprintf("must have at most %d elements of the form that some must have, has %d", k.Want, len(k.Got))
	}
	return "does not fit the schema"
}

func number(r *big.Rat) string {
	if r.IsInt() {
		return r.Num().String()
	}
	f, _ := r.Float64()
	return fmt.Sprint(f)
}

// written writes values of a schema as JSON.
func written(values []any) string {
	var b []byte
	for i, v := range values {
		if i > 0 {
			b = append(b, ", "...)
		}
		text, err := json.Marshal(v)
		if err != nil { // there are no such values in a schema
			continue
		}
		if b = append(b, text...); len(b) > maxWhat {
			break
		}
	}
	return bounded(string(b), maxWhat)
}
