package extproc

// policies are those that exchanges may begin with: the newest one, and the one
// before for Envoys that still route by it. Two of the same shape differ only in
// what Envoy does not see, such as weights: the newer takes the older one's place.
type policies struct {
	newest, before *Pipeline
}

// with returns the policies with a further one, and those that it replaces.
func (a *policies) with(p *Pipeline) (next *policies, retired []*Pipeline) {
	switch {
	case a == nil:
		return &policies{newest: p}, nil
	case a.newest.shape == p.shape:
		return &policies{newest: p, before: a.before}, []*Pipeline{a.newest}
	case a.before != nil:
		retired = []*Pipeline{a.before}
	}
	return &policies{newest: p, before: a.newest}, retired
}

// by returns the policy that a stream was routed by, or nil if it is not there. An
// Envoy that does not name a shape gets the newest.
func (a *policies) by(shape string) *Pipeline {
	switch {
	case shape == "" || shape == a.newest.shape:
		return a.newest
	case a.before != nil && shape == a.before.shape:
		return a.before
	}
	return nil
}
