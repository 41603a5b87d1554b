package exchange

import "time"

// Verdict is what a hook decided. The zero Verdict lets the exchange go on.
type Verdict struct {
	Action  Action
	Reason  Reason
	Status  int           // HTTP status of a denial or an answer
	Message string        // for the caller: what they can act on
	Param   string        // the request field at fault, where there is one
	Retry   time.Duration // how long to wait; 0: waiting does not help, or nobody knows
	Body    []byte        // of an answer, or of a denial that is worded already
}

// Action is the kind of a verdict.
type Action uint8

// The kinds of verdicts.
const (
	Pass   Action = iota
	Deny          // the client gets an error in its own dialect
	Answer        // the client gets Body, and no backend is asked
)

// Reason says why a verdict was reached: a closed set, also a metric label and
// the error code that the caller sees.
type Reason string

// The reasons for denials.
const (
	ReasonBadRequest      Reason = "invalid_request"
	ReasonUnknownPath     Reason = "unknown_path"
	ReasonMethod          Reason = "method_not_allowed"
	ReasonModelNotFound   Reason = "model_not_found"
	ReasonUnfit           Reason = "unsupported_field"
	ReasonTooLarge        Reason = "request_too_large"
	ReasonRevision        Reason = "policy_revision_unknown"
	ReasonCredential      Reason = "backend_credential_rejected"
	ReasonUnprocessable   Reason = "provider_answer_unreadable"
	ReasonExhausted       Reason = "all_models_exhausted"
	ReasonProviderError   Reason = "provider_error"
	ReasonProviderLimit   Reason = "provider_rate_limited"
	ReasonProviderRefused Reason = "provider_refused"
)

// Denied makes a denial.
func Denied(status int, reason Reason, message string) Verdict {
	return Verdict{Action: Deny, Status: status, Reason: reason, Message: message}
}
