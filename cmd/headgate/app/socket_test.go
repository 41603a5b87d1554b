package app

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestASocketIsForItsUser holds the mode of a socket, that one which a killed process left is
// replaced, and that nothing else is.
func TestASocketIsForItsUser(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.sock")
	left, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	left.SetUnlinkOnClose(false)
	_ = left.Close()
	lis, err := port{addr: "unix:" + path}.listen()
	if err != nil {
		t.Fatal(err)
	}
	defer lis.Close()
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the socket is %v, %v", info, err)
	}
	if _, err := (port{addr: "unix:" + path}).listen(); err == nil || !strings.Contains(err.Error(), "another process serves it") {
		t.Errorf("a socket that is served: %v", err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("kept"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := listenSocket(file); err == nil {
		t.Error("a file is a socket")
	}
	if text, _ := os.ReadFile(file); string(text) != "kept" {
		t.Error("a file is removed")
	}
}
