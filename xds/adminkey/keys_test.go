package adminkey_test

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/headgate/headgate/policy/keyform"
	"github.com/headgate/headgate/xds/adminkey"
	"github.com/headgate/headgate/xds/key"
)

// directory has keys by their text.
type directory struct {
	keys    map[string]*key.Key
	unknown bool // the database was never read
}

func (d directory) Find(text string) *key.Key { return d.keys[text] }

func (d directory) Known() bool { return !d.unknown }

// TestKeysOfTheDatabase holds that those with a role are taken, a caller's are not, and that one
// which cannot be checked yet is not called wrong, while the file's works all the same.
func TestKeysOfTheDatabase(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), adminkey.FileName)
	file := open(t, path)
	text := func() string { return keyform.New(keyform.NewID()) }
	reads, writes, asks, other := text(), text(), text(), text()
	keys := adminkey.New(file, directory{keys: map[string]*key.Key{
		reads: {ID: "1", Name: "ann", Role: key.Read}, writes: {ID: "2", Role: key.Write}, asks: {ID: "3", Role: key.Caller},
	}})
	for text, want := range map[string]key.Key{reads: {ID: "1", Name: "ann", Role: key.Read}, writes: {ID: "2", Role: key.Write}, read(t, path): {ID: adminkey.Local, Role: key.Write}} {
		if k, err := keys.Find(text); err != nil || k.ID != want.ID || k.Role != want.Role || k.Name != want.Name {
			t.Errorf("found %+v, %v, want %+v", k, err, want)
		}
	}
	for _, text := range []string{asks, other, ""} {
		if k, err := keys.Find(text); !errors.Is(err, adminkey.ErrUnknown) || k != nil {
			t.Errorf("%q is %+v, %v", text, k, err)
		}
	}
	before := adminkey.New(file, directory{unknown: true})
	var away interface{ Unavailable() string }
	if _, err := before.Find(other); !errors.As(err, &away) || away.Unavailable() == "" {
		t.Errorf("before the database was read: %v", err)
	}
	if _, err := before.Find("x"); !errors.Is(err, adminkey.ErrUnknown) {
		t.Errorf("what is no key at all, before the database was read: %v", err)
	}
	if _, err := before.Find(read(t, path)); err != nil {
		t.Errorf("the file's key, before the database was read: %v", err)
	}
}
