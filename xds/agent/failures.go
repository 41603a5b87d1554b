package agent

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// logAgainAfter is after how many attempts to connect the same failure is logged again.
const logAgainAfter = 30

// failureLog decides which failed attempts to connect are logged: each failure once, and
// again after logAgainAfter attempts.
type failureLog struct {
	attempts int             // that failed since
	logged   map[string]bool // by address and text
}

// addressPair matches both ends of a connection. Each attempt has its own local port, which
// does not make its failure another one.
var addressPair = regexp.MustCompile(`\S+->\S+`)

// shouldLog reports whether this failure is to be logged.
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

// withHint adds to a failure what to do about it. Over TLS the control plane may refuse a
// pair after the pair's own part of the handshake, and its reason is often lost: the pair
// sees no more than that the connection broke.
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

var errHandshakeHint = errors.New("if the control plane has refused this pair's TLS handshake, its log says why")
