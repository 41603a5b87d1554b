// Package redistest gives tests a real Redis.
package redistest

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// Server is a Redis that ends with its test.
type Server struct {
	Addr string
	cmd  *exec.Cmd
	t    testing.TB
	args []string
}

// Start starts a server on a free port. Without its program the test is skipped; under CI it
// fails.
func Start(t testing.TB, args ...string) *Server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	_ = l.Close()
	_, port, _ := net.SplitHostPort(addr)
	s := &Server{Addr: addr, t: t, args: append([]string{"--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", t.TempDir()}, args...)}
	s.Run()
	t.Cleanup(s.Kill)
	return s
}

// Run starts the server again after Kill.
func (s *Server) Run() {
	s.t.Helper()
	s.cmd = exec.Command(program(s.t), s.args...)
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	started := make(chan error)
	go func(cmd *exec.Cmd) {
		runtime.LockOSThread() // the kernel ends the server with the thread that began it
		started <- cmd.Start()
		_ = cmd.Wait()
	}(s.cmd)
	if err := <-started; err != nil {
		s.t.Fatal(err)
	}
	c := s.Client()
	defer c.Close()
	deadline := time.Now().Add(30 * time.Second)
	for c.Ping(context.Background()).Err() != nil {
		if time.Now().After(deadline) {
			s.t.Fatal("redis does not answer")
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// Client returns a client of the server.
func (s *Server) Client() redis.UniversalClient {
	return redis.NewUniversalClient(&redis.UniversalOptions{Addrs: []string{s.Addr}})
}

// Kill ends the server at once.
func (s *Server) Kill() { _ = s.cmd.Process.Kill() }

// program is where the server's program lies.
func program(t testing.TB) string {
	path := os.Getenv("HEADGATE_REDIS")
	if path == "" {
		_, here, _, _ := runtime.Caller(0)
		path = filepath.Join(filepath.Dir(here), "../../../../.tools/redis-8.2/redis-server")
	}
	if _, err := os.Stat(path); err != nil {
		if os.Getenv("CI") == "" {
			t.Skip(fmt.Sprintf("no Redis: run make redis, or name its server with HEADGATE_REDIS: %v", err))
		}
		t.Fatal(err)
	}
	return path
}
