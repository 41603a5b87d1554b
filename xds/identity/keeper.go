package identity

import (
	"bytes"
	"fmt"
	"sync"
	"time"

	"github.com/headgate/headgate/policy/regular"
)

const (
	lookEvery = time.Second // at most, and only when there is a handshake
	maxFile   = 1 << 20     // bytes
)

// keeper has the content of the files, and reads them again when it is asked for it. It is
// safe for concurrent use.
type keeper struct {
	files  Files
	now    func() time.Time
	report func(error)

	mu      sync.Mutex
	due     time.Time // when the files are read again
	good    material
	from    *contents // what good was made from; nil before the first success
	failure error     // why the files could not be used last; nil since the last success
}

// contents are the bytes of the files. They are compared whole: times and inodes
// miss a write within one tick of the file system's clock, and symbolic links that
// are swapped need no rule of their own.
type contents struct{ cert, key, ca []byte }

func (c contents) equal(d contents) bool {
	return bytes.Equal(c.cert, d.cert) && bytes.Equal(c.key, d.key) && bytes.Equal(c.ca, d.ca)
}

// open reads the files a first time. There is nothing to fall back to, so that they must be
// good.
func open(f Files, o Options) (*keeper, error) {
	k := &keeper{files: f, now: o.Now, report: o.Report}
	if k.now == nil {
		k.now = time.Now
	}
	if k.report == nil {
		k.report = func(error) {}
	}
	if err := k.reload(); err != nil {
		return nil, err
	}
	k.due = k.now().Add(lookEvery)
	return k, nil
}

// current returns what the files hold, or held when they last could be used.
func (k *keeper) current() material {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.look()
	return k.good
}

// look reads the files again, when that is due. The mutex is held.
func (k *keeper) look() {
	now := k.now()
	if now.Before(k.due) {
		return
	}
	k.due = now.Add(lookEvery)
	before := k.failure
	k.failure = k.reload()
	if k.failure != nil && (before == nil || before.Error() != k.failure.Error()) {
		k.report(fmt.Errorf("kept the former certificates: %w", k.failure))
	}
}

// reload takes what the files hold if all of it can be used. A certificate without its key,
// because only one of the two files was replaced yet, cannot.
func (k *keeper) reload() error {
	c, err := k.files.read()
	if err != nil {
		return err
	}
	if k.from != nil && c.equal(*k.from) {
		return nil
	}
	m, err := k.files.parse(c, k.now())
	if err != nil {
		return err
	}
	k.good, k.from = m, &c
	return nil
}

func (f Files) read() (c contents, err error) {
	if c.cert, err = read("certificate", f.Cert); err != nil {
		return c, err
	}
	if c.key, err = read("key", f.Key); err != nil {
		return c, err
	}
	c.ca, err = read("CA", f.CA)
	return c, err
}

// read returns the bytes of a file; none if no file is named.
func read(what, path string) ([]byte, error) {
	if path == "" {
		return nil, nil
	}
	data, err := regular.Read(path, maxFile)
	if err != nil {
		return nil, fmt.Errorf("reading the %s: %w", what, err)
	}
	return data, nil
}
