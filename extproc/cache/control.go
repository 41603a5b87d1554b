package cache

import (
	"strconv"
	"strings"
	"time"

	"github.com/headgate/headgate/extproc/exchange"
)

// control is what a client says of the cache by the header cache-control (RFC 9111, 5.2.1). It can
// only narrow what the policy says.
type control struct {
	noStore bool          // its answer is neither looked for nor kept
	noCache bool          // it wants a fresh answer
	maxAge  time.Duration // of an answer that it takes; less than 0: of any age
}

func controlOf(headers exchange.Headers) control {
	c := control{maxAge: -1}
	for i := range headers {
		if headers[i].Name != "cache-control" {
			continue
		}
		for directive := range strings.SplitSeq(string(headers[i].Value), ",") {
			c.take(directive)
		}
	}
	return c
}

func (c *control) take(directive string) {
	name, value, _ := strings.Cut(strings.TrimSpace(directive), "=")
	switch strings.ToLower(name) {
	case "no-store":
		c.noStore = true
	case "no-cache":
		c.noCache = true
	case "max-age":
		seconds, err := strconv.ParseInt(strings.Trim(value, `" `), 10, 64)
		if err != nil || seconds <= 0 { // one that cannot be read is stale (RFC 9111, 4.2.1)
			c.noCache = true
			return
		}
		age := time.Duration(min(seconds, int64(maxAge/time.Second))) * time.Second
		if c.maxAge < 0 || age < c.maxAge {
			c.maxAge = age
		}
	}
}

// maxAge is beyond the age of every entry.
const maxAge = 365 * 24 * time.Hour
