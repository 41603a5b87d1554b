// Package takeover has one process serve a pair's socket after another, while Envoy stays
// connected: the new one gets the listeners of the old one, which finishes what it has begun.
//
// The promise: one process at a time has the seat of a socket, a connection that is made
// meanwhile waits and is not refused, and a process that was killed leaves nothing that
// hinders the next one. The trap: the seat belongs to whoever has the lock's file open, and
// it is open in both processes while the one hands it to the other.
package takeover

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// patience is how long the process that has the seat may take to answer.
const patience = 5 * time.Second

// pause is how long to wait for a process that is taking the seat, or leaving it, just now.
const pause = 20 * time.Millisecond

// Seat is the right to serve a socket. It is safe for concurrent use. Release must be called.
type Seat struct {
	Generation uint64 // of this process, from 1: one more than that of the process before
	Socket     string // its path

	before    *before       // nil: no process had the seat
	succeeded chan struct{} // closed once another process has it

	mu       sync.Mutex
	lock     *os.File // nil: it is another's, or nobody's
	door     *net.UnixListener
	offered  []offer
	yield    func()
	promised bool // a process has the listeners, and has not said yet that it serves
	closing  sync.WaitGroup
}

// offer is a listener that the next process gets.
type offer struct {
	name string
	from filer
}

// filer is a listener that another process can have, too.
type filer interface {
	net.Listener
	File() (*os.File, error)
}

func lockPath(socket string) string { return socket + ".lock" }

// doorPath is where the process that has the seat can be asked for it.
func doorPath(socket string) string { return socket + ".next" }

// MaxSuffix is how many bytes the paths of a seat are longer than that of its socket.
const MaxSuffix = 11

// PathOf is the private socket of a generation, for what another process gets of its exchanges.
func PathOf(socket string, generation uint64) string {
	return socket + "." + strconv.FormatUint(generation, 10)
}

// Take takes the seat of a socket. If a process has it, that one goes on serving until Begin is
// called. The error names it if it does not answer.
func Take(ctx context.Context, socket string) (*Seat, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		lock, err := tryLock(lockPath(socket))
		if err != nil {
			return nil, err
		}
		if lock != nil {
			return newSeat(socket, lock, nil)
		}
		s, err := ask(ctx, socket)
		if !errors.Is(err, errNobody) {
			return s, err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil, fmt.Errorf("socket %s: process %s has it and does not hand it over: end that first", socket, holder(socket))
		}
	}
}

// newSeat makes the seat of the next generation. The process before may be nil.
func newSeat(socket string, lock *os.File, p *before) (*Seat, error) {
	_, last := readLock(lock.Name())
	s := &Seat{Generation: last + 1, Socket: socket, before: p, succeeded: make(chan struct{}), lock: lock}
	if p != nil {
		return s, nil
	}
	if err := s.occupy(); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return s, nil
}

// occupy notes in the lock who has the seat, and removes what killed processes have left.
func (s *Seat) occupy() error {
	text := fmt.Sprintf("%d %d\n", os.Getpid(), s.Generation)
	if err := s.lock.Truncate(0); err != nil {
		return fmt.Errorf("lock of the socket: %w", err)
	}
	if _, err := s.lock.WriteAt([]byte(text), 0); err != nil {
		return fmt.Errorf("lock of the socket: %w", err)
	}
	return sweep(s.Socket)
}

// tryLock opens and locks a file; nil: a process has it.
func tryLock(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock of the socket: %w", err)
	}
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if err == nil {
		return f, nil
	}
	_ = f.Close() // nothing was written
	if errors.Is(err, unix.EWOULDBLOCK) {
		return nil, nil
	}
	return nil, fmt.Errorf("locking %s: %w", path, err)
}

// readLock reads which process has, or had last, the seat, and its generation.
func readLock(path string) (pid string, generation uint64) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", 0
	}
	pid, number, _ := strings.Cut(strings.TrimSpace(string(text)), " ")
	generation, _ = strconv.ParseUint(number, 10, 32) // 0 of a file that is empty, or damaged
	return pid, generation
}

// holder names the process that has a socket's seat, for errors.
func holder(socket string) string {
	if pid, _ := readLock(lockPath(socket)); pid != "" {
		return pid
	}
	return "(of no known id)"
}

// Inherited returns a listener of the process before; nil: it had none of that name.
func (s *Seat) Inherited(name string) (net.Listener, error) {
	if s.before == nil || s.before.files[name] == nil {
		return nil, nil
	}
	l, err := net.FileListener(s.before.files[name])
	if err != nil {
		return nil, fmt.Errorf("listener %s of process %d: %w", name, s.before.pid, err)
	}
	return l, nil
}

// Before is the id of the process that serves until Begin; 0: there is none.
func (s *Seat) Before() int {
	if s.before == nil {
		return 0
	}
	return s.before.pid
}

// Offer has a listener handed to the next process. It is called before Begin.
func (s *Seat) Offer(name string, l filer) { s.offered = append(s.offered, offer{name, l}) }

// Begin makes the process before stop accepting, and lets others take the seat from now on:
// yield is then called before they serve. It returns when this process is to serve.
func (s *Seat) Begin(yield func()) error {
	s.yield = yield
	if s.before != nil {
		s.before.end()
		if err := s.occupy(); err != nil {
			return err
		}
	}
	return s.open()
}

// Succeeded is closed once another process has the seat.
func (s *Seat) Succeeded() <-chan struct{} { return s.succeeded }

// Release gives the seat up, if this process has it. StopAccepting learns whether another process
// serves the socket, or is about to, so that its path must stay.
func (s *Seat) Release(stopAccepting func(another bool)) {
	s.mu.Lock()
	had := s.lock != nil
	stopAccepting(!had || s.promised)
	s.leave()
	s.mu.Unlock()
	s.closing.Wait()
	if s.before != nil {
		s.before.close()
	}
}

// leave closes the door and the lock. The caller holds the mutex.
func (s *Seat) leave() {
	if s.lock == nil {
		return
	}
	if s.door != nil {
		_ = s.door.Close()
	}
	_ = s.lock.Close()
	s.lock = nil
}
