// Package shared chooses where the balances of a policy are kept: in this process, or in a Redis
// that pairs share.
//
// The promise: no request waits for Redis longer than its policy says, and whatever is decided
// without Redis is counted. While Redis is lost, a pair decides by itself as the policy says:
//
//   - local: it holds to its part of each limit, the limit by the number of live pairs. It begins
//     where Redis stood when it answered last, so pairs together admit no more than the limits and
//     what the others have taken since: at most one limit more, and for each pair one request
//     that is larger than the pair's part. One such is admitted when the part is unused.
//   - open: it counts, and refuses nothing.
//   - closed: it admits nothing that has a limit.
//
// A settlement never waits. It is handed in by one goroutine for each Redis, many in one round
// trip. What could not be handed in is owed until Redis is back, rates less what has drained
// meanwhile. So when all is handed in, a budget has exactly what was used.
//
// The trap: Redis may come back without what it knew. Then all balances begin anew, but for what
// is owed. And what is owed is in memory: if the process dies, it is gone.
package shared
