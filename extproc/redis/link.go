package redis

import (
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/headgate/headgate/policy"
)

// LongestCall is what a policy may let a request wait for Redis at most. A client that was
// replaced is closed after that.
const LongestCall = 10 * time.Second

// Link leads to the Redis that a policy names. Name, Client and Redacted are safe for concurrent
// use; Follow and Close are of one goroutine.
type Link struct {
	at        policy.Credential
	cluster   bool
	lookupEnv func(string) (string, bool)
	conn      atomic.Pointer[connection]
	replaced  []*connection // that calls may be under way on
	refused   string        // a URL that cannot be used, which was said
}

// connection is a client, and the URL that it was made of.
type connection struct {
	url      string
	client   redis.UniversalClient
	replaced time.Time // by another; the zero value: it is in use
}

// NewLink makes a link to the Redis whose URL is found at a place. The error is for operators: it
// cannot be found here, or is none. It does not quote the URL.
func NewLink(at policy.Credential, cluster bool, lookupEnv func(string) (string, bool)) (*Link, error) {
	l := &Link{at: at, cluster: cluster, lookupEnv: lookupEnv}
	url, err := find(at, lookupEnv)
	if err != nil {
		return nil, err
	}
	return l, l.connect(url)
}

// connect uses another URL from now on.
func (l *Link) connect(url string) error {
	client, err := Open(url, l.cluster)
	if err != nil {
		return unusable(l.at, err)
	}
	if before := l.conn.Swap(&connection{url: url, client: client}); before != nil {
		before.replaced = time.Now()
		l.replaced = append(l.replaced, before)
	}
	return nil
}

// Client is a client of where Redis is now.
func (l *Link) Client() redis.UniversalClient { return l.conn.Load().client }

// Name is where the URL is found. It is no secret.
func (l *Link) Name() string { return l.at.Env + l.at.File }

// Redacted is an error of a client without the URL's password.
func (l *Link) Redacted(err error) error {
	if err == nil {
		return nil
	}
	return errors.New(Redact(err.Error(), l.conn.Load().url))
}

// Follow connects to where a file says that Redis is now, if it says something else. After an
// error, which comes once, the one before stays in use.
func (l *Link) Follow() error {
	if l.at.File == "" {
		return nil
	}
	l.closeReplaced(LongestCall)
	url, err := find(l.at, l.lookupEnv)
	if err != nil || url == l.conn.Load().url || url == l.refused {
		return nil // a file that cannot be read is being replaced
	}
	if err := l.connect(url); err != nil {
		l.refused = url
		return err
	}
	l.refused = ""
	return nil
}

// closeReplaced closes the clients that have been replaced for some time.
func (l *Link) closeReplaced(since time.Duration) {
	l.replaced = slices.DeleteFunc(l.replaced, func(c *connection) bool {
		old := time.Since(c.replaced) >= since
		if old {
			_ = c.client.Close()
		}
		return old
	})
}

// Close closes all clients. Calls that are under way fail.
func (l *Link) Close() {
	l.closeReplaced(0)
	_ = l.Client().Close()
}
