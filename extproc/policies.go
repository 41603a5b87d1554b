package extproc

// policies are those that exchanges may begin with: the newest one, and the one
// before for Envoys that still route by it. Two of the same shape differ in weights
// only, which are Envoy's, so the newer takes the older one's place.
type policies struct {
	newest, before *Pipeline
}

// and returns the policies with a further one, and those that it replaces.
func (h *policies) and(p *Pipeline) (next *policies, retired []*Pipeline) {
	switch {
	case h == nil:
		return &policies{newest: p}, nil
	case h.newest.shape == p.shape:
		return &policies{newest: p, before: h.before}, []*Pipeline{h.newest}
	case h.before != nil:
		retired = []*Pipeline{h.before}
	}
	return &policies{newest: p, before: h.newest}, retired
}

// by returns the policy that a stream was routed by, or nil if it is not there. An
// Envoy that does not name a shape gets the newest.
func (h *policies) by(shape string) *Pipeline {
	switch {
	case shape == "" || shape == h.newest.shape:
		return h.newest
	case h.before != nil && shape == h.before.shape:
		return h.before
	}
	return nil
}
