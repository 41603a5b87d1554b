package store

// Relearn has the index learn of every entry in memory again, because it wants other vectors.
func (h *Handle) Relearn() {
	for _, e := range h.stores.memory.cache.All() {
		h.stores.learn(e)
	}
}
