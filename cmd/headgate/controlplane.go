package main

import (
	"context"
	"fmt"
	"net"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/xds"
	"github.com/headgate/headgate/xds/snapshot"
)

// controlPlane is the xDS server of this process.
type controlPlane struct {
	server *xds.Server
	addr   net.Addr
}

// nodeCluster is the node cluster of the Envoys that share this policy.
const nodeCluster = "headgate"

// startControlPlane publishes a policy and serves it.
func startControlPlane(l *lifecycle, set *policy.Set, addr string, o snapshot.Options, reg prometheus.Registerer, log *zap.Logger) (*controlPlane, error) {
	server := xds.New(nodeCluster, o, reg, log.Named("xds"))
	if err := server.Publish(context.Background(), set); err != nil {
		return nil, err
	}
	lis, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("xDS port: %w", err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := server.Serve(lis); err != nil {
			log.Error("serving xDS", zap.Error(err))
		}
	}()
	l.started("xDS", func(context.Context) error {
		server.Stop()
		<-done
		return nil
	})
	return &controlPlane{server, lis.Addr()}, nil
}
