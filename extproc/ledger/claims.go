package ledger

// claim is a granted claim in one scope.
type claim struct {
	id      string
	at      int64 // microseconds since 1970: when it was granted
	expires int64 // likewise: when it is given back, or forgotten
	settled bool
	late    bool // nothing of it is taken any more, and it may still be settled
	taken   []taken
	room    [4]taken // of taken, as long as there are not more
}

// taken is what a claim took of one limit.
type taken struct {
	limit  Limit
	amount int64
	top    int64 // of a rate: the level with the claim, when it was granted
}

// kept is what must be known of a limit to give something back.
func (l *Limit) kept() Limit {
	return Limit{Name: l.Name, Max: l.Max, Period: l.Period, Until: l.Until}
}

// correct replaces what a claim took of a limit by what was used. What has drained does not go
// back.
func (c *claim) correct(v *level, t *taken, used, now int64) {
	l := &t.limit
	excess := l.parts(t.amount) - l.parts(used)
	if excess > 0 && l.Period > 0 {
		excess = min(excess, drained(t.top, l.Max, max(now-c.at, 0)))
	}
	v.change(l, -excess, now)
}

// queue has claims in the order in which they expire. It is a heap.
type queue []*claim

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return q[i].expires < q[j].expires }
func (q queue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }

// Push implements heap.Interface.
func (q *queue) Push(x any) { *q = append(*q, x.(*claim)) }

// Pop implements heap.Interface.
func (q *queue) Pop() any {
	last := len(*q) - 1
	c := (*q)[last]
	(*q)[last] = nil
	*q = (*q)[:last]
	return c
}
