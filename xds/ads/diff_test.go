package ads

import (
	"maps"
	"testing"
)

// FuzzDiff holds that a client which takes what it is sent has what it should have,
// and that nothing is sent that it had already.
func FuzzDiff(f *testing.F) {
	f.Add([]byte{1, 1, 2, 1}, []byte{1, 1, 2, 2, 3, 1}, byte(0))
	f.Add([]byte{}, []byte{1, 1}, byte(1))
	f.Add([]byte{1, 1}, []byte{}, byte(255))
	f.Fuzz(func(t *testing.T, before, after []byte, mask byte) {
		held, r := pairs(before), Of(items(after))
		var names map[string]struct{}
		if mask != 0 {
			names = map[string]struct{}{}
			for name := range r.Items {
				if name[0]&mask != 0 {
					names[name] = struct{}{}
				}
			}
		}
		changed, removed, next := r.diff(held, names)
		got := maps.Clone(held)
		for _, res := range changed {
			if got[res.GetName()] == res.GetVersion() {
				t.Errorf("%q is sent though the client has it", res.GetName())
			}
			got[res.GetName()] = res.GetVersion()
		}
		for _, name := range removed {
			if _, has := got[name]; !has {
				t.Errorf("%q is removed though the client does not have it", name)
			}
			delete(got, name)
		}
		want := map[string]string{}
		for name, item := range r.Items {
			if _, wanted := names[name]; names == nil || wanted {
				want[name] = item.Version
			}
		}
		if !maps.Equal(got, want) || !maps.Equal(next, want) {
			t.Errorf("the client has %v and is thought to have %v, want %v", got, next, want)
		}
	})
}

// TestKeeping holds that what is to be kept is neither sent nor removed, and that a client
// which was sent no more than the items does not count as one that keeps others.
func TestKeeping(t *testing.T) {
	all, some := Of(items([]byte("a1b1"))), Of(items([]byte("a1"))).Keeping(maps.Keys(map[string]int{"a": 0, "b": 0}))
	if all.Version == some.Version || some.Version == Of(some.Items).Version {
		t.Errorf("versions %s, %s and %s, want three", all.Version, some.Version, Of(some.Items).Version)
	}
	for _, has := range []string{"", "a1", "a1b1", "a1b2"} {
		before := pairs([]byte(has))
		changed, removed, next := some.diff(before, nil)
		want := maps.Clone(before)
		want["a"] = "1"
		if len(changed) != len(want)-len(before) || len(removed) > 0 || !maps.Equal(next, want) {
			t.Errorf("a client that has %q is sent %v, loses %v and has %v then", has, changed, removed, next)
		}
	}
	if _, removed, _ := some.diff(pairs([]byte("a1c1")), nil); len(removed) != 1 || removed[0] != "c" {
		t.Errorf("removed %q, want c", removed)
	}
}

// pairs reads names and versions, a byte each.
func pairs(data []byte) map[string]string {
	out := map[string]string{}
	for i := 0; i+1 < len(data); i += 2 {
		out[string(data[i:i+1])] = string(data[i+1 : i+2])
	}
	return out
}

func items(data []byte) map[string]Resource {
	out := map[string]Resource{}
	for name, version := range pairs(data) {
		out[name] = Resource{Version: version}
	}
	return out
}
