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
}

// openRecords opens the file of access records for appending. A last line that a
// process which was killed, or a full disk, left torn is ended first: the next row
// would else be lost with it.
func openRecords(l *lifecycle, to recordsTo) (io.Writer, error) {
	path := to.path
	if path == "-" {
		return to.stdout, nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return nil, fmt.Errorf("folder of access records: %w", err)
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o640)
	if err != nil {
		return nil, fmt.Errorf("opening access records: %w", err)
	}
	l.started("access record file", func(context.Context) error { return f.Close() })
	if isTorn(path) {
		if _, err := f.WriteString("\n"); err != nil {
			return nil, fmt.Errorf("ending the last access record: %w", err)
		}
	}
	return f, nil
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
