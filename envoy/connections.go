package envoy

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// MaxConnections is how many clients may be connected to an Envoy that may have so many files open,
// if it has as many as it wants: more than one Envoy serves well, and few enough that a flood of
// connections does not use up its memory.
const MaxConnections = 50_000

// Descriptors that Envoy needs beside those of clients and backends, and the least connections that
// are of any use.
const (
	ownDescriptors = 100
	minConnections = 16
)

// Connections returns how many clients may be connected to an Envoy that may have so many files
// open; 0: it is not known how many. Each client may need a connection to a backend as well. An
// Envoy without descriptors accepts nobody, and says nothing.
func Connections(descriptors uint64) uint64 {
	if descriptors == 0 {
		return MaxConnections
	}
	return min(MaxConnections, max(minConnections, (max(descriptors, ownDescriptors)-ownDescriptors)/2))
}

// overflow is the statistic of the connections that a listener has refused, at its end.
const overflow = "downstream_global_cx_overflow"

// WatchRefused asks an Envoy by its admin socket how many connections it has refused, because as
// many as it may have were there, until the context ends. more is called with how many it were
// since it was asked last.
func WatchRefused(ctx context.Context, socket string, more func(n int64)) {
	w := refusals{admin: overSocket(socket)}
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		if n := w.look(ctx); n > 0 {
			more(n)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// refusals knows how many connections were refused.
type refusals struct {
	admin *http.Client
	seen  int64
}

// look returns how many connections were refused since the last look. One Envoy that was started
// again begins at 0; one that does not answer has refused none.
func (w *refusals) look(ctx context.Context) int64 {
	text, err := askAdmin(ctx, w.admin, "/stats?usedonly&filter="+overflow+"$")
	if err != nil {
		return 0
	}
	sum := int64(0)
	for line := range strings.Lines(string(text)) {
		_, number, _ := strings.Cut(strings.TrimSpace(line), ": ")
		n, _ := strconv.ParseInt(number, 10, 64)
		sum += n
	}
	more := sum - w.seen
	if w.seen = sum; more < 0 {
		more = sum
	}
	return more
}
