package trait

import (
	"reflect"
	"testing"
)

func TestNearestEffort(t *testing.T) {
	for _, c := range []struct{ has, asked, want string }{
		{"minimal low medium high", "none", "minimal"},
		{"low medium high", "none", "low"},
		{"none low medium high", "none", "none"},
		{"none low medium high", "minimal", "low"},
		{"none low medium high xhigh", "max", "xhigh"},
		{"low medium high max", "xhigh", "high"},
		{"no", "high", ""},
		{"", "ultra", "ultra"},
		{"low high", "ultra", "ultra"},
	} {
		var s Efforts
		if err := s.UnmarshalText([]byte(c.has)); err != nil {
			t.Fatal(err)
		}
		if got := s.Nearest(Effort(c.asked)); string(got) != c.want {
			t.Errorf("%q of %q: %q, want %q", c.asked, c.has, got, c.want)
		}
		if s.String() != c.has {
			t.Errorf("%q is written %q", c.has, s)
		}
	}
}

// A property that is added must be overridden, too.
func TestEveryPropertyCanBeOverridden(t *testing.T) {
	var all Set
	v := reflect.ValueOf(&all).Elem()
	for i := range v.NumField() {
		switch f := v.Field(i); f.Kind() {
		case reflect.String:
			f.SetString("x")
		case reflect.Int64:
			f.SetInt(7)
		case reflect.Uint8:
			f.SetUint(7)
		default:
			f.SetBool(true)
		}
	}
	if got := (Set{}).Under(all); got != all {
		t.Errorf("%+v, want %+v", got, all)
	}
	if got := all.Under(Set{}); got != all {
		t.Errorf("what says nothing changes something: %+v", got)
	}
}
