package ledger

// Learn makes the levels of some limits what another store has just said of them, in equal parts:
// so a Memory can stand in for that store, for one of several that do. Limits has the whole
// limits, parts what of them this one has.
func (m *Memory) Learn(limits, parts []Limit, balances []Balance) {
	var room [4]*scope
	scopes := m.lock(&Claim{Limits: limits}, room[:0])
	defer scopes.unlock()
	now := m.now().UnixMicro()
	for i := range limits {
		whole, part := &limits[i], &parts[i]
		v := scopes.level(part, now)
		used := whole.parts(whole.Max - min(balances[i].Left, whole.Max))
		v.used = 0
		v.change(part, ratio(used, part.Max, whole.Max), now)
	}
}

// ratio is n * part / whole, rounded up.
func ratio(n, part, whole int64) int64 {
	whole = max(whole, 1)
	return n/whole*part + (n%whole*part+whole-1)/whole
}

// SettleOwn settles a claim if this store has granted it. It reports whether it has, and whether
// this was the claim's first settlement.
func (m *Memory) SettleOwn(c *Claim, used []int64) (own, first bool) {
	var room [4]*scope
	scopes := m.lock(c, room[:0])
	defer scopes.unlock()
	now := m.now().UnixMicro()
	scopes.expire(now)
	if !scopes.known(c.ID) {
		return false, false
	}
	for _, s := range scopes {
		first = s.settle(c, used, now) || first
	}
	return true, first
}
