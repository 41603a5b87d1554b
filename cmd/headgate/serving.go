package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"github.com/headgate/headgate/cmd/headgate/app"
	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/source"
)

// serving are the flags of every command that serves until a signal ends it.
type serving struct {
	app                 *app.Options
	logLevel, logFormat string
	allow               []string
	drain               time.Duration // of answers, once another process serves
}

// registerGrace is for what serves answers.
func (s *serving) registerGrace(cmd *cobra.Command) {
	cmd.Flags().DurationVar(&s.app.Grace, "grace", app.DefaultGrace, "how long answers that are under way may take to end after SIGTERM, unless another process has taken over; the process ends 10s later at the latest, so its supervisor must wait for so long")
}

func (s *serving) register(cmd *cobra.Command, o *app.Options, path, operations string) {
	s.app, o.Build = o, build()
	f := cmd.Flags()
	f.StringVarP(&o.Policy, "file", "f", path, "policy file, or folder of them")
	f.StringVar(&o.Operations, "operations", operations, "address of metrics and health, and of details and profiles if it is loopback")
	f.StringArrayVar(&s.allow, "allow", nil, "what policies may have this process read that do not come from -f, beside what those of -f do: env:NAME, file:PATH or file:FOLDER/, each with =https://HOST after it if it may go there only, or all; may be repeated")
	f.StringVar(&s.logLevel, "log-level", "info", "debug, info, warn or error")
	f.StringVar(&s.logFormat, "log-format", "text", "text or json")
}

func (s *serving) checkGrace() error {
	if s.app.Grace <= 0 {
		return fmt.Errorf("--grace must be above 0, is %v", s.app.Grace)
	}
	return nil
}

// logSize is a flag of the greatest size of log files, in MiB.
type logSize struct{ mib int64 }

func (s *logSize) register(cmd *cobra.Command) {
	cmd.Flags().Int64Var(&s.mib, "log-size", 256, "MiB that a log file of exchanges grows to before it begins anew; the four before it are kept as FILE.1 to FILE.4; 0 for no bound")
}

func (s *logSize) bytes() (int64, error) {
	if s.mib < 0 || s.mib > 1<<30 {
		return 0, fmt.Errorf("--log-size must be from 0 to %d MiB, is %d", 1<<30, s.mib)
	}
	return s.mib << 20, nil
}

// process is what package app starts.
type process interface {
	Reload()
	Succeeded() <-chan struct{}
	EndSoon()
	Stop(context.Context) error
}

// run starts a process, lets it open its log files anew on each SIGHUP, and read its policy again if
// it reads one, and stops it when ctx is done.
func (s *serving) run(ctx context.Context, reloads bool, start func(context.Context) (process, error)) error {
	log, err := newLogger(s.logLevel, s.logFormat)
	if err != nil {
		return err
	}
	if s.app.Grants, err = policy.ParseGrants(s.allow); err != nil {
		return fmt.Errorf("--allow: %w", err)
	}
	defer func() { _ = log.Sync() }()
	s.app.Log = log
	relaxGC()
	hangups := make(chan os.Signal, 1) // one that comes during the start is not lost
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)
	p, err := start(ctx)
	if err != nil {
		return failed(err)
	}
	limit := app.Closing + cmp.Or(s.app.Grace, app.DefaultGrace)
	if serve(ctx, p, reloads, hangups, log) {
		limit += s.drain
		defer context.AfterFunc(ctx, p.EndSoon)()
	}
	limited, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	return p.Stop(limited)
}

// serve returns when ctx is done, or when another process serves: it reports whether one does.
func serve(ctx context.Context, p process, reloads bool, hangups <-chan os.Signal, log *zap.Logger) (succeeded bool) {
	for {
		select {
		case <-hangups:
			if reloads {
				log.Info("SIGHUP: reading the policy again, and opening log files anew")
			} else {
				log.Info("SIGHUP: opening log files anew; the policy is the control plane's, so it is not read again")
			}
			p.Reload()
		case <-p.Succeeded():
			return true
		case <-ctx.Done():
			return false
		}
	}
}

// relaxGC lets the heap grow further between collections than Go does by itself:
// what lives is small here and what dies young is not. GOGC says otherwise.
func relaxGC() {
	const percent = 400
	if _, set := os.LookupEnv("GOGC"); !set {
		debug.SetGCPercent(percent)
	}
}

// failed gives what could not be done its exit code: of a file that cannot be read, and
// of options that will never do, that is exitUsage.
func failed(err error) error {
	code := exitFault
	var options *app.OptionsError
	var unread *source.ReadError
	if errors.As(err, &options) || errors.As(err, &unread) {
		code = exitUsage
	}
	return &exitError{code, err}
}
