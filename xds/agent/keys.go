package agent

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
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

// add adds a part, and returns all of them once they are complete; nil: they are not.
func (i *incoming) add(part *pairpb.Keys) (all *pairpb.Keys) {
	if i.parts == nil {
		i.parts = part
	} else {
		i.parts.Keys = append(i.parts.Keys, part.GetKeys()...)
		i.parts.Gone = append(i.parts.Gone, part.GetGone()...)
	}
	if part.GetMore() {
		return nil
	}
	all, i.parts = i.parts, nil
	return all
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
	mu      sync.Mutex   // of taking in
	taken   atomic.Int64 // how many changes were taken in
	saved   atomic.Int64 // of them
	trouble atomic.Pointer[string]
	recheck func() // is called when trouble changes
}

func (a *Agent) newKeysOnDisk(reg prometheus.Registerer) *keysOnDisk {
	d := &keysOnDisk{keys: a.options.Keys, log: a.log, changed: make(chan struct{}, 1), recheck: a.Recheck}
	if a.options.KeysFolder != "" {
		d.path = filepath.Join(a.options.KeysFolder, keysFile)
	}
	reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "headgate_keys_unsaved",
		Help: "1 while keys of the control plane are in use that are not on disk."}, d.unsaved))
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

// take takes in keys, and has them saved. It does not wait for that.
func (d *keysOnDisk) take(m *pairpb.Keys) {
	d.mu.Lock()
	d.taken.Add(1)
	d.keys.Take(m)
	d.mu.Unlock()
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
	d.mu.Lock()
	taken, m := d.taken.Load(), d.keys.All()
	d.mu.Unlock()
	if m == nil {
		return nil
	}
	data, err := seal(keysMagic, m)
	if err == nil {
		err = replaceFile(d.path, data)
	}
	if err == nil {
		d.saved.Store(taken)
	}
	return err
}

// unsaved is 1 while keys are in use that a restart would not find.
func (d *keysOnDisk) unsaved() float64 {
	if d.path != "" && d.saved.Load() < d.taken.Load() {
		return 1
	}
	return 0
}
