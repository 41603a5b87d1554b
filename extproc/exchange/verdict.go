package exchange

import (
	"errors"
	"time"

	"github.com/headgate/headgate/extproc/canon"
)

// Verdict is what a visit decided. The zero Verdict lets the exchange go on. The stream
// loop obeys the verdicts of every phase.
type Verdict struct {
	Action  Action
	Reason  Reason
	Status  int           // HTTP status of a denial
	Type    string        // of a denial by a quota: what is used up, "requests", "tokens" or "insufficient_quota"
	Message string        // of a denial, for the client: what they can act on
	Param   string        // of a denial: the request field at fault, if there is one
	Retry   time.Duration // of a denial: how long to wait; 0: waiting does not help, or it is not known
	Body    []byte        // of a denial that is worded already, in the client's dialect
	Ended   bool          // of a denial in a stream: the visit has emitted an end of the answer, which is the client's instead of an error

	// Answer is given in place of a backend's: its usage is that of the answer when
	// it was first given.
	Answer *canon.Response
	// Kept is what the Answer was read from, if it was given before.
	Kept *Kept
	// Count is how many tokens the request has, in place of an Answer to who has asked that; 0: it
	// is none.
	Count int64
	// Models are listed in place of an Answer, or the only one shown that was asked for.
	Models []ListedModel
	More   bool // there are models after those, in the direction in which the client goes through them
	// Headers are set on what the client gets, whatever the action. Those of a stream
	// have left when its events come.
	Headers Headers
	// Wake, of Events, is how long a visit that may speak waits for the provider
	// until it is called without events; 0: it is not.
	Wake time.Duration
}

// Kept is an answer that was given before. Stages above the one that gives it again may rewrite its
// texts.
type Kept struct {
	Body   []byte // as JSON
	Decode func(body []byte) (*canon.Response, error)
	Usage  canon.Usage // as it was given first; its Seen may be empty: nothing is known of it
}

// Action is the kind of a verdict.
type Action uint8

// The kinds of verdicts.
const (
	Pass   Action = iota
	Deny          // the client gets an error in its own dialect; a stream is cut
	Answer        // the client gets the answer of a stage, and no backend is asked
)

// Reason says why a verdict was reached: a closed set, also a metric label and
// the error code that the client sees.
type Reason string

// The reasons for denials.
const (
	ReasonBadRequest      Reason = "invalid_request"
	ReasonKey             Reason = "invalid_api_key"
	ReasonKeysUnknown     Reason = "keys_unavailable"            // the control plane has not said yet which keys there are
	ReasonNoCredential    Reason = "provider_credential_missing" // the client's own is needed
	ReasonForbidden       Reason = "model_not_allowed"
	ReasonSite            Reason = "site_not_allowed" // a web page's, at a gateway that needs no key
	ReasonLimit           Reason = "rate_limit_exceeded"
	ReasonBudget          Reason = "insufficient_quota"
	ReasonNeverFits       Reason = "request_exceeds_quota"
	ReasonUnpriced        Reason = "model_not_priced"   // a budget cannot be held to what it costs
	ReasonTier            Reason = "tier_not_defined"   // of a key: its quota is not known
	ReasonLimitsLost      Reason = "limits_unavailable" // what is left of quotas cannot be known
	ReasonUnknownPath     Reason = "unknown_path"
	ReasonMethod          Reason = "method_not_allowed"
	ReasonUpgrade         Reason = "websocket_not_served"
	ReasonEncoding        Reason = "unsupported_content_encoding"
	ReasonModelNotFound   Reason = "model_not_found"
	ReasonUnsupported     Reason = "unsupported_field"
	ReasonTooLarge        Reason = "request_too_large"
	ReasonAnswerTooLarge  Reason = "answer_too_large"
	ReasonMemory          Reason = "gateway_memory_full" // bodies hold all the memory that they may
	ReasonStopping        Reason = "gateway_stopping"    // the process ends, and begins nothing any more
	ReasonRevision        Reason = "policy_revision_unknown"
	ReasonCredential      Reason = "backend_credential_rejected"
	ReasonUnprocessable   Reason = "provider_answer_unreadable"
	ReasonNotStreamed     Reason = "backend_refuses_streams"
	ReasonExhausted       Reason = "all_models_exhausted"
	ReasonUnavailable     Reason = "gateway_unavailable" // Envoy could not ask Headgate, or not in time
	ReasonJournalFull     Reason = "journal_full"        // the policy says to refuse what leaves no row
	ReasonProviderError   Reason = "provider_error"
	ReasonProviderLimit   Reason = "provider_rate_limited"
	ReasonProviderRefused Reason = "provider_refused"
)

// The reasons for which a request is denied that names what a provider keeps: it is not there,
// or not for who asks.
const (
	ReasonNoPrevious     Reason = "previous_response_not_found"
	ReasonNoConversation Reason = "conversation_not_found"
	ReasonNoItem         Reason = "item_not_found"
	ReasonNoResponse     Reason = "response_not_found"
	ReasonNoThread       Reason = "thread_not_found"
)

// The reasons of guards.
const (
	ReasonPII              Reason = "pii_found"
	ReasonSecret           Reason = "secret_found"
	ReasonTooLong          Reason = "too_long"
	ReasonWord             Reason = "word_found"
	ReasonPattern          Reason = "pattern_matched"
	ReasonWebhook          Reason = "webhook_flagged"
	ReasonEntity           Reason = "entity_found"
	ReasonModeration       Reason = "moderation_flagged"
	ReasonFormat           Reason = "format_invalid"
	ReasonPromptLeaked     Reason = "prompt_leaked"
	ReasonUnguarded        Reason = "guard_cannot_look" // a guard of answers could not look at what is asked for
	ReasonGuardUnavailable Reason = "guard_unavailable" // a guard could not decide, and the policy says to refuse then
)

// ByGuard reports whether a guard has decided so. One that could not decide has not.
func (r Reason) ByGuard() bool {
	switch r {
	case ReasonPII, ReasonSecret, ReasonTooLong, ReasonWord, ReasonPattern, ReasonWebhook, ReasonEntity, ReasonModeration, ReasonFormat, ReasonPromptLeaked:
		return true
	default:
		return false
	}
}

// Denied makes a denial.
func Denied(status int, reason Reason, message string) Verdict {
	return Verdict{Action: Deny, Status: status, Reason: reason, Message: message}
}

// Unreadable refuses a request that cannot be read into the canonical form, which is its client's
// fault.
func Unreadable(err error) Verdict {
	v := Denied(400, ReasonBadRequest, err.Error())
	var at *canon.RequestError
	if errors.As(err, &at) {
		v.Param = at.Field
	}
	return v
}
