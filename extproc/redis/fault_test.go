package redis_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/headgate/headgate/extproc/redis"
)

// answer is an error that Redis has answered with.
type answer string

func (a answer) Error() string { return string(a) }

// RedisError implements redis.Error.
func (answer) RedisError() {}

func TestReasons(t *testing.T) {
	refused := &net.OpError{Op: "dial", Err: errors.New("connection refused")}
	for want, all := range map[redis.Reason][]error{
		redis.ReasonTimeout:     {context.DeadlineExceeded, goredis.ErrPoolTimeout, answer("BUSY Redis is busy running a script")},
		redis.ReasonUnreachable: {refused, io.EOF, io.ErrUnexpectedEOF},
		redis.ReasonLoading:     {answer("LOADING Redis is loading the dataset in memory")},
		redis.ReasonReadOnly:    {answer("READONLY You can't write against a read only replica."), answer("MASTERDOWN Link with MASTER is down")},
		redis.ReasonCluster:     {answer("CLUSTERDOWN The cluster is down"), answer("MOVED 1 127.0.0.1:1")},
		redis.ReasonDenied:      {answer("WRONGPASS invalid username-password pair"), answer("NOPERM no"), answer("NOAUTH Authentication required.")},
		redis.ReasonFull:        {answer("OOM command not allowed"), answer("ERR max number of clients reached")},
		redis.ReasonScript:      {answer("ERR user_script:1: attempt to index"), answer("WRONGTYPE Operation")},
		redis.ReasonOther:       {errors.New("what else"), answer("NEWWORD x")},
	} {
		for _, err := range all {
			if got := redis.ReasonOf(fmt.Errorf("redis: %w", err)); got != want {
				t.Errorf("%v is %s, want %s", err, got, want)
			}
		}
	}
}

// TestRedact holds that no form of a password is left in what a server quotes.
func TestRedact(t *testing.T) {
	const url = "redis://user:hunter2%40x@host:1/0"
	for _, text := range []string{"ERR unknown command 'HELLO', with args beginning with: '3' 'AUTH' 'user' 'hunter2@x'", url} {
		if got := redis.Redact(text, url); strings.Contains(got, "hunter2") || !strings.Contains(got, "[redacted]") {
			t.Error(got)
		}
	}
	if got := redis.Redact("as it is", "redis://host"); got != "as it is" {
		t.Error(got)
	}
}

// TestOpenConnectsLater holds that who makes a client waits for nobody.
func TestOpenConnectsLater(t *testing.T) {
	for _, cluster := range []bool{false, true} {
		client, err := redis.Open("rediss://user:secret@127.0.0.1:1", cluster)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		if err := client.Get(ctx, "any").Err(); redis.ReasonOf(err) != redis.ReasonUnreachable {
			t.Errorf("cluster %v: %v", cluster, err)
		}
		cancel()
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	}
}
