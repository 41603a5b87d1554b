package extproc

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/headgate/headgate/extproc/extproctest"
)

// TestListenRemovesSocketsOnly holds that the socket of a crashed process makes way,
// and nothing else that stands at the path does.
func TestListenRemovesSocketsOnly(t *testing.T) {
	dir, err := os.MkdirTemp("", "hg") // short: Unix socket paths are bounded
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	at := func(name string) string { return filepath.Join(dir, name) }
	if err := os.WriteFile(at("file"), []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(at("folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(at("file"), at("link")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"file", "folder", "link"} {
		if l, err := Listen(at(name)); err == nil || !strings.Contains(err.Error(), "something else is there") {
			t.Errorf("%s: listener %v, error %v", name, l, err)
		}
		if _, err := os.Lstat(at(name)); err != nil {
			t.Errorf("%s is gone: %v", name, err)
		}
	}
	left, err := net.ListenUnix("unix", &net.UnixAddr{Name: at("socket"), Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	left.SetUnlinkOnClose(false)
	if err := left.Close(); err != nil {
		t.Fatal(err)
	}
	l, err := Listen(at("socket"))
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
}

// TestEnvoyLeaves holds that what was under way when Envoy ended, or was killed, is the
// gateway's fault.
func TestEnvoyLeaves(t *testing.T) {
	r := newRig(t, testPolicy)
	path := filepath.Join(t.TempDir(), "s")
	l, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	g := GRPC(r.server, r.endings)
	go func() { _ = g.Serve(l) }()
	t.Cleanup(g.Stop)
	envoy := Dial(t, path)
	s := envoy.Open("router")
	s.RequestHeaders(Post("/v1/chat/completions"), false)
	s.RequestBody(chatBody)
	if err := envoy.Conn.Close(); err != nil {
		t.Fatal(err)
	}
	r.server.idle(t.Context())
	if row := r.row(); row.Outcome != "gateway_error" || row.By != "gateway" || row.Model != "gpt-4o-mini" {
		t.Errorf("row %+v", row)
	}
}
