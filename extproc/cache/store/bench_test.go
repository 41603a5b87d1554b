package store_test

import (
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/headgate/headgate/extproc/cache/store"
	"github.com/headgate/headgate/policy/cachepb"
)

// benchmarkHandle returns stores without Redis, and an entry of 2 KiB that is not there.
func benchmarkHandle(b *testing.B) (*store.Handle, *cachepb.Entry) {
	b.Helper()
	s := store.New(store.Options{Now: time.Now, Log: zap.NewNop()}, prometheus.NewRegistry())
	b.Cleanup(func() { _ = s.Close(b.Context()) })
	h, err := s.For(setOf())
	if err != nil {
		b.Fatal(err)
	}
	key := keyOf("entry")
	return h, &cachepb.Entry{
		Id: "id", Key: key[:], Stored: time.Now().UnixNano(), Expires: time.Now().Add(time.Hour).UnixNano(), Body: make([]byte, 2<<10), Caller: "c", Model: "m",
	}
}
