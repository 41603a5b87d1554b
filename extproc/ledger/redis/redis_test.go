package redis_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/headgate/headgate/extproc/ledger"
	"github.com/headgate/headgate/extproc/ledger/ledgertest"
	"github.com/headgate/headgate/extproc/ledger/redis"
	"github.com/headgate/headgate/extproc/ledger/redis/redistest"
)

func TestRedis(t *testing.T) {
	client := redistest.Start(t).Client()
	t.Cleanup(func() { _ = client.Close() })
	var n atomic.Int64
	ledgertest.Suite(t, func(_ *testing.T, now func() time.Time) ledger.Store {
		return redis.New(client, fmt.Sprintf("t%d:", n.Add(1)), now)
	})
}
