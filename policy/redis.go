package policy

import (
	"regexp"
	"time"

	"github.com/headgate/headgate/policy/strict"
)

// Redis says where pairs keep the balances that they share. Its zero URL: each keeps its own in
// memory.
type Redis struct {
	URL      Credential // where the URL is found, which may hold a password
	Cluster  bool       // it is a cluster, of which the URL names a node
	Prefix   string     // of all keys
	Timeout  time.Duration
	WhenLost WhenLost
}

// WhenLost is what pairs do that cannot ask Redis.
type WhenLost string

// The values of WhenLost.
const (
	WhenLostLocal  WhenLost = "local"  // each holds a share of each limit in memory: the limit by the number of live pairs
	WhenLostOpen   WhenLost = "open"   // nothing is refused
	WhenLostClosed WhenLost = "closed" // every request that has a limit is refused
)

var redisSection = section{fields: []strict.Member[document]{
	strict.Bind("redis", func(d *document) *Redis { return &d.Redis }, redis).Absent("none: each pair keeps its own balances").
		Doc("Redis 7 or later, where pairs keep the balances of quotas together. Without it each pair holds to the quotas by itself, in memory.").
		Example(`redis: {url: {env: REDIS_URL}}`),
}}

var redis = strict.NewObject(
	strict.Bind("url", func(r *Redis) *Credential { return &r.URL }, redisURL).Required().
		Doc("Where the URL is found, as in rediss://USER:PASSWORD@HOST:6379/0; rediss is TLS. Pairs read it.").
		Example(`url: {env: REDIS_URL}`),
	strict.Bind("cluster", func(r *Redis) *bool { return &r.Cluster }, strict.Switch()).Default(false).
		Doc("It is a Redis Cluster, of which the URL names one node or several (addr=HOST:PORT in its query).").
		Example(`cluster: true`),
	strict.Bind("prefix", func(r *Redis) *string { return &r.Prefix }, strict.Text().Matching(redisPrefix, "a prefix is 1 to 64 letters, digits and _.:-")).Default("headgate:").
		Doc("How all keys begin.").
		Example(`prefix: "headgate:"`),
	strict.Bind("timeout", func(r *Redis) *time.Duration { return &r.Timeout }, strict.Duration(time.Millisecond, 10*time.Second)).Default(20*time.Millisecond).
		Doc("Longest that a request waits for Redis before when_lost counts.").
		Example(`timeout: 20ms`),
	strict.Bind("when_lost", func(r *Redis) *WhenLost { return &r.WhenLost }, strict.Enum(WhenLostLocal, WhenLostOpen, WhenLostClosed)).Default(WhenLostLocal).
		Doc("What a pair does that cannot ask Redis: local holds to its share of each quota in memory, open refuses nothing, closed refuses every request that has a quota. What was settled meanwhile is handed in later, as far as memory allows.").
		Example(`when_lost: closed`),
)

var redisURL = placeOfURL("redis", "REDIS_URL", "/run/secrets/redis-url")

// RedisURL returns where the URL of Redis is found, and where the policy names that; nil: it names
// none. It reads the policy as Credentials does.
func RedisURL(files []File) (*PlacedCredential, error) { return urlOf("redis", files) }

var redisPrefix = regexp.MustCompile(`^[A-Za-z0-9_.:-]{1,64}$`)
