// Package secret finds secrets where policies say they are: in environment variables, and in
// files, which are read again when they change.
//
// The promise: no error, warning or print of a value shows a secret. The trap: a file that
// becomes unreadable keeps its former secret, so look at Warnings.
package secret

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/regular"
)

const (
	// CheckEvery bounds how often a file is looked at, however many ask for its secret.
	CheckEvery = time.Second
	// maxSecret is the greatest size of a secret in bytes: what an HTTP header holds.
	maxSecret = 16 << 10
)

// ErrNotSet marks a secret that is missing or empty, in contrast to one that is there and
// unusable.
var ErrNotSet = errors.New("credential is not set")

// Source is the place of a secret and the secret found there. It is safe for concurrent use.
type Source struct {
	form  Form
	file  string                // empty: from the environment, which does not change
	found atomic.Pointer[found] // never nil
	due   atomic.Int64          // Unix nanoseconds at which the file is looked at again
}

// found is what was read at one moment.
type found struct {
	secret Secret
	info   fs.FileInfo // of the file that was read; nil for the environment
	err    error       // why the file could not be read again since
}

// Find finds the secret of a place, which must have a form. The error names the place.
func Find(at policy.Credential, as Form, lookupEnv func(string) (string, bool), now time.Time) (*Source, error) {
	s := &Source{form: as, file: at.File}
	if at.File != "" {
		f, err := read(at.File, as)
		if err != nil {
			return nil, err
		}
		s.found.Store(f)
		s.due.Store(now.Add(CheckEvery).UnixNano())
		return s, nil
	}
	text, _ := lookupEnv(at.Env)
	secret, err := clean(text, as)
	if err != nil {
		return nil, fmt.Errorf("environment variable %s: %w", at.Env, err)
	}
	s.found.Store(&found{secret: secret})
	return s, nil
}

// Check reports why there is no secret of a form at a place, in the words of Find.
func Check(at policy.Credential, as Form, lookupEnv func(string) (string, bool)) error {
	_, err := Find(at, as, lookupEnv, time.Time{})
	return err
}

// read reads a secret from a file.
func read(path string, as Form) (*found, error) {
	data, info, err := regular.ReadStat(path, maxSecret+3) // with a line end
	var failed *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("file %s: %w: it does not exist", path, ErrNotSet)
	case errors.As(err, &failed):
		return nil, fmt.Errorf("credential: %w", err)
	case err != nil:
		return nil, fmt.Errorf("file %w", err)
	}
	secret, err := clean(string(data), as)
	if err != nil {
		return nil, fmt.Errorf("file %s: %w", path, err)
	}
	return &found{secret: secret, info: info}, nil
}

// clean takes the line end off and refuses what has another form.
func clean(text string, as Form) (Secret, error) {
	text = strings.TrimRight(text, "\r\n")
	switch {
	case strings.TrimSpace(text) == "":
		return Secret{}, fmt.Errorf("%w: it is missing or empty", ErrNotSet)
	case len(text) > maxSecret:
		return Secret{}, fmt.Errorf("credential is longer than %d bytes", maxSecret)
	}
	if err := as(text); err != nil {
		return Secret{}, err
	}
	return NewSecret(text), nil
}

// Secret returns what was found last. It does not allocate.
func (s *Source) Secret() Secret { return s.found.Load().secret }

// Changes reports whether the secret may ever be another one.
func (s *Source) Changes() bool { return s.file != "" }

// Refresh looks at the file when that is due, and reports whether the secret is another one
// now. Of all who ask at once, one looks; the others go on with what is there.
func (s *Source) Refresh(now time.Time) (changed bool) {
	if s.file == "" {
		return false
	}
	due := s.due.Load()
	if now.UnixNano() < due || !s.due.CompareAndSwap(due, now.Add(CheckEvery).UnixNano()) {
		return false
	}
	was := s.found.Load()
	info, err := os.Stat(s.file)
	if err == nil && was.err == nil && same(info, was.info) {
		return false
	}
	next, err := read(s.file, s.form)
	if err != nil {
		s.found.Store(&found{secret: was.secret, info: was.info, err: err})
		return false
	}
	s.found.Store(next)
	return next.secret.Reveal() != was.secret.Reveal()
}

// same reports whether a file is as it was: the same inode, size, time and mode.
func same(a, b fs.FileInfo) bool {
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime()) && a.Mode() == b.Mode()
}

// Warnings returns what operators should know of the place: a file that others may read, or
// that could not be read again. It is safe to show.
func (s *Source) Warnings() []string {
	f := s.found.Load()
	var all []string
	if f.info != nil && f.info.Mode().Perm()&0o007 != 0 {
		all = append(all, fmt.Sprintf("file %s is open to every user of the machine: chmod 600 it", s.file))
	}
	if f.err != nil {
		all = append(all, fmt.Sprintf("kept the former secret: %v", f.err))
	}
	return all
}
