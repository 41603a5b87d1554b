package takeover

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// sweep removes the private sockets of generations that have ended without doing so.
func sweep(socket string) error {
	entries, err := os.ReadDir(filepath.Dir(socket))
	if err != nil {
		return fmt.Errorf("folder of the socket: %w", err)
	}
	for _, e := range entries {
		number, ours := strings.CutPrefix(e.Name(), filepath.Base(socket)+".")
		generation, err := strconv.ParseUint(number, 10, 32)
		if !ours || err != nil || e.Type() != fs.ModeSocket {
			continue
		}
		path := PathOf(socket, generation)
		conn, err := net.Dial("unix", path)
		if err == nil {
			_ = conn.Close()
			continue
		}
		if errors.Is(err, syscall.ECONNREFUSED) {
			_ = os.Remove(path) // one that stays hinders nobody
		}
	}
	return nil
}
