package agent

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/headgate/headgate/policy/pairpb"
)

// chest is keys in memory, by id.
type chest struct {
	mu      sync.Mutex
	version int64
	keys    map[string]*pairpb.Key // nil: nothing was ever taken
}

func (c *chest) Have() *pairpb.KeysState {
	c.mu.Lock()
	defer c.mu.Unlock()
	return &pairpb.KeysState{Version: c.version}
}

func (c *chest) Take(m *pairpb.Keys) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if m.GetWhole() {
		c.keys = map[string]*pairpb.Key{}
	}
	for _, k := range m.GetKeys() {
		c.keys[k.GetId()] = k
	}
	for _, id := range m.GetGone() {
		delete(c.keys, id)
	}
	c.version = m.GetVersion()
}

func (c *chest) All() *pairpb.Keys {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.keys == nil {
		return nil
	}
	return &pairpb.Keys{Whole: true, Version: c.version, Keys: slices.Collect(maps.Values(c.keys))}
}

func (c *chest) expect(t *testing.T, when string, version int64, want ...string) {
	t.Helper()
	synctest.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	if got := slices.Sorted(maps.Keys(c.keys)); c.version != version || !slices.Equal(got, want) {
		t.Errorf("%s: version %d of %v, want %d of %v", when, c.version, got, version, want)
	}
}

func keysOf(version int64, whole, more bool, ids ...string) *pairpb.LinkResponse {
	m := &pairpb.Keys{Version: version, Whole: whole, More: more}
	for _, id := range ids {
		m.Keys = append(m.Keys, &pairpb.Key{Id: id})
	}
	return &pairpb.LinkResponse{Message: &pairpb.LinkResponse_Keys{Keys: m}}
}

// TestKeysOutlastARestart holds that a pair takes in keys once all parts are there, says what it
// has, keeps them where nobody else reads them, and has them again without a control plane.
func TestKeysOutlastARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		folder, before := t.TempDir(), &chest{}
		gone := keysOf(3, false, false)
		gone.GetKeys().Gone = []string{"a"}
		p := &plane{welcome: &pairpb.Welcome{Version: 1}, reads: true, says: []*pairpb.LinkResponse{
			keysOf(2, true, true, "a", "b"), keysOf(2, true, false, "c"), gone, keysOf(4, true, true, "lost"),
		}}
		stop := linked(t, options{keys: before, folder: folder}, p)[0]
		before.expect(t, "linked", 3, "b", "c")
		if p.hello.GetKeys() == nil || p.hello.GetKeys().GetVersion() != 0 {
			t.Errorf("hello says %v", p.hello)
		}
		stop()
		path := filepath.Join(folder, keysFile)
		if f, err := os.Stat(path); err != nil || f.Mode().Perm() != 0o600 {
			t.Errorf("the file is %v, %v", f, err)
		}
		after, again := &chest{}, &plane{welcome: &pairpb.Welcome{Version: 1}, reads: true, says: []*pairpb.LinkResponse{keysOf(5, false, false, "d")}}
		linked(t, options{keys: after, folder: folder}, again)
		after.expect(t, "linked again", 5, "b", "c", "d")
		if again.hello.GetKeys().GetVersion() != 3 {
			t.Errorf("hello says %v", again.hello)
		}
	})
}

// TestKeysThatCannotBeKept holds that a pair serves on, says so, and tries again.
func TestKeysThatCannotBeKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		folder := filepath.Join(t.TempDir(), "later")
		p := &plane{welcome: &pairpb.Welcome{Version: 1}, reads: true, says: []*pairpb.LinkResponse{keysOf(1, true, false, "a")}}
		c := &chest{}
		var a *Agent
		linked(t, options{keys: c, folder: folder, made: &a}, p)
		c.expect(t, "linked", 1, "a")
		if w := a.warning(); !strings.HasPrefix(w, "keys could not be saved") {
			t.Errorf("the warning is %q", w)
		}
		if err := os.Mkdir(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * retrySaveAfter)
		synctest.Wait()
		if w := a.warning(); w != "" {
			t.Errorf("the warning is %q", w)
		}
	})
}

// TestTheLastChangeIsKept holds that keys are saved that change as the pair is stopped.
func TestTheLastChangeIsKept(t *testing.T) {
	d := &keysOnDisk{keys: &chest{}, path: filepath.Join(t.TempDir(), keysFile), changed: make(chan struct{}, 1)}
	d.take(keysOf(1, true, false, "a").GetKeys())
	if d.unsaved() != 1 {
		t.Error("they count as saved already")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	d.run(ctx)
	if d.unsaved() != 0 {
		t.Error("they do not count as saved")
	}
	after := &chest{}
	(&keysOnDisk{keys: after, path: d.path}).load()
	if after.version != 1 || len(after.keys) != 1 {
		t.Errorf("version %d of %v was kept", after.version, after.keys)
	}
}

// TestKeysThatCannotBeRead holds that a file that is damaged is as good as none.
func TestKeysThatCannotBeRead(t *testing.T) {
	good, err := seal(keysMagic, keysOf(7, true, false, "a").GetKeys())
	if err != nil {
		t.Fatal(err)
	}
	for name, file := range map[string][]byte{
		"good": good, "empty": nil, "cut": good[:len(good)-1], "of a policy": slices.Concat([]byte(magic), good[len(keysMagic):]),
		"other bytes": slices.Concat(good[:len(good)-1], []byte("x")),
	} {
		m, err := readKeys(file)
		if (err == nil) != (name == "good") || err == nil && !proto.Equal(m, keysOf(7, true, false, "a").GetKeys()) {
			t.Errorf("%s: %v, %v", name, m, err)
		}
	}
}
