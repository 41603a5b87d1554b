package takeover

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// served is a process that has the seat of a socket.
type served struct {
	*Seat
	socket  *net.UnixListener
	yielded chan struct{}
}

// shortSocket is the path of a socket: paths of Unix sockets are bounded.
func shortSocket(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "hg")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return filepath.Join(dir, "s")
}

// take takes a seat and inherits, or opens, its socket.
func take(t *testing.T, path string) *served {
	t.Helper()
	seat, err := Take(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	p := &served{Seat: seat, yielded: make(chan struct{})}
	l, err := seat.Inherited("socket")
	if err == nil && l == nil {
		l, err = net.Listen("unix", path)
	}
	if err != nil {
		t.Fatal(err)
	}
	p.socket = l.(*net.UnixListener)
	p.socket.SetUnlinkOnClose(false)
	seat.Offer("socket", p.socket)
	t.Cleanup(func() { _ = p.socket.Close() })
	return p
}

func (p *served) begin(t *testing.T) {
	t.Helper()
	if err := p.Begin(func() { _ = p.socket.Close(); close(p.yielded) }); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Release(func(bool) {}) })
}

// TestTheNextProcessGetsTheListener holds that a connection that is made while nobody accepts is
// the next process's.
func TestTheNextProcessGetsTheListener(t *testing.T) {
	path := shortSocket(t)
	first := take(t, path)
	first.begin(t)
	second := take(t, path)
	if first.Generation != 1 || second.Generation != 2 || second.Before() != os.Getpid() {
		t.Errorf("generations %d and %d, before %d", first.Generation, second.Generation, second.Before())
	}
	waiting, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer waiting.Close()
	select {
	case <-first.yielded:
		t.Error("it has stopped accepting before the next process serves")
	default:
	}
	second.begin(t)
	<-first.yielded
	<-first.Succeeded()
	conn, err := second.socket.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(waiting, "hello"); err != nil {
		t.Fatal(err)
	}
	if b := make([]byte, 5); func() error { _, err := io.ReadFull(conn, b); return err }() != nil || string(b) != "hello" {
		t.Errorf("it reads %q", b)
	}
	stays := false
	first.Release(func(another bool) { stays = another })
	if !stays {
		t.Error("the socket of the next process would go")
	}
}

// TestAFailedStartChangesNothing holds that the process that has the seat serves on when the next
// one ends before it serves, and can be asked again.
func TestAFailedStartChangesNothing(t *testing.T) {
	path := shortSocket(t)
	first := take(t, path)
	first.begin(t)
	for range 3 {
		failing := take(t, path)
		if _, err := Take(t.Context(), path); err == nil || !strings.Contains(err.Error(), "another process is taking it over") {
			t.Errorf("a third process: %v", err)
		}
		failing.Release(func(bool) {})
		for first.isPromised() { // until it has noticed
		}
	}
	select {
	case <-first.yielded:
		t.Fatal("it has yielded to nobody")
	default:
	}
	second := take(t, path)
	second.begin(t)
	<-first.Succeeded()
}

func (s *Seat) isPromised() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.promised
}

// TestASignalDuringTheHandover holds that the next process serves, and keeps the path, if the one
// before is stopped while it hands over.
func TestASignalDuringTheHandover(t *testing.T) {
	path := shortSocket(t)
	first := take(t, path)
	first.begin(t)
	second := take(t, path)
	stays := false
	first.Release(func(another bool) { stays = another; _ = first.socket.Close() })
	if !stays {
		t.Error("the socket of the next process would go")
	}
	second.begin(t)
	third := take(t, path)
	if third.Before() != os.Getpid() || third.Generation != 3 {
		t.Errorf("before %d, generation %d", third.Before(), third.Generation)
	}
	third.begin(t)
	<-second.Succeeded()
}

// TestKilledProcesses holds that what is left of processes that were killed hinders nobody, and
// that what is no socket of theirs stays.
func TestKilledProcesses(t *testing.T) {
	path := shortSocket(t)
	if err := os.WriteFile(lockPath(path), []byte("4711 7\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	left := func(name string) {
		l, err := net.ListenUnix("unix", &net.UnixAddr{Name: name, Net: "unix"})
		if err != nil {
			t.Fatal(err)
		}
		l.SetUnlinkOnClose(false)
		_ = l.Close()
	}
	left(PathOf(path, 6))
	left(PathOf(path, 7))
	left(doorPath(path))
	left(path + ".other")
	if err := os.WriteFile(path+".5", []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	alive, err := net.Listen("unix", PathOf(path, 3))
	if err != nil {
		t.Fatal(err)
	}
	defer alive.Close()
	p := take(t, path)
	p.begin(t)
	if p.Generation != 8 || p.Before() != 0 {
		t.Errorf("generation %d, before %d", p.Generation, p.Before())
	}
	for name, stays := range map[string]bool{PathOf(path, 6): false, PathOf(path, 7): false, path + ".other": true, path + ".5": true, PathOf(path, 3): true} {
		if _, err := os.Lstat(name); errors.Is(err, os.ErrNotExist) == stays {
			t.Errorf("%s: %v", filepath.Base(name), err)
		}
	}
}

// TestAProcessThatStandsStill holds that a start is refused that nobody answers, and names who has
// the seat.
func TestAProcessThatStandsStill(t *testing.T) {
	path := shortSocket(t)
	lock, err := tryLock(lockPath(path))
	if err != nil || lock == nil {
		t.Fatal(lock, err)
	}
	defer lock.Close()
	if _, err := fmt.Fprintf(lock, "4711 7\n"); err != nil {
		t.Fatal(err)
	}
	stopped, err := net.Listen("unix", doorPath(path)) // and nobody accepts
	if err != nil {
		t.Fatal(err)
	}
	soon := func() error {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		_, err := Take(ctx, path)
		return err
	}
	if err := soon(); err == nil || !strings.Contains(err.Error(), "process 4711 has it and does not answer") {
		t.Errorf("error %v", err)
	}
	_ = stopped.Close()
	if err := soon(); err == nil || !strings.Contains(err.Error(), "process 4711 has it and does not hand it over") {
		t.Errorf("error %v", err)
	}
}

// TestWhatIsHandedOverInAnotherWay holds that a start is refused that gets something else than a
// seat, with who gave it.
func TestWhatIsHandedOverInAnotherWay(t *testing.T) {
	for text, want := range map[string]string{
		"hello\n":                         "hands it over in another way",
		`{"pid":12,"names":["lock"]}`:     "process 12 hands over 0 files with 1 names",
		`{"pid":12,"names":["socket"]}`:   "process 12 hands over 0 files with 1 names",
		`{"pid":12,"error":"it is busy"}`: "process 12 has it, but it is busy",
	} {
		path := shortSocket(t)
		lock, err := tryLock(lockPath(path))
		if err != nil || lock == nil {
			t.Fatal(lock, err)
		}
		door, err := net.Listen("unix", doorPath(path))
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			if conn, err := door.Accept(); err == nil {
				_, _ = bufio.NewReader(conn).ReadString('\n')
				_, _ = io.WriteString(conn, text)
				_ = conn.Close()
			}
		}()
		if _, err := Take(t.Context(), path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", text, err, want)
		}
		_, _ = door.Close(), lock.Close()
	}
}
