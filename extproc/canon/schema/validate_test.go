package schema

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

type doc = map[string]any

// validator judges values by a schema, as JSON Schema defines it, with the keywords
// at some places left out of account.
type validator struct {
	root   any
	ignore []string
	hops   int
}

func (v *validator) ignored(paths []string, key string) bool {
	return slices.ContainsFunc(paths, func(p string) bool {
		return slices.Contains(v.ignore, strings.TrimPrefix(p+"."+key, "."))
	})
}

// valid judges a value. Paths are the places of the schema: where it is used, and
// where it is defined.
func (v *validator) valid(schema, value any, paths []string) bool {
	s, ok := schema.(doc)
	if !ok {
		return schema == true
	}
	if v.hops++; v.hops > 1000 {
		return false
	}
	for key, arg := range s {
		if !v.ignored(paths, key) && !v.keyword(s, key, arg, value, paths) {
			return false
		}
	}
	return true
}

func below(paths []string, parts ...string) []string {
	var all []string
	for _, p := range paths {
		all = append(all, strings.TrimPrefix(p+"."+strings.Join(parts, "."), "."))
	}
	return all
}

func (v *validator) keyword(s doc, key string, arg, value any, paths []string) bool {
	switch key {
	case "$ref":
		paths = paths[max(0, len(paths)-8):]
		at := strings.ReplaceAll(strings.TrimPrefix(strings.TrimPrefix(arg.(string), "#"), "/"), "/", ".")
		return v.valid(pointer(v.root, arg.(string)), value, append(slices.Clone(paths), at))
	case "type":
		return ofType(arg, value)
	case "enum":
		return slices.ContainsFunc(arg.([]any), func(e any) bool { return reflect.DeepEqual(e, value) })
	case "const":
		return reflect.DeepEqual(arg, value)
	case "anyOf", "oneOf", "allOf":
		return v.union(key, arg.([]any), value, paths)
	case "not":
		return !v.valid(arg, value, below(paths, key))
	}
	switch value := value.(type) {
	case string:
		return text(key, arg, value)
	case float64:
		return number(key, arg, value)
	case []any:
		return v.array(key, arg, value, paths)
	case doc:
		return v.object(s, key, arg, value, paths)
	}
	return true
}

func (v *validator) union(key string, branches []any, value any, paths []string) bool {
	n := 0
	for i, b := range branches {
		at := below(paths, key, fmt.Sprint(i))
		if key == "allOf" {
			at = append(at, paths...) // where Fit merges them, and names what is lost
		}
		if v.valid(b, value, at) {
			n++
		}
	}
	return key == "allOf" && n == len(branches) || key == "anyOf" && n > 0 || key == "oneOf" && n == 1
}

func ofType(arg, value any) bool {
	if list, ok := arg.([]any); ok {
		return slices.ContainsFunc(list, func(t any) bool { return ofType(t, value) })
	}
	switch x := value.(type) {
	case nil:
		return arg == "null"
	case bool:
		return arg == "boolean"
	case string:
		return arg == "string"
	case float64:
		return arg == "number" || arg == "integer" && x == float64(int64(x))
	case []any:
		return arg == "array"
	default:
		return arg == "object"
	}
}

func text(key string, arg any, value string) bool {
	switch key {
	case "minLength":
		return float64(utf8.RuneCountInString(value)) >= arg.(float64)
	case "maxLength":
		return float64(utf8.RuneCountInString(value)) <= arg.(float64)
	case "pattern":
		return regexp.MustCompile(arg.(string)).MatchString(value)
	}
	return true
}

func number(key string, arg any, value float64) bool {
	switch key {
	case "minimum":
		return value >= arg.(float64)
	case "maximum":
		return value <= arg.(float64)
	case "exclusiveMinimum":
		return value > arg.(float64)
	}
	return true
}

func (v *validator) array(key string, arg any, value []any, paths []string) bool {
	switch key {
	case "items":
		return !slices.ContainsFunc(value, func(e any) bool { return !v.valid(arg, e, below(paths, key)) })
	case "minItems":
		return float64(len(value)) >= arg.(float64)
	case "maxItems":
		return float64(len(value)) <= arg.(float64)
	}
	return true
}

func (v *validator) object(s doc, key string, arg any, value doc, paths []string) bool {
	properties, _ := s["properties"].(doc)
	switch key {
	case "required":
		return !slices.ContainsFunc(arg.([]any), func(name any) bool { _, ok := value[name.(string)]; return !ok })
	case "properties":
		for name, p := range properties {
			if member, ok := value[name]; ok && !v.valid(p, member, below(paths, key, name)) {
				return false
			}
		}
	case "additionalProperties":
		for name, member := range value {
			if _, ok := properties[name]; !ok && !v.valid(arg, member, below(paths, key)) {
				return false
			}
		}
	}
	return true
}

func pointer(root any, ref string) any {
	for _, token := range strings.Split(strings.TrimPrefix(ref, "#"), "/")[1:] {
		root = root.(doc)[token]
	}
	return root
}
