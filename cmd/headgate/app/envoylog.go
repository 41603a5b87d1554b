package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"go.uber.org/zap"
)

// looksAtLog is how often the size of Envoy's own access log is looked at. Envoy writes it by itself,
// so it may grow beyond its bound meanwhile.
const looksAtLog = 10 * time.Second

// envoyLog is the file of Envoy's own access log.
func (g *Gateway) envoyLog() string {
	switch to := g.options.EnvoyLog; to {
	case "":
		return filepath.Join(g.data, "envoy-access.jsonl")
	case "-":
		return "/dev/stdout" // of Envoy's process
	default:
		return to
	}
}

// ownsEnvoyLog reports whether the log is a file.
func (g *Gateway) ownsEnvoyLog() bool { return g.options.EnvoyLog != "-" }

// makeEnvoyLog makes the file, for its user and group: one of Envoy's own could be read by all.
func (g *Gateway) makeEnvoyLog() error {
	if !g.ownsEnvoyLog() {
		return nil
	}
	f, err := os.OpenFile(g.envoyLog(), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o640)
	if err == nil {
		err = errors.Join(f.Chmod(0o640), f.Close())
	}
	if err != nil {
		return fmt.Errorf("making the access log of Envoy: %w", err)
	}
	return nil
}

// reopenEnvoyLog has Envoy write to what is at the log's path now.
func (g *Gateway) reopenEnvoyLog() error {
	if err := g.makeEnvoyLog(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), askWithin)
	defer cancel()
	return g.child.ReopenLogs(ctx)
}

// watchEnvoyLog begins Envoy's log anew whenever it has grown to its size, until the lifecycle
// stops it.
func (g *Gateway) watchEnvoyLog(l *lifecycle) {
	if g.options.LogSize == 0 {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		for tick := time.NewTicker(looksAtLog); ; {
			select {
			case <-tick.C:
				if err := g.boundEnvoyLog(); err != nil {
					g.log.Error("Envoy's access log cannot begin anew", zap.Error(err))
				}
			case <-ctx.Done():
				tick.Stop()
				return
			}
		}
	})
	l.started("Envoy's access log", func(context.Context) error {
		cancel()
		running.Wait()
		return nil
	})
}

// boundEnvoyLog begins Envoy's log anew if it has grown to its size.
func (g *Gateway) boundEnvoyLog() error {
	info, err := os.Stat(g.envoyLog())
	if err != nil || info.Size() < g.options.LogSize {
		return err
	}
	if err := shiftLogs(g.envoyLog()); err != nil {
		return err
	}
	return g.reopenEnvoyLog()
}
