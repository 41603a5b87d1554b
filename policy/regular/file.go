// Package regular reads files that a policy names.
//
// The promise: whatever a path leads to, reading ends, and takes no more memory than a bound: a
// pipe, a device and a file without end are errors that name the path. The trap: links are
// followed, as they are how secrets are mounted.
package regular

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// Read returns what is in a regular file, of at most so many bytes.
func Read(path string, limit int64) ([]byte, error) {
	data, _, err := ReadStat(path, limit)
	return data, err
}

// ReadStat is Read that also says which file was read: what was read and what is said of it belong
// together.
func ReadStat(path string, limit int64) ([]byte, fs.FileInfo, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0) // a pipe would wait for its writer
	if err != nil {
		return nil, nil, err
	}
	defer f.Close() // only read from: nothing can get lost
	info, err := f.Stat()
	if err != nil {
		return nil, nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, nil, fmt.Errorf("%s: not a regular file", path)
	}
	data, err := io.ReadAll(io.LimitReader(f, limit+1)) // a file may be longer than it says
	if err != nil {
		return nil, nil, err
	}
	if int64(len(data)) > limit {
		return nil, nil, fmt.Errorf("%s: larger than %d bytes", path, limit)
	}
	return data, info, nil
}
