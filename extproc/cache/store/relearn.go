package store

// Relearn has the index learn of every entry again, because it wants other vectors: of those in
// memory now, and of what the feed in Redis still has by and by.
func (h *Handle) Relearn() {
	for _, e := range h.stores.memory.cache.All() {
		h.stores.learn(e)
	}
	if h.server != nil {
		h.server.feed.anew.Store(true)
	}
}
