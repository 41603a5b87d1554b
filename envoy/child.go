package envoy

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// Back-off between a child's end and its next start. A child that ran for stable
// begins again with the least.
const (
	backOffLeast = 100 * time.Millisecond
	backOffMost  = 10 * time.Second
	stable       = 30 * time.Second
)

// killAfter is how long a child may take to end after it was told to.
const killAfter = 5 * time.Second

// ChildOptions say what to run.
type ChildOptions struct {
	Path        string // of the binary
	Config      string // file of the bootstrap
	Admin       string // Unix socket of the admin interface, as in the bootstrap
	Concurrency int    // worker threads; 0: one per core
	Log         *zap.Logger
	Restarted   func() // called for each restart; may be nil
}

// Child is a supervised Envoy. It is safe for concurrent use.
type Child struct {
	options ChildOptions
	admin   *http.Client
	stop    chan struct{} // closed by Stop: do not start again
	once    sync.Once
	done    chan struct{} // closed when the last process has ended
	pid     atomic.Int64
}

// Start runs Envoy and keeps it running until Stop.
func Start(o ChildOptions) *Child {
	dialer := net.Dialer{}
	c := &Child{options: o, stop: make(chan struct{}), done: make(chan struct{})}
	c.admin = &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, "unix", o.Admin)
		},
	}}
	go c.supervise()
	return c
}

// PID returns the process id of the running Envoy; 0 where none runs.
func (c *Child) PID() int { return int(c.pid.Load()) }

func (c *Child) supervise() {
	// The kernel ties a child's death to the thread that started it.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(c.done)
	wait := backOffLeast
	for {
		began := time.Now()
		err := c.run()
		select {
		case <-c.stop:
			return
		default:
		}
		if time.Since(began) > stable {
			wait = backOffLeast
		}
		c.options.Log.Error("Envoy ended; starting it again", zap.Error(err), zap.Duration("in", wait))
		if c.options.Restarted != nil {
			c.options.Restarted()
		}
		select {
		case <-c.stop:
			return
		case <-time.After(wait):
		}
		wait = min(2*wait, backOffMost)
	}
}

// run runs one process to its end.
func (c *Child) run() error {
	_ = os.Remove(c.options.Admin) // left by a process that was killed
	args := []string{"-c", c.options.Config, "--disable-hot-restart", "--log-level", "warn", "--log-format", "%l\t%n\t%v"}
	if n := c.options.Concurrency; n > 0 {
		args = append(args, "--concurrency", strconv.Itoa(n))
	}
	cmd := exec.Command(c.options.Path, args...)
	cmd.SysProcAttr = childAttributes()
	out, in := io.Pipe()
	cmd.Stdout, cmd.Stderr = in, in
	var lines sync.WaitGroup
	lines.Go(func() { c.log(out) })
	defer lines.Wait()
	defer in.Close()
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting Envoy: %w", err)
	}
	c.pid.Store(int64(cmd.Process.Pid))
	defer c.pid.Store(0)
	ended := make(chan struct{})
	var stopper sync.WaitGroup
	stopper.Go(func() { c.terminate(cmd.Process, ended) })
	err := cmd.Wait()
	close(ended)
	stopper.Wait()
	if err == nil {
		err = errors.New("it ended by itself")
	}
	return err
}

// terminate ends the process when the child is stopped: kindly, then not.
func (c *Child) terminate(p *os.Process, ended <-chan struct{}) {
	select {
	case <-ended:
		return
	case <-c.stop:
	}
	_ = p.Signal(syscall.SIGTERM)
	select {
	case <-ended:
	case <-time.After(killAfter):
		_ = p.Kill()
	}
}

// longestLine is how much of one line is logged, in bytes.
const longestLine = 64 << 10

// log passes Envoy's lines on at their own level. It reads whatever comes, because
// a pipe that nobody empties would stop Envoy; of a line that is too long it says
// that it was cut.
func (c *Child) log(r io.Reader) {
	in := bufio.NewReaderSize(r, longestLine)
	for {
		line, cut, err := in.ReadLine()
		if err != nil {
			return // the process has ended and closed the pipe
		}
		c.logLine(string(line), cut)
		for cut && err == nil {
			_, cut, err = in.ReadLine()
		}
	}
}

func (c *Child) logLine(line string, cut bool) {
	var fields []zap.Field
	if cut {
		fields = append(fields, zap.Bool("cut", true))
	}
	level, rest, ok := strings.Cut(line, "\t")
	name, text, _ := strings.Cut(rest, "\t")
	if !ok {
		c.options.Log.Warn(line, fields...)
		return
	}
	c.options.Log.Log(levelOf(level), text, append(fields, zap.String("logger", name))...)
}

func levelOf(name string) zapcore.Level {
	switch name {
	case "trace", "debug":
		return zapcore.DebugLevel
	case "info":
		return zapcore.InfoLevel
	case "warning":
		return zapcore.WarnLevel
	}
	return zapcore.ErrorLevel
}

// Drain makes Envoy accept no more connections and waits until no request is in
// flight, or until ctx is done.
func (c *Child) Drain(ctx context.Context) error {
	for _, path := range []string{"/healthcheck/fail", "/drain_listeners"} {
		if _, err := c.ask(ctx, http.MethodPost, path); err != nil {
			return fmt.Errorf("draining Envoy: %w", err)
		}
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		text, err := c.ask(ctx, http.MethodGet, "/stats?filter=^http.gateway.downstream_rq_active$")
		if err != nil {
			return fmt.Errorf("draining Envoy: %w", err)
		}
		// An Envoy that never got its listener does not count requests.
		if text = strings.TrimSpace(text); text == "" || strings.HasSuffix(text, ": 0") {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("draining Envoy: requests are still in flight: %w", ctx.Err())
		}
	}
}

func (c *Child) ask(ctx context.Context, method, path string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, method, "http://envoy"+path, nil)
	if err != nil {
		return "", err
	}
	resp, err := c.admin.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return "", err
	}
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s: status %d", path, resp.StatusCode)
	}
	return string(b), nil
}

// Stop ends Envoy and waits until it has ended.
func (c *Child) Stop(ctx context.Context) error {
	c.once.Do(func() { close(c.stop) })
	select {
	case <-c.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
