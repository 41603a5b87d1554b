package store

import (
	"context"
	"strconv"
	"strings"
	"sync/atomic"

	goredis "github.com/redis/go-redis/v9"
)

// fullAt is the share of its memory from which on Redis gets no more entries: what else pairs keep
// there, balances above all, needs the rest. A Redis that makes room by itself is not asked.
const fullAt = 0.75

// lookForRoom finds out whether Redis has room for entries. If it may not be asked, it has.
func (s *server) lookForRoom(ctx context.Context) {
	if s.breaker.lost() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, batchTime)
	defer cancel()
	var full atomic.Bool
	look := func(ctx context.Context, node *goredis.Client) error {
		text, err := node.Info(ctx, "memory").Result()
		if err == nil && isFull(text) {
			full.Store(true)
		}
		return err
	}
	var err error
	if cluster, ok := s.link.Client().(*goredis.ClusterClient); ok {
		err = cluster.ForEachMaster(ctx, look)
	} else if node, ok := s.link.Client().(*goredis.Client); ok {
		err = look(ctx, node)
	}
	if err == nil || full.Load() {
		s.full.Store(full.Load())
	}
}

// isFull reads what Redis says of its memory.
func isFull(info string) bool {
	said := map[string]string{}
	for line := range strings.Lines(info) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			said[name] = value
		}
	}
	used, _ := strconv.ParseFloat(said["used_memory"], 64)
	most, _ := strconv.ParseFloat(said["maxmemory"], 64)
	return most > 0 && said["maxmemory_policy"] == "noeviction" && used > fullAt*most
}
