package ledger

import (
	"context"
	"time"
)

// Limit is one bound on a claim, and how much of it the claim takes.
type Limit struct {
	// Scope is whose the limit is. All limits of a scope are in one place: in a cluster on one
	// node.
	Scope string
	// Name is which of the scope's limits it is. With Until it is a budget's, and names its
	// window, too.
	Name string
	// Max is how many units are allowed, per Period or until the window ends.
	Max int64
	// Period is in how long Max units drain; 0: the limit is a budget, which does not drain.
	Period time.Duration
	// Until is when a budget's window ends.
	Until time.Time
	// Amount is what the claim takes, in units. 0 takes nothing, and is refused only if the
	// limit is exceeded already.
	Amount int64
	// Shadow says that the limit refuses nothing.
	Shadow bool
}

// Claim asks for amounts of several limits at once.
type Claim struct {
	ID     string // of the exchange: a claim that comes again takes nothing more
	Limits []Limit
	TTL    time.Duration // until it is given back if it is not settled
}

// Balance is where a limit stands.
type Balance struct {
	// Left is how many units may be taken now. It is negative when more was used than was
	// allowed: settlements are not refused.
	Left int64
	// Wait is how long until the amount that was asked for is there; 0: it is, or it will never
	// be, because it is more than Max.
	Wait time.Duration
	// Reset is how long until the limit is unused again, if nothing more is taken.
	Reset time.Duration
	// Over says that the amount was not there.
	Over bool
}

// Settlement says what a claim really used of each limit.
type Settlement struct {
	Claim *Claim
	Used  []int64
}

// Store keeps balances. It is safe for concurrent use. An error says that the store could not
// be asked: nothing is known of what it did.
type Store interface {
	// Claim takes all amounts of a claim, or nothing if a limit that is no shadow has not got
	// its amount left. It writes a balance per limit, in their order: after the claim if it is
	// granted.
	Claim(ctx context.Context, c *Claim, balances []Balance) (granted bool, err error)
	// Settle replaces what a claim took by what was really used, which no limit refuses. Only
	// the first settlement of a claim counts.
	Settle(ctx context.Context, c *Claim, used []int64) error
	// Peek writes a balance per limit, in their order, and takes nothing. Amounts count as 0.
	Peek(ctx context.Context, limits []Limit, balances []Balance) error
}
