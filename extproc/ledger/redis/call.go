package redis

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/headgate/headgate/extproc/ledger"
)

// call is a script's call for those limits of a claim that are in one scope.
type call struct {
	claim   *ledger.Claim
	scope   string
	limits  []int   // of the claim
	amounts []int64 // by limit of the claim; nil: those that it asks for

	cmd    *redis.Cmd
	answer []int64
	err    error
}

// callsOf adds the calls of a claim to others.
func callsOf(c *ledger.Claim, amounts []int64, to []*call) []*call {
	first := len(to)
	for i := range c.Limits {
		name := c.Limits[i].Scope
		n := slices.IndexFunc(to[first:], func(one *call) bool { return one.scope == name })
		if n < 0 {
			n, to = len(to)-first, append(to, &call{claim: c, scope: name, amounts: amounts})
		}
		to[first+n].limits = append(to[first+n].limits, i)
	}
	return to
}

// eval runs a script: by its hash, or its text.
type eval func(ctx context.Context, c redis.Scripter, keys []string, args ...any) *redis.Cmd

// add adds the call to what is sent.
func (c *call) add(ctx context.Context, pipe redis.Pipeliner, run eval, s *Store) {
	tag := s.prefix + "{" + braces.Replace(c.scope) + "}"
	c.cmd, c.answer, c.err = run(ctx, pipe, []string{tag, tag + ":claims"}, c.args(s.now)...), nil, nil
}

// braces would end the part of a key that says in which slot of a cluster it is.
var braces = strings.NewReplacer("%", "%25", "{", "%7B", "}", "%7D")

func (c *call) args(clock func() time.Time) []any {
	now := ""
	if clock != nil {
		now = strconv.FormatInt(clock().UnixMicro(), 10)
	}
	args := append(make([]any, 0, 3+6*len(c.limits)), now, c.claim.ID, c.claim.TTL.Microseconds())
	for _, i := range c.limits {
		l := &c.claim.Limits[i]
		ends, amount := int64(0), l.Amount
		if l.Period == 0 {
			ends = l.Until.UnixMicro()
		}
		if c.amounts != nil {
			amount = c.amounts[i]
		}
		args = append(args, l.Name, l.Max, l.Period.Microseconds(), ends, amount, l.Shadow)
	}
	return args
}

// read takes the answer in.
func (c *call) read() {
	if c.answer, c.err = c.cmd.Int64Slice(); c.err != nil {
		c.err = fmt.Errorf("redis: %w", c.err)
	} else if n := len(c.answer); n != 1 && n != 1+4*len(c.limits) {
		c.err = fmt.Errorf("redis: a script answered with %d numbers", n)
	}
}

// balances writes those that the script answered with.
func (c *call) balances(to []ledger.Balance) {
	rest := c.answer[1:]
	for _, i := range c.limits {
		to[i] = ledger.Balance{Left: rest[0], Wait: micros(rest[1]), Reset: micros(rest[2]), Over: rest[3] == 1}
		rest = rest[4:]
	}
}

func micros(n int64) time.Duration { return time.Duration(n) * time.Microsecond }
