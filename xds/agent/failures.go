package agent

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// tellEvery says how many attempts to connect that fail alike one line in the log
// stands for.
const tellEvery = 30

// complaints decide which failed attempts the log is told of: each failure once, and
// again after tellEvery attempts.
type complaints struct {
	attempts int             // that failed since
	told     map[string]bool // by address and text
}

// ports are both ends of a connection. Every attempt has a port of its own, and that is
// no other failure.
var ports = regexp.MustCompile(`\S+->\S+`)

// worth tells whether this failure is to be told.
func (c *complaints) worth(address string, err error) bool {
	if c.attempts%tellEvery == 0 {
		c.told = map[string]bool{}
	}
	c.attempts++
	text := address + " " + ports.ReplaceAllString(err.Error(), "")
	if c.told[text] {
		return false
	}
	c.told[text] = true
	return true
}

// explained adds to a failure what to do about it. Over TLS a control plane turns a
// pair away after the pair's own part of the handshake, and what it says of that is
// often lost: the pair sees that the connection broke.
func (a *Agent) explained(err error, heard bool) error {
	if err == nil || heard || a.options.Credentials == nil {
		return err
	}
	for _, broken := range []string{"broken pipe", "connection reset", "EOF"} {
		if strings.Contains(err.Error(), broken) {
			return fmt.Errorf("%w; %w", err, errTurnedAway)
		}
	}
	return err
}

var errTurnedAway = errors.New("where the control plane has turned this pair away, its log says why")
