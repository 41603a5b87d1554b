package spool

import (
	"os"

	"golang.org/x/sys/unix"
)

// allocate reserves space on the disk, so that no write to it can fail.
func allocate(f *os.File, size int64) error {
	return unix.Fallocate(int(f.Fd()), 0, 0, size)
}
