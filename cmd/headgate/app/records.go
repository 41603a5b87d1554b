package app

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// recordsTo says where access records go.
type recordsTo struct {
	path   string    // "-": stdout
	stdout io.Writer // needed for "-" only
	max    int64     // bytes of the file; 0: no bound
}

// records are where access records go.
type records struct {
	io.Writer
	reopen func() error // after others have renamed the file
}

// openRecords opens the file of access records for appending. A last line that a
// process which was killed, or a full disk, left torn is ended first: the next row
// would else be lost with it.
func openRecords(l *lifecycle, to recordsTo) (records, error) {
	path := to.path
	if path == "-" {
		return records{to.stdout, func() error { return nil }}, nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return records{}, fmt.Errorf("folder of access records: %w", err)
	}
	f, err := openRotating(path, to.max)
	if err != nil {
		return records{}, fmt.Errorf("opening access records: %w", err)
	}
	l.started("access record file", func(context.Context) error { return f.Close() })
	if isTorn(path) {
		// On a full disk a new file is begun: in that there is no line to be ended.
		if _, err := f.file.WriteString("\n"); err != nil && f.rotate() != nil {
			return records{}, fmt.Errorf("ending the last access record: %w", err)
		}
	}
	return records{f, f.reopen}, nil
}

// isTorn reports whether a file's last line has no end. What is no file, such as a
// device, has no lines.
func isTorn(path string) bool {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() == 0 {
		return false
	}
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close() // only read from
	last := make([]byte, 1)
	_, err = f.ReadAt(last, info.Size()-1)
	return err == nil && last[0] != '\n'
}
