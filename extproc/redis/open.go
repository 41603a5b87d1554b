// Package redis connects to the Redis that a policy names.
//
// The promise: who opens a client waits for nobody, each call is bounded by its context alone, and
// no error of this package quotes a URL, which may hold a password. The trap: errors of the client
// may: Link.Redacted takes secrets out.
package redis

import (
	"context"
	"crypto/tls"
	"errors"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// What holds for each node's connections. A call is bounded by its context alone. A command may be
// sent again: what it does must count once.
const (
	poolSize    = 64
	idle        = 4
	dialTimeout = 2 * time.Second
	retries     = 2
	minBackOff  = time.Millisecond
	maxBackOff  = 8 * time.Millisecond
	buffer      = 8 << 10
	stateEvery  = 5 * time.Second // a cluster's nodes are asked for
)

// Open makes a client of the server that a URL names, or of the cluster of which it names a node
// or several. It connects when it is used. The error does not quote the URL, which may hold a
// password.
func Open(text string, cluster bool) (redis.UniversalClient, error) {
	quiet()
	if err := checkURL(text, cluster); err != nil {
		return nil, err
	}
	if cluster {
		o, err := redis.ParseClusterURL(text)
		if err != nil {
			return nil, errURL
		}
		return redis.NewClusterClient(clusterOptions(o)), nil
	}
	o, err := redis.ParseURL(text)
	if err != nil {
		return nil, errURL
	}
	return redis.NewClient(options(o)), nil
}

var errURL = errors.New("is not a URL of Redis, such as redis://USER:PASSWORD@HOST:6379/0 (rediss for TLS)")

// checkURL refuses what the client would take for something else.
func checkURL(text string, cluster bool) error {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return errURL
	case u.Scheme == "unix" && !cluster:
		return nil
	case u.Scheme != "redis" && u.Scheme != "rediss", u.Host == "":
		return errURL
	case cluster && strings.Trim(u.Path, "/") != "" && strings.Trim(u.Path, "/") != "0":
		return errors.New("names a database by its number: a cluster has only number 0")
	}
	return nil
}

func options(o *redis.Options) *redis.Options {
	o.MaxRetries, o.MinRetryBackoff, o.MaxRetryBackoff = retries, minBackOff, maxBackOff
	o.ContextTimeoutEnabled, o.DialTimeout, o.DialerRetries = true, dialTimeout, 1
	o.PoolSize, o.MinIdleConns, o.PipelinePoolSize = poolSize, idle, -1
	o.ReadBufferSize, o.WriteBufferSize, o.DisableIdentity = buffer, buffer, true
	o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	return o
}

func clusterOptions(o *redis.ClusterOptions) *redis.ClusterOptions {
	o.MaxRedirects, o.MinRetryBackoff, o.MaxRetryBackoff = retries, minBackOff, maxBackOff
	o.ContextTimeoutEnabled, o.DialTimeout, o.DialerRetries = true, dialTimeout, 1
	o.PoolSize, o.MinIdleConns, o.PipelinePoolSize = poolSize, idle, -1
	o.ReadBufferSize, o.WriteBufferSize, o.DisableIdentity = buffer, buffer, true
	o.ClusterStateReloadInterval = stateEvery
	o.ReadOnly, o.RouteByLatency, o.RouteRandomly = false, false, false
	o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	if o.TLSConfig != nil {
		o.TLSConfig.MinVersion = tls.VersionTLS12
	}
	return o
}

// quiet keeps the client's own lines out of the log: what fails is reported by who asked.
var quiet = sync.OnceFunc(func() { redis.SetLogger(silent{}) })

type silent struct{}

// Printf does nothing.
func (silent) Printf(context.Context, string, ...any) {}
