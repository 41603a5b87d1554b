package app

import (
	"fmt"
	"net"
	"os"
	"strings"
)

// maxSocket is the greatest length of a Unix socket's path in bytes: the kernel's bound.
const maxSocket = 107

// CheckSocket refuses a path at which no Unix socket can be. Its error begins with the
// name of what gave the path.
func CheckSocket(name, path string) error {
	switch {
	case path == "":
		return fmt.Errorf("%s must be the path of a Unix socket, is empty", name)
	case len(path) > maxSocket:
		return fmt.Errorf("%s must be at most %d bytes long, as every path of a Unix socket, is %d: %s", name, maxSocket, len(path), path)
	}
	return nil
}

// socketPath is the path of a Unix socket that an address names, as gRPC writes it: unix:PATH.
func socketPath(addr string) (path string, ok bool) { return strings.CutPrefix(addr, "unix:") }

// listenSocket opens a Unix socket for this user only. A socket that a killed process has left is
// replaced; one that is served, and what is no socket, is an error.
func listenSocket(path string) (net.Listener, error) {
	if err := CheckSocket("unix:", path); err != nil {
		return nil, err
	}
	if conn, err := net.Dial("unix", path); err == nil {
		_ = conn.Close()
		return nil, fmt.Errorf("socket %s: another process serves it", path)
	}
	if info, err := os.Lstat(path); err == nil && info.Mode().Type() == os.ModeSocket {
		if err := os.Remove(path); err != nil {
			return nil, fmt.Errorf("removing an old socket: %w", err)
		}
	}
	lis, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("opening the socket: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		_ = lis.Close()
		return nil, fmt.Errorf("restricting the socket: %w", err)
	}
	return lis, nil
}
