package leaftest

import (
	"encoding/json"
	"maps"
	"reflect"
	"strings"
	"testing"
)

// Everything returns requests that together set every member of a type of a vendor's SDK,
// in each of its alternatives. Said are the values of members that stand for more than
// their type says, by their paths, such as .messages.role.
func Everything[T any](t testing.TB, said map[string][]any) [][]byte {
	t.Helper()
	var all [][]byte
	for _, v := range (&filler{said: said}).values("", reflect.TypeFor[T]()) {
		body, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, body)
	}
	return all
}

// filler makes values of the SDK's types: of an object one with all its members, and
// more of them where a member has alternatives.
type filler struct {
	said   map[string][]any
	within []reflect.Type
}

func (f *filler) values(path string, t reflect.Type) []any {
	if v, ok := f.said[path]; ok {
		return v
	}
	switch {
	case t.Kind() == reflect.Pointer:
		return f.values(path, t.Elem())
	case t.Kind() == reflect.Slice:
		return []any{f.values(path, t.Elem())}
	case t.Kind() == reflect.Map || t.Kind() == reflect.Interface:
		return []any{map[string]any{"k": "v"}}
	case t.Kind() == reflect.String:
		if word, ok := t.MethodByName("Default"); ok { // a constant
			return []any{word.Func.Call([]reflect.Value{reflect.Zero(t)})[0].String()}
		}
		return []any{"text"}
	case t.Kind() == reflect.Bool:
		return []any{true}
	case t.Kind() == reflect.Int64 || t.Kind() == reflect.Float64:
		return []any{7}
	case strings.HasPrefix(t.Name(), "Opt["):
		return f.values(path, t.Field(0).Type)
	case t.Kind() == reflect.Struct:
		return f.object(path, t)
	}
	panic(path + ": a " + t.String() + " is not expected")
}

// object returns the values of a struct. One of a union is one of its alternatives.
func (f *filler) object(path string, t reflect.Type) []any {
	for _, outer := range f.within {
		if outer == t {
			return nil
		}
	}
	f.within = append(f.within, t)
	defer func() { f.within = f.within[:len(f.within)-1] }()
	whole, more, union := map[string]any{}, []any(nil), []any(nil)
	for i := range t.NumField() {
		field := t.Field(i)
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case !field.IsExported() || field.Anonymous || name == "-":
		case strings.Contains(options, "inline"):
			union = append(union, f.values(path, field.Type)...)
		default:
			for n, v := range f.values(path+"."+name, field.Type) {
				if n == 0 {
					whole[name] = v
					continue
				}
				more = append(more, map[string]any{name: v})
			}
		}
	}
	if union != nil {
		return union
	}
	all := []any{whole}
	for _, change := range more {
		other := maps.Clone(whole)
		maps.Copy(other, change.(map[string]any))
		all = append(all, other)
	}
	return all
}
