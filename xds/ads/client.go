package ads

import (
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	"google.golang.org/grpc/codes"
)

// Client is the state of the other end of one ADS stream at one moment.
type Client struct {
	ID       int64 // of the stream
	Node     *corev3.Node
	Opened   time.Time
	busy     bool               // it has not answered everything that it was sent
	has      map[string]string  // versions that it has, by type
	refusals map[string]Refusal // by type
}

// Refusal is a client's NACK of one type of a set.
type Refusal struct {
	Type, Version string
	Reason        string // in the client's own words
	Old           bool   // the client says that what it refused did not change
}

// OldFault is the code of a client's refusal of a set because of something in it that it
// has refused before.
const OldFault = codes.FailedPrecondition

// Busy reports whether the client has still to answer something that it was sent.
func (c *Client) Busy() bool { return c.busy }

// Has reports whether the client has all of a set.
func (c *Client) Has(s Set) bool {
	for typ, r := range s {
		if c.has[typ] != r.Version {
			return false
		}
	}
	return true
}

// Refused returns the refusal of a part of a set, or nil.
func (c *Client) Refused(s Set) *Refusal {
	for _, typ := range s.types() {
		if r, refused := c.refusals[typ]; refused && r.Version == s[typ].Version {
			return &r
		}
	}
	return nil
}
