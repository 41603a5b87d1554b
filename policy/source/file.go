// Package source reads policy documents and publishes the latest valid Set.
//
// The promise: a faulty document never takes effect; the last good Set stays. The
// trap: nothing here watches the file, so a change is seen when Reload is called.
package source

import (
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"

	"github.com/headgate/headgate/policy"
)

// Load reads and compiles the policy in a file. Where the document itself is at
// fault the error wraps *policy.Faults; else it says why the file was not read.
func Load(path string) (*policy.Set, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading policy: %w", err)
	}
	defer f.Close() // only read from: nothing can get lost
	// One byte more than is allowed, so that Parse sees that it is too much.
	data, err := io.ReadAll(io.LimitReader(f, policy.MaxDocument+1))
	if err != nil {
		return nil, fmt.Errorf("reading policy: %w", err)
	}
	return policy.Parse(path, data)
}

// File is a policy file with the latest valid Set that was read from it. It is
// safe for concurrent use.
type File struct {
	path   string
	mu     sync.Mutex // one Reload at a time, so that an older read never wins
	latest atomic.Pointer[policy.Set]
}

// Open loads a policy file. It fails where the file is not valid now, because
// there is no earlier Set to keep.
func Open(path string) (*File, error) {
	set, err := Load(path)
	if err != nil {
		return nil, err
	}
	f := &File{path: path}
	f.latest.Store(set)
	return f, nil
}

// Path returns the path that the file was opened with.
func (f *File) Path() string { return f.path }

// Latest returns the last valid Set. It never blocks and is never nil.
func (f *File) Latest() *policy.Set { return f.latest.Load() }

// Reload reads the file again and publishes its Set. It reports whether the
// content differs from the Set before, by revision. On an error that Set stays.
func (f *File) Reload() (changed bool, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	set, err := Load(f.path)
	if err != nil {
		return false, err
	}
	if set.Revision == f.latest.Load().Revision {
		return false, nil
	}
	f.latest.Store(set)
	return true, nil
}
