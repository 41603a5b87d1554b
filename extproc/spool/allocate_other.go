//go:build !linux

package spool

import "os"

// allocate reserves space on the disk by writing to all of it.
func allocate(f *os.File, size int64) error {
	zeroes := make([]byte, 64<<10)
	for at := int64(0); at < size; at += int64(len(zeroes)) {
		if _, err := f.WriteAt(zeroes, at); err != nil {
			return err
		}
	}
	return nil
}
