package spool

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// allocate reserves space on the disk, so that no write to it can fail.
func allocate(f *os.File, size int64) error {
	for {
		err := unix.Fallocate(int(f.Fd()), 0, 0, size)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case errors.Is(err, unix.EOPNOTSUPP), errors.Is(err, unix.ENOSYS):
			return fill(f, size) // of a file system that reserves nothing
		}
		return err
	}
}
