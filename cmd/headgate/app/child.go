package app

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/headgate/headgate/envoy"
)

// envoyAdmin is the socket of Envoy's admin interface.
func (g *Gateway) envoyAdmin() string { return filepath.Join(g.sockets, "envoy.sock") }

// ownCalls is the socket on which Envoy takes Headgate's own calls. Only this user reaches its folder.
func (g *Gateway) ownCalls() string { return filepath.Join(g.sockets, "own.sock") }

// ownXDS is the address of this process's control plane: a socket, because other users of the
// machine reach every port of it. Only this user reaches its folder.
func (g *Gateway) ownXDS() string { return "unix:" + filepath.Join(g.sockets, "xds.sock") }

// startEnvoy runs Envoy until the lifecycle drains and stops it.
func (g *Gateway) startEnvoy(data *dataPlane) (*envoy.Child, error) {
	b := envoy.Bootstrap{
		NodeID: "headgate-run", Cluster: NodeCluster, Region: g.options.Region,
		ExtProc: filepath.Join(g.sockets, "extproc.sock"), Admin: g.envoyAdmin(),
		Connections: envoy.Connections(envoy.Descriptors()),
	}
	text, err := b.JSON()
	if err != nil {
		return nil, err
	}
	if err := g.makeEnvoyLog(); err != nil {
		return nil, err
	}
	config := filepath.Join(g.data, "envoy.json")
	if err := os.WriteFile(config, text, 0o600); err != nil {
		config = filepath.Join(g.sockets, "envoy.json") // whose disk may have room
		if os.WriteFile(config, text, 0o600) != nil {
			return nil, fmt.Errorf("writing Envoy's bootstrap: %w", err)
		}
	}
	restarts := prometheus.NewCounter(prometheus.CounterOpts{Name: "headgate_envoy_restarts_total", Help: "Times that Envoy ended by itself and was started again."})
	g.reg.MustRegister(restarts)
	var stdout io.Writer
	if !g.ownsEnvoyLog() {
		stdout = g.options.Stdout
	}
	child := envoy.Start(envoy.ChildOptions{
		Path: g.envoyPath, Config: config, Admin: b.Admin, Concurrency: g.options.Concurrency,
		Log: g.log.Named("envoy"), Stdout: stdout, Restarted: restarts.Inc,
	})
	g.lifecycle.started("Envoy", func(ctx context.Context) error {
		drained, cancel := context.WithTimeout(ctx, g.grace)
		defer cancel()
		if err := child.Drain(drained); err != nil {
			g.log.Warn("Envoy was not drained", zap.Error(err))
		}
		data.server.Cut()
		return child.Stop(ctx)
	})
	return child, nil
}
