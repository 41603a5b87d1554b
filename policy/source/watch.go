package source

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/fsnotify/fsnotify"
)

const (
	quiet     = 30 * time.Millisecond  // without further events: whoever writes is done
	impatient = 150 * time.Millisecond // after the first event, however many follow
	interval  = 2 * time.Second        // of looking, if a file system sends no events
)

// Watch calls changed when the policy at a path may have changed, as Read finds it:
// written in place, replaced, at the end of a symbolic link that then points elsewhere, added
// to a folder or removed. The path need not exist. The first call comes as soon as
// everything is watched, so that no change after an earlier read is missed. A call
// may come without a change; calls never overlap.
//
// Watch returns when ctx is done, nil then, and no call is under way afterwards. It
// returns an error only if it cannot begin.
func Watch(ctx context.Context, path string, changed func()) error {
	w := watch{path: path, changed: changed, interval: interval}
	if err := w.run(ctx); err != nil {
		return fmt.Errorf("watching %s: %w", path, err)
	}
	return nil
}

// watch is one call of Watch.
type watch struct {
	path     string
	changed  func()
	interval time.Duration

	events *fsnotify.Watcher
	seen   *view
	due    *time.Timer // runs while events wait for quiet
	first  time.Time   // when the first of these came; zero: none waits
}

func (w *watch) run(ctx context.Context) (err error) {
	if w.events, err = fsnotify.NewWatcher(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.events.Close()) }()
	if err := w.aim(); err != nil {
		return err
	}
	w.changed()
	look := time.NewTicker(w.interval)
	defer look.Stop()
	w.due = time.NewTimer(0)
	defer w.due.Stop()
	w.due.Stop()
	w.loop(ctx, look.C)
	return nil
}

func (w *watch) loop(ctx context.Context, tick <-chan time.Time) {
	for {
		select {
		case <-ctx.Done():
			return
		case e := <-w.events.Events:
			if w.seen.concerns(e.Name) {
				w.wait()
			}
		case <-w.events.Errors: // events were lost, maybe one that matters
			w.wait()
		case <-w.due.C:
			w.fire()
		case <-tick:
			if look(w.path).stamp() != w.seen.stamp() {
				w.fire()
			}
		}
	}
}

// wait puts the call off until events cease, but not for ever.
func (w *watch) wait() {
	now := time.Now()
	if w.first.IsZero() {
		w.first = now
	}
	w.due.Reset(min(quiet, w.first.Add(impatient).Sub(now)))
}

// fire aims before it calls: what changes while the call reads sends an event.
func (w *watch) fire() {
	w.first = time.Time{}
	w.due.Stop()
	_ = w.aim() // what cannot be watched now is looked at
	w.changed()
}

// aim watches the folders on which the policy depends now, and no other.
func (w *watch) aim() error {
	w.seen = look(w.path)
	for _, folder := range w.events.WatchList() {
		if !w.seen.folders[folder] {
			_ = w.events.Remove(folder) // fails if the folder is gone, and its watch with it
		}
	}
	var errs []error
	for folder := range w.seen.folders {
		if err := w.events.Add(folder); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
