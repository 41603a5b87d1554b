package agent

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"go.uber.org/zap"

	"github.com/headgate/headgate/policy/policypb"
	"github.com/headgate/headgate/xds/ads"
)

// disk keeps revisions over restarts, in one file that is replaced atomically.
type disk struct {
	folder string
	at     place // where the pair's Envoy listens
}

// stateFile is the name of the file.
const stateFile = "last-good.pb"

// load returns what was saved last; nil and nil if there is nothing.
func (d disk) load() (good, next *bundle, err error) {
	if d.folder == "" {
		return nil, nil, nil
	}
	path := filepath.Join(d.folder, stateFile)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("reading the last good policy: %w", err)
	}
	if good, next, err = d.read(data); err != nil {
		return nil, nil, fmt.Errorf("reading the last good policy from %s: %w", path, err)
	}
	return good, next, nil
}

// read decodes the file's content. It is never empty: save removes the file instead.
func (d disk) read(data []byte) (good, next *bundle, err error) {
	state, err := decodeState(data)
	if err != nil {
		return nil, nil, err
	}
	if good, err = d.decode(state.GetGood()); err != nil {
		return nil, nil, err
	}
	if next, err = d.decode(state.GetNext()); err != nil {
		return nil, nil, fmt.Errorf("the next one: %w", err)
	}
	return good, next, nil
}

// retrySaveAfter is how often a save that failed is tried again.
const retrySaveAfter = 10 * time.Second

// unsaved is a save that failed; the zero value: the last one worked.
type unsaved struct {
	text string    // of the error
	next time.Time // when it is tried again
}

// save saves the good revision and the next one. If that fails the pair serves on, and a
// restart without a control plane would begin with what was saved before.
func (a *Agent) save() {
	err := a.disk.save(a.good, a.next)
	switch before := a.unsaved; {
	case err != nil:
		a.unsaved = unsaved{err.Error(), time.Now().Add(retrySaveAfter)}
		a.metrics.unsaved.Set(1)
		if a.unsaved.text != before.text {
			a.log.Error("the policy could not be saved on disk", zap.Error(err))
		}
	case before != (unsaved{}):
		a.unsaved = unsaved{}
		a.metrics.unsaved.Set(0)
		a.log.Info("the policy is saved on disk again")
	}
}

// retrySave tries a save that failed again, when that is due.
func (a *Agent) retrySave() {
	if a.unsaved != (unsaved{}) && !a.now.Before(a.unsaved.next) {
		a.save()
	}
}

// save replaces what is on disk.
func (d disk) save(good, next *bundle) error {
	if d.folder == "" {
		return nil
	}
	return d.write(&policypb.PairState{Good: good.encode(), Next: next.encode()})
}

func (d disk) write(state *policypb.PairState) error {
	path := filepath.Join(d.folder, stateFile)
	if state.Good == nil && state.Next == nil {
		if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	data, err := seal(magic, state)
	if err != nil {
		return err
	}
	return replaceFile(path, data)
}

// replaceFile writes a file as a whole, or leaves it as it was.
func replaceFile(path string, data []byte) error {
	// Always the same name: what a killed process left half-written is overwritten.
	f, err := os.OpenFile(path+".new", os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

func (b *bundle) encode() *policypb.Bundle {
	if b == nil {
		return nil
	}
	return b.pair.Bundle()
}

// decode reads a bundle; nil: there is none.
func (d disk) decode(b *policypb.Bundle) (*bundle, error) {
	if b == nil {
		return nil, nil
	}
	out, err := newBundle(ads.SetOf(b), d.at)
	if err == nil && out == nil {
		err = errors.New("the policy in it is not complete")
	}
	return out, err
}
