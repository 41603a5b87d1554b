package agent

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// logAgainAfter says how many attempts to connect that fail alike one line in the log
// stands for.
const logAgainAfter = 30

// failureLog decide which failed attempts the log is told of: each failure once, and
// again after tellEvery attempts.
type failureLog struct {
	attempts int             // that failed since
	logged   map[string]bool // by address and text
}

// addressPair are both ends of a connection. Every attempt has a port of its own, and that is
// no other failure.
var addressPair = regexp.MustCompile(`\S+->\S+`)

// shouldLog tells whether this failure is to be told.
func (c *failureLog) shouldLog(address string, err error) bool {
	if c.attempts%logAgainAfter == 0 {
		c.logged = map[string]bool{}
	}
	c.attempts++
	text := address + " " + addressPair.ReplaceAllString(err.Error(), "")
	if c.logged[text] {
		return false
	}
	c.logged[text] = true
	return true
}

// withHint adds to a failure what to do about it. Over TLS a control plane turns a
// pair away after the pair's own part of the handshake, and what it says of that is
// often lost: the pair sees that the connection broke.
func (a *Agent) withHint(err error, heard bool) error {
	if err == nil || heard || a.options.Credentials == nil {
		return err
	}
	for _, broken := range []string{"broken pipe", "connection reset", "EOF"} {
		if strings.Contains(err.Error(), broken) {
			return fmt.Errorf("%w; %w", err, errHandshakeHint)
		}
	}
	return err
}

var errHandshakeHint = errors.New("where the control plane has turned this pair away, its log says why")
