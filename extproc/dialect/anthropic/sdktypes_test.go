package anthropic_test

import (
	"encoding/json"
	"maps"
	"reflect"
	"strings"
	"testing"

	sdk "github.com/anthropics/anthropic-sdk-go"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/dialect/anthropic"
	"github.com/headgate/headgate/extproc/dialect/openai"
)

// everything yields requests that together set every member of a type of the vendor's
// SDK, in each of its alternatives.
func everything[T any](t *testing.T) [][]byte {
	t.Helper()
	var all [][]byte
	for _, v := range (&filler{}).values("", reflect.TypeFor[T]()) {
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
type filler struct{ within []reflect.Type }

func (f *filler) values(path string, t reflect.Type) []any {
	if v, ok := said[path]; ok {
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

// said are the values of members that stand for more than their type says.
var said = map[string][]any{
	".messages.role": {"user", "assistant", "system"},
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

// A member of the newest SDK's types that nobody knows would make a request unfit for
// other dialects that only tunes, or lose what changes its meaning.
func TestTheMembersOfTheSDKAreKnown(t *testing.T) {
	bodies := append(everything[sdk.MessageNewParams](t), everything[sdk.BetaMessageNewParams](t)...)
	for _, body := range bodies {
		r, err := anthropic.Dialect{}.Decode(body)
		if err != nil {
			t.Errorf("%v: %s", err, body)
			continue
		}
		for _, u := range (openai.Dialect{}).Unsupported(r, canon.Target{Model: "m"}) {
			if u.Why == "the field is not known" {
				t.Errorf("%s: %s", u.Field, u.Why)
			}
		}
	}
}
