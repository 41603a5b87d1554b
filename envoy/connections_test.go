package envoy

import (
	"context"
	"net"
	"net/http"
	"path/filepath"
	"testing"
)

func TestConnectionsFitTheDescriptors(t *testing.T) {
	for descriptors, want := range map[uint64]uint64{0: 50_000, 20: 16, 400: 150, 1024: 462, 65_536: 32_718, 1 << 20: 50_000} {
		if got := Connections(descriptors); got != want {
			t.Errorf("%d descriptors: %d connections, want %d", descriptors, got, want)
		}
	}
}

// TestRefusedConnectionsAreCountedOnce holds that each refusal is reported once, of all listeners,
// and of an Envoy that was started again from its first one on.
func TestRefusedConnectionsAreCountedOnce(t *testing.T) {
	a := &admin{}
	socket := filepath.Join(t.TempDir(), "admin.sock")
	lis, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: a}
	go func() { _ = server.Serve(lis) }()
	t.Cleanup(func() { _ = server.Close() })
	w := refusals{admin: overSocket(socket)}
	const one, two = "listener.127.0.0.1_8080." + overflow + ": ", "listener.[__1]_8080." + overflow + ": "
	for i, step := range []struct {
		stats string
		want  int64
	}{{"", 0}, {one + "3\n", 3}, {one + "3\n" + two + "2\n", 2}, {one + "3\n" + two + "2\n", 0}, {one + "1\n", 1}} {
		a.stats = step.stats
		if got := w.look(context.Background()); got != step.want {
			t.Errorf("step %d: %d more were refused, want %d", i, got, step.want)
		}
	}
}
