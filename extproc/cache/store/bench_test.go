package store_test

import (
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/headgate/headgate/extproc/cache/store"
	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/cachepb"
)

// benchmarkHandle returns stores, and an entry of 2 KiB that is not there.
func benchmarkHandle(b *testing.B, env map[string]string, change ...func(*policy.Set)) (*store.Handle, *cachepb.Entry) {
	b.Helper()
	s := store.New(store.Options{LookupEnv: func(name string) (string, bool) { v, ok := env[name]; return v, ok }, Now: time.Now, Log: zap.NewNop()}, prometheus.NewRegistry())
	b.Cleanup(func() { _ = s.Close(b.Context()) })
	h, err := s.For(setOf(change...))
	if err != nil {
		b.Fatal(err)
	}
	key := keyOf("entry")
	return h, &cachepb.Entry{
		Id: "id", Key: key[:], Stored: time.Now().UnixNano(), Expires: time.Now().Add(time.Hour).UnixNano(), Body: make([]byte, 2<<10), Caller: "c", Model: "m",
	}
}
