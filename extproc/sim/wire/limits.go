package wire

// The limits that the rate-limit headers name. Nothing enforces them: a 429
// is scripted. What remains is the limit less this request alone.
const (
	RequestLimit = 500
	TokenLimit   = 200_000
)
