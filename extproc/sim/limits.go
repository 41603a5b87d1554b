package sim

// The limits that the rate-limit headers tell of. Nothing enforces them: a 429
// is scripted. What remains is the limit less this request alone.
const (
	requestLimit = 500
	tokenLimit   = 200_000
)
