package exchange

// Caller is who asks, as a key or a certificate proves it. The zero Caller is somebody without
// either.
type Caller struct {
	Name   string   // of the key, in the policy or in the control plane; empty: anonymous
	User   string   // to whom everything is charged; empty: whom the request names
	Team   string   // likewise
	Tier   string   // empty: none
	Models []string // that it may ask for, sorted; nil: all
	Tags   []string
	Quota  Quota // beside its tier's
}

// Quota bounds what a caller may consume; 0: no bound.
type Quota struct {
	RPM, TPM         int64
	PerDay, PerMonth int64 // nano-USD
	Shadow           bool  // only counted
}
