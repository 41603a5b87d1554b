package spool

import "os"

// fill reserves space on the disk by writing to all of it.
func fill(f *os.File, size int64) error {
	zeroes := make([]byte, 64<<10)
	for at := int64(0); at < size; at += int64(len(zeroes)) {
		if _, err := f.WriteAt(zeroes[:min(int64(len(zeroes)), size-at)], at); err != nil {
			return err
		}
	}
	return nil
}
