package agent

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"go.uber.org/zap"
	"google.golang.org/protobuf/proto"

	"github.com/headgate/headgate/policy/pairpb"
)

// Keys are those of callers that a pair knows. It is safe for concurrent use, and nothing of it
// waits.
type Keys interface {
	// Have returns what there is.
	Have() *pairpb.KeysState
	// Take takes in keys.
	Take(*pairpb.Keys)
	// All returns everything there is, as Take takes it; nil: nothing.
	All() *pairpb.Keys
}

// incoming are keys of one link, until all parts are there.
type incoming struct{ parts *pairpb.Keys }

// take adds a part, and hands on what is complete.
func (i *incoming) take(part *pairpb.Keys, k Keys) (complete bool) {
	if i.parts == nil {
		i.parts = part
	} else {
		i.parts.Keys = append(i.parts.Keys, part.GetKeys()...)
		i.parts.Gone = append(i.parts.Gone, part.GetGone()...)
	}
	if part.GetMore() {
		return false
	}
	k.Take(i.parts)
	i.parts = nil
	return true
}

// keysFile is the name of the file in which keys outlast a restart.
const keysFile = "keys.pb"

// keysMagic begins it. After it come a checksum and the message, as in a state file.
const keysMagic = "headgate pair keys\n"

// keysOnDisk keeps keys in a file.
type keysOnDisk struct {
	keys    Keys   // nil: there are none
	path    string // empty: they are not kept
	log     *zap.Logger
	changed chan struct{}
	trouble atomic.Pointer[string]
	recheck func() // is called when trouble changes
}

func (a *Agent) newKeysOnDisk() *keysOnDisk {
	d := &keysOnDisk{keys: a.options.Keys, log: a.log, changed: make(chan struct{}, 1), recheck: a.Recheck}
	if a.options.KeysFolder != "" {
		d.path = filepath.Join(a.options.KeysFolder, keysFile)
	}
	return d
}

// load hands on what was kept.
func (d *keysOnDisk) load() {
	if d.keys == nil || d.path == "" {
		return
	}
	data, err := os.ReadFile(d.path)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	var m *pairpb.Keys
	if err == nil {
		m, err = readKeys(data)
	}
	if err != nil {
		d.log.Error("the saved keys cannot be used; the control plane has to say which there are", zap.String("file", d.path), zap.Error(err))
		return
	}
	d.keys.Take(m)
}

func readKeys(file []byte) (*pairpb.Keys, error) {
	message, _, err := unseal(keysMagic, file)
	if err != nil {
		return nil, err
	}
	m := &pairpb.Keys{}
	return m, proto.Unmarshal(message, m)
}

// wake has keys saved. It does not wait.
func (d *keysOnDisk) wake() {
	select {
	case d.changed <- struct{}{}:
	default:
	}
}

// run saves keys when they have changed, until ctx is done. What changes meanwhile is saved
// together.
func (d *keysOnDisk) run(ctx context.Context) {
	if d.keys == nil || d.path == "" {
		return
	}
	again := time.NewTimer(retrySaveAfter)
	defer again.Stop()
	for {
		select {
		case <-d.changed:
		case <-again.C:
			if d.Trouble() == "" {
				continue
			}
		case <-ctx.Done():
			select {
			case <-d.changed:
				d.note(d.save())
			default:
			}
			return
		}
		d.note(d.save())
		again.Reset(retrySaveAfter)
	}
}

// note takes note of what came of saving.
func (d *keysOnDisk) note(err error) {
	before, now := d.Trouble(), ""
	if err != nil {
		now = "keys could not be saved; after a restart without a control plane those from before would be taken: " + err.Error()
	}
	if now == before {
		return
	}
	d.trouble.Store(&now)
	d.recheck()
	if err != nil {
		d.log.Error("keys could not be saved on disk", zap.Error(err))
	} else {
		d.log.Info("keys are saved on disk again")
	}
}

// Trouble says why keys could not be saved; empty: they are.
func (d *keysOnDisk) Trouble() string {
	if t := d.trouble.Load(); t != nil {
		return *t
	}
	return ""
}

func (d *keysOnDisk) save() error {
	m := d.keys.All()
	if m == nil {
		return nil
	}
	data, err := seal(keysMagic, m)
	if err != nil {
		return err
	}
	return replaceFile(d.path, data)
}
