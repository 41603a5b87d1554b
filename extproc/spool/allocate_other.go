//go:build !linux

package spool

import "os"

// allocate reserves space on the disk, so that no write to it can fail.
func allocate(f *os.File, size int64) error { return fill(f, size) }
