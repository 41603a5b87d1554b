package envoy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"go.uber.org/zap"
)

// Back-off between a child's end and its next start. It begins again with backOffMin after
// a child that ran for longer than stable.
const (
	backOffMin = 100 * time.Millisecond
	backOffMax = 10 * time.Second
	stable     = 30 * time.Second
)

// killAfter is how long a child may take to end after SIGTERM.
const killAfter = 5 * time.Second

// ChildOptions say what to run.
type ChildOptions struct {
	Path        string // of the binary
	Config      string // file of the bootstrap
	Admin       string // Unix socket of the admin interface, as in the bootstrap
	Concurrency int    // worker threads; 0: one per core
	Log         *zap.Logger
	Stdout      io.Writer // of its standard output, by whole lines; nil: it is logged
	Restarted   func()    // called for each restart; may be nil
}

// Child is a supervised Envoy. It is safe for concurrent use.
type Child struct {
	options ChildOptions
	admin   *http.Client
	stop    chan struct{} // closed by Stop: do not start again
	once    sync.Once
	done    chan struct{} // closed when the last process has ended
	pid     atomic.Int64

	mu     sync.Mutex
	latest *life
}

// life is one process, from before its start.
type life struct {
	ended chan struct{} // closed when it has ended
	err   error         // why; written before ended is closed
}

// Start runs Envoy and keeps it running until Stop.
func Start(o ChildOptions) *Child {
	c := &Child{options: o, admin: overSocket(o.Admin), stop: make(chan struct{}), done: make(chan struct{}), latest: newLife()}
	go c.supervise()
	return c
}

// PID returns the process id of the running Envoy; 0: none runs.
func (c *Child) PID() int { return int(c.pid.Load()) }

func newLife() *life { return &life{ended: make(chan struct{})} }

// While returns a context that is done when ctx is, or as soon as Envoy ends; at once if
// it has ended and was not started again yet. Its cause then has the last errors that Envoy
// printed, so that nobody waits for an Envoy that refuses its configuration. cancel must be
// called.
func (c *Child) While(ctx context.Context) (_ context.Context, cancel context.CancelFunc) {
	c.mu.Lock()
	l := c.latest
	c.mu.Unlock()
	ctx, end := context.WithCancelCause(ctx)
	go func() {
		select {
		case <-l.ended:
			end(fmt.Errorf("running Envoy: %w", l.err))
		case <-ctx.Done():
		}
	}()
	return ctx, func() { end(context.Canceled) }
}

func (c *Child) supervise() {
	// The kernel ties a child's death to the thread that started it.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(c.done)
	wait := backOffMin
	for l := c.latest; ; l = c.begin() {
		began := time.Now()
		err := c.run()
		l.err = err
		close(l.ended)
		select {
		case <-c.stop:
			return
		default:
		}
		if time.Since(began) > stable {
			wait = backOffMin
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
		wait = min(2*wait, backOffMax)
	}
}

// begin makes a new life in place of the one that has ended.
func (c *Child) begin() *life {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.latest = newLife()
	return c.latest
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
	cmd.Env = childEnvironment(os.Environ())
	cmd.WaitDelay = killAfter // a process that it has started may keep the pipe open
	out, in := io.Pipe()
	cmd.Stdout, cmd.Stderr = in, in
	if c.options.Stdout != nil {
		cmd.Stdout = &wholeLines{to: c.options.Stdout}
	}
	var lines sync.WaitGroup
	var last words
	lines.Go(func() { c.log(out, &last) })
	quiet := func() { _ = in.Close(); lines.Wait() }
	if err := cmd.Start(); err != nil {
		quiet()
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
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // what a script around Envoy has started and not ended
	quiet()
	if err == nil {
		err = errors.New("it ended by itself")
	}
	return last.of(err)
}

// terminate ends the process when the child is stopped: with SIGTERM, and if need be with
// SIGKILL. Both go to the whole process group, because what runs may be a script around
// Envoy.
func (c *Child) terminate(p *os.Process, ended <-chan struct{}) {
	select {
	case <-ended:
		return
	case <-c.stop:
	}
	_ = syscall.Kill(-p.Pid, syscall.SIGTERM)
	select {
	case <-ended:
	case <-time.After(killAfter):
		_ = syscall.Kill(-p.Pid, syscall.SIGKILL)
	}
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
