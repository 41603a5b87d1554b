package index

// ring has all items in the order in which they came, and a hand that goes round it to find what
// was used longest ago: an item that was used since the hand came by last stays for another round.
// It is guarded by Index.mu.
type ring struct {
	hand *item // the one that came first, or is judged next
	eyes *item // the one that is looked at next
}

// push adds an item, which the hand reaches last.
func (r *ring) push(one *item) {
	if r.hand == nil {
		one.prev, one.next = one, one
		r.hand, r.eyes = one, one
		return
	}
	one.prev, one.next = r.hand.prev, r.hand
	one.prev.next, one.next.prev = one, one
}

func (r *ring) remove(one *item) {
	if one.next == one {
		r.hand, r.eyes = nil, nil
		return
	}
	if r.hand == one {
		r.hand = one.next
	}
	if r.eyes == one {
		r.eyes = one.next
	}
	one.prev.next, one.next.prev = one.next, one.prev
}

// leastUsed returns the item to be dropped next; nil: there is none.
func (r *ring) leastUsed() *item {
	if r.hand == nil {
		return nil
	}
	for r.hand.state.used.CompareAndSwap(true, false) {
		r.hand = r.hand.next
	}
	return r.hand
}

// look returns one item after the other. There is one.
func (r *ring) look() *item {
	one := r.eyes
	r.eyes = one.next
	return one
}
