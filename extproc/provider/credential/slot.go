package credential

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/headgate/headgate/policy"
)

// maxSecret is the greatest size of a secret in bytes: what an HTTP header holds.
const maxSecret = 16 << 10

// ErrNotSet marks a credential that is missing or empty, in contrast to one that
// is there and unusable.
var ErrNotSet = errors.New("credential is not set")

// slot is one credential: the place of a secret and the secret found there.
type slot struct {
	index    int
	form     form
	file     string                // empty: from the environment, which does not change
	found    atomic.Pointer[found] // never nil
	due      atomic.Int64          // Unix nanoseconds at which the file is looked at again
	rejected *atomic.Int64         // Unix nanoseconds of the last rejection; 0: none. Never nil, and shared with the same secret of another policy
}

// found is what was read at one moment.
type found struct {
	secret Secret
	info   fs.FileInfo // of the file that was read; nil for the environment
	err    error       // why the file could not be read again since
}

// form is what a text may hold.
type form int

const (
	isKey    form = iota // of a credential: no blanks
	inHeader             // of a further header: blanks between words
)

func resolve(ref policy.Credential, index int, as form, lookupEnv func(string) (string, bool), now time.Time) (*slot, error) {
	s := &slot{index: index, form: as, file: ref.File, rejected: new(atomic.Int64)}
	if ref.File != "" {
		f, err := read(ref.File, as)
		if err != nil {
			return nil, err
		}
		s.found.Store(f)
		s.due.Store(now.Add(checkEvery).UnixNano())
		return s, nil
	}
	text, _ := lookupEnv(ref.Env)
	secret, err := clean(text, as)
	if err != nil {
		return nil, fmt.Errorf("environment variable %s: %w", ref.Env, err)
	}
	s.found.Store(&found{secret: secret})
	return s, nil
}

// read reads a secret from a file. The file is examined through the open handle,
// so that what was read and what is remembered of it belong together.
func read(path string, as form) (*found, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("file %s: %w: it does not exist", path, ErrNotSet)
	}
	if err != nil {
		return nil, fmt.Errorf("credential: %w", err)
	}
	defer f.Close() // only read from: nothing can get lost
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("credential: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("file %s: not a regular file", path)
	}
	data, err := io.ReadAll(io.LimitReader(f, maxSecret+3)) // with a line end
	if err != nil {
		return nil, fmt.Errorf("credential: %w", err)
	}
	secret, err := clean(string(data), as)
	if err != nil {
		return nil, fmt.Errorf("file %s: %w", path, err)
	}
	return &found{secret: secret, info: info}, nil
}

// clean takes the line end off and refuses what no header can carry.
func clean(text string, as form) (Secret, error) {
	text = strings.TrimRight(text, "\r\n")
	switch {
	case strings.TrimSpace(text) == "":
		return Secret{}, fmt.Errorf("%w: it is missing or empty", ErrNotSet)
	case len(text) > maxSecret:
		return Secret{}, fmt.Errorf("credential is longer than %d bytes", maxSecret)
	case as == isKey && strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }):
		return Secret{}, errors.New("credential holds blanks, line ends or other characters that a header cannot carry")
	case strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' }) || strings.TrimSpace(text) != text:
		return Secret{}, errors.New("credential holds blanks at an end, line ends or other characters that a header cannot carry")
	}
	return NewSecret(text), nil
}

func (s *slot) secret() Secret { return s.found.Load().secret }

func (s *slot) cooling(now time.Time) bool {
	at := s.rejected.Load()
	return at != 0 && now.UnixNano()-at < int64(CoolDown)
}

// refresh looks at the file when that is due. Of all who ask at once, one looks;
// the others go on with what is there.
func (s *slot) refresh(now time.Time) {
	if s.file == "" {
		return
	}
	due := s.due.Load()
	if now.UnixNano() < due || !s.due.CompareAndSwap(due, now.Add(checkEvery).UnixNano()) {
		return
	}
	was := s.found.Load()
	info, err := os.Stat(s.file)
	if err == nil && was.err == nil && same(info, was.info) {
		return
	}
	next, err := read(s.file, s.form)
	if err != nil {
		s.found.Store(&found{secret: was.secret, info: was.info, err: err})
		return
	}
	s.found.Store(next)
	if next.secret.Reveal() != was.secret.Reveal() {
		s.rejected.Store(0) // the provider has not seen this one yet
	}
}

// same reports whether a file is as it was: the same inode, size, time and mode.
func same(a, b fs.FileInfo) bool {
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime()) && a.Mode() == b.Mode()
}

func (s *slot) warnings() []string {
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
