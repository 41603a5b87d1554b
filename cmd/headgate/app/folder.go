package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// reserveFolder keeps other gateways out of a data folder until this one stops: two that
// share a history publish each other's policies. The kernel drops the lock if the process
// is killed. On a file system without locks nothing is reserved.
func reserveFolder(l *lifecycle, dir string) error {
	f, err := os.OpenFile(filepath.Join(dir, "gateway.lock"), os.O_CREATE|os.O_RDWR, 0o640)
	if err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	l.started("data folder", func(context.Context) error { return f.Close() })
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); errors.Is(err, syscall.EWOULDBLOCK) {
		pid, _ := io.ReadAll(io.LimitReader(f, 20)) // the message does without
		return fmt.Errorf("data folder: %s is used by headgate run (process %s): stop that, or choose another folder with --data", dir, pid)
	}
	if err := f.Truncate(0); err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	_, _ = f.WriteString(strconv.Itoa(os.Getpid())) // on a full disk the message does without
	return nil
}
