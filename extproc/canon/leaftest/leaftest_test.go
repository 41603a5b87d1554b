package leaftest

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestChangesAreOneAtATime(t *testing.T) {
	var got []string
	for c := range Changes(t, []byte(`{"a":[{"b":1},"c"],"d":true}`)) {
		got = append(got, c.Path+" "+c.What+" "+string(c.Body))
	}
	want := []string{
		`a removed {"d":true}`,
		`a a text {"a":"~","d":true}`,
		`a a number {"a":7,"d":true}`,
		`a[0] removed {"a":["c"],"d":true}`,
		`a[0] a text {"a":["~","c"],"d":true}`,
		`a[0] a number {"a":[7,"c"],"d":true}`,
		`a[0].b removed {"a":[{},"c"],"d":true}`,
		`a[0].b changed {"a":[{"b":11},"c"],"d":true}`,
		`a[0].b a text {"a":[{"b":"~"},"c"],"d":true}`,
		`a[0].zz_stranger added {"a":[{"b":1,"zz_stranger":"~"},"c"],"d":true}`,
		`a[1] removed {"a":[{"b":1}],"d":true}`,
		`a[1] changed {"a":[{"b":1},"c~"],"d":true}`,
		`a[1] a number {"a":[{"b":1},7],"d":true}`,
		`a[1] emptied {"a":[{"b":1},""],"d":true}`,
		`a[2] added {"a":[{"b":1},"c",{"zz_stranger":"~"}],"d":true}`,
		`d removed {"a":[{"b":1},"c"]}`,
		`d changed {"a":[{"b":1},"c"],"d":false}`,
		`d a text {"a":[{"b":1},"c"],"d":"~"}`,
		`zz_stranger added {"a":[{"b":1},"c"],"d":true,"zz_stranger":"~"}`,
	}
	for i := range got {
		got[i] = string(slices.DeleteFunc([]byte(got[i]), func(c byte) bool { return c == '\n' }))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestWhatIsNamedIsSeen(t *testing.T) {
	for _, c := range []struct {
		path, what    string
		body          string
		before, after []string
		want          bool
	}{
		{"a.b", "changed", "other", nil, nil, true},
		{"a.b", "changed", "", nil, nil, false},
		{"a.b", "changed", "", nil, []string{"a.bc", "a[0]", "b"}, false},
		{"a.b", "changed", "same", nil, []string{"a"}, true},
		{"a.b", "removed", "same", []string{"a.b"}, nil, true},
		{"a.b", "removed", "same", []string{"a.b[0].c"}, nil, true},
		{"a.b", "added", "same", []string{"a.c"}, []string{"a.c"}, false},
		{"a.b", "added", "same", nil, []string{"a.b"}, true},
	} {
		before, after := Sent{Body: []byte("same"), Named: c.before}, Sent{Named: c.after}
		if c.body != "" {
			after.Body = []byte(c.body)
		}
		if got := seen(&Change{Path: c.path, What: c.what}, &before, &after); got != c.want {
			t.Errorf("%v: %v", c, got)
		}
	}
}
