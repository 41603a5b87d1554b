// Package redistest gives tests a real Redis, alone or as a cluster.
package redistest

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// Server is a Redis that ends with its test.
type Server struct {
	Addr string

	t       testing.TB
	program string
	args    []string
	cmd     *exec.Cmd
	ended   chan struct{} // closed when the process has ended
	client  func() *redis.Client
}

// Start starts a server on a free port, with further arguments. Without its program the test is
// skipped; under CI it fails.
func Start(t testing.TB, args ...string) *Server {
	t.Helper()
	port := strconv.Itoa(freePort(t))
	s := &Server{Addr: net.JoinHostPort("127.0.0.1", port), t: t, program: program(t)}
	s.args = append([]string{"--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", t.TempDir()}, args...)
	s.client = sync.OnceValue(func() *redis.Client { return s.Client() })
	s.Run()
	t.Cleanup(s.Kill)
	return s
}

// Run starts the server again after Kill. It has lost everything.
func (s *Server) Run() {
	s.t.Helper()
	s.cmd, s.ended = exec.Command(s.program, s.args...), make(chan struct{})
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	started := make(chan error)
	go func(cmd *exec.Cmd, ended chan struct{}) {
		runtime.LockOSThread() // the kernel ends the server with the thread that began it
		started <- cmd.Start()
		_ = cmd.Wait()
		close(ended)
	}(s.cmd, s.ended)
	if err := <-started; err != nil {
		s.t.Fatal(err)
	}
	for deadline := time.Now().Add(30 * time.Second); !s.says("SERVER", "tcp_port:"+s.port()); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.t.Fatal("redis does not answer")
		}
	}
}

// Kill ends the server at once.
func (s *Server) Kill() {
	_ = s.cmd.Process.Kill()
	<-s.ended
}

// Stop makes the server answer nothing, with its connections open, until Continue.
func (s *Server) Stop() { _ = s.cmd.Process.Signal(syscall.SIGSTOP) }

// Continue ends a Stop.
func (s *Server) Continue() { _ = s.cmd.Process.Signal(syscall.SIGCONT) }

// Pid is its process.
func (s *Server) Pid() int { return s.cmd.Process.Pid }

// URL names the server.
func (s *Server) URL() string { return "redis://" + s.Addr }

// Client returns a client of the server, which ends with the test.
func (s *Server) Client() *redis.Client {
	client := redis.NewClient(&redis.Options{Addr: s.Addr})
	s.t.Cleanup(func() { _ = client.Close() })
	return client
}

// direct is a client that tests share.
func (s *Server) direct() *redis.Client { return s.client() }

// says reports whether a section of what the server says of itself has a line.
func (s *Server) says(section, line string) bool {
	return hasLine(s.direct().Info(context.Background(), section).Val(), line)
}

func hasLine(text, line string) bool { return slices.Contains(strings.Split(text, "\r\n"), line) }

func (s *Server) port() string {
	_, port, _ := net.SplitHostPort(s.Addr)
	return port
}

// busPort is where a cluster's nodes talk.
func (s *Server) busPort() string {
	return s.args[slices.Index(s.args, "--cluster-port")+1]
}

func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// program is where the server's program lies.
func program(t testing.TB) string {
	t.Helper()
	path := os.Getenv("HEADGATE_REDIS")
	if path == "" {
		_, here, _, _ := runtime.Caller(0)
		path = filepath.Join(filepath.Dir(here), "../../../../.tools/redis-8.2/redis-server")
	}
	if _, err := os.Stat(path); err != nil {
		if os.Getenv("CI") == "" {
			t.Skipf("no Redis: run make redis, or name its server with HEADGATE_REDIS: %v", err)
		}
		t.Fatal(err)
	}
	return path
}

// Connections are those that clients have, this question's included.
func (s *Server) Connections() int {
	list := s.direct().ClientList(context.Background()).Val()
	return strings.Count(strings.TrimSpace(list), "\n") + 1
}
