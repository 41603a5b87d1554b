package takeover

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// What a process that wants the seat says, each in a line of its own: hand over the listeners,
// and that it serves from now on. Other releases know them, too.
const (
	sayTake  = "take"
	sayServe = "serve"
	sayDone  = "done" // the answer to sayServe: nothing is accepted any more
)

// lockName is the name of the lock among the files that are handed over.
const lockName = "lock"

// handover is what comes with the files, as JSON in a line.
type handover struct {
	PID   int      `json:"pid"`
	Names []string `json:"names"` // of the files, in their order
	Error string   `json:"error,omitempty"`
}

// open lets other processes ask for the seat.
func (s *Seat) open() error {
	path := doorPath(s.Socket)
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("socket for the next process: %w", err)
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return fmt.Errorf("socket for the next process: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return errors.Join(fmt.Errorf("restricting the socket for the next process: %w", err), l.Close())
	}
	s.door = l
	s.closing.Go(s.answer)
	return nil
}

// answer hands the seat to the first that asks and then serves.
func (s *Seat) answer() {
	for {
		conn, err := s.door.AcceptUnix()
		if err != nil {
			return
		}
		go func() {
			defer conn.Close()
			s.handOver(conn)
		}()
	}
}

// handOver serves one process that asks for the seat.
func (s *Seat) handOver(conn *net.UnixConn) {
	_ = conn.SetReadDeadline(time.Now().Add(patience))
	lines := bufio.NewReader(io.LimitReader(conn, 64))
	if line, err := lines.ReadString('\n'); err != nil || line != sayTake+"\n" {
		return
	}
	if !s.promise() {
		_ = writeHandover(conn, handover{PID: os.Getpid(), Error: "another process is taking it over"}, nil)
		return
	}
	served := false
	defer func() { s.decide(served) }()
	if err := s.sendFiles(conn); err != nil {
		return
	}
	_ = conn.SetReadDeadline(time.Time{}) // it prepares itself, or ends
	line, err := lines.ReadString('\n')
	if served = err == nil && line == sayServe+"\n"; !served {
		return
	}
	s.yield()
	s.mu.Lock()
	if s.door != nil {
		s.door.SetUnlinkOnClose(false) // the next process makes its own
	}
	s.leave()
	s.mu.Unlock()
	_, _ = io.WriteString(conn, sayDone+"\n") // if it has ended, the next one finds the seat free
}

// promise notes that a process is about to serve. It returns false if one is already.
func (s *Seat) promise() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.promised || s.lock == nil {
		return false
	}
	s.promised = true
	return true
}

// decide notes what became of a promise.
func (s *Seat) decide(served bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.promised = false
	if served {
		close(s.succeeded)
	}
}

// sendFiles sends the lock and the listeners.
func (s *Seat) sendFiles(conn *net.UnixConn) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lock == nil {
		return net.ErrClosed
	}
	h, fds := handover{PID: os.Getpid(), Names: []string{lockName}}, []int{int(s.lock.Fd())}
	for _, o := range s.offered {
		f, err := o.from.File()
		if err != nil {
			return fmt.Errorf("listener %s: %w", o.name, err)
		}
		defer f.Close() // the other end has its own
		h.Names, fds = append(h.Names, o.name), append(fds, int(f.Fd()))
	}
	return writeHandover(conn, h, unix.UnixRights(fds...))
}

func writeHandover(conn *net.UnixConn, h handover, rights []byte) error {
	text, err := json.Marshal(h)
	if err != nil {
		return err
	}
	_, _, err = conn.WriteMsgUnix(append(text, '\n'), rights, nil)
	return err
}
