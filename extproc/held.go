package extproc

// held are the policies that exchanges may begin with: the newest one, and the one
// before for Envoys that still route by it. Two of the same shape differ in weights
// only, which are Envoy's, so the newer takes the older one's place.
type held struct {
	newest, before *Pipeline
}

// and returns what is held with a further policy.
func (h *held) and(p *Pipeline) *held {
	switch {
	case h == nil:
		return &held{newest: p}
	case h.newest.shape == p.shape:
		return &held{newest: p, before: h.before}
	}
	return &held{newest: p, before: h.newest}
}

// by returns the policy that a stream was routed by, or nil where it is not held. An
// Envoy that does not name a shape gets the newest.
func (h *held) by(shape string) *Pipeline {
	switch {
	case shape == "" || shape == h.newest.shape:
		return h.newest
	case h.before != nil && shape == h.before.shape:
		return h.before
	}
	return nil
}
