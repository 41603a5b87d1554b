// Package secretfile makes the files in which a control plane keeps secrets of its own, the admin
// key and the token of pairs. Of several control planes that make one at once all have the same
// secret. The trap: a file that is there is never replaced, whatever it holds.
package secretfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Create makes a file that only its owner can read, completely or not at all, unless there is one.
// It makes the folder, too.
func Create(path, text string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".new-") // of mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // it has another name by then
	_, err = f.WriteString(text)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}
