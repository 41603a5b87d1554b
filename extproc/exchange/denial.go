package exchange

// Denial is what a reason means to the client that is denied something for it.
type Denial struct {
	Reason   Reason
	Statuses []int  // HTTP statuses that go with it; empty: that of the provider's answer
	When     string // in words for operators and for those who write clients
}

// Denials are all reasons for denials, by who can do something about them: the client, an
// operator of the gateway, the provider. The page of error codes is made from them.
var Denials = []Denial{
	{ReasonBadRequest, []int{400}, "the request cannot be read, or a field of it has a value that it cannot have; `param` names the field"},
	{ReasonUnsupported, []int{400}, "no backend of the model can express a field of the request, which `param` names"},
	{ReasonTooLarge, []int{413}, "the body is longer than `limits.body`, packed or unpacked"},
	{ReasonEncoding, []int{415}, "the body has a `content-encoding` other than gzip"},
	{ReasonUnknownPath, []int{404}, "the gateway does not serve this path; the message names the nearest one that it does"},
	{ReasonMethod, []int{405}, "the path is served, for another method"},
	{ReasonUpgrade, []int{426}, "a WebSocket was asked for; use HTTP and streams of events"},
	{ReasonModelNotFound, []int{404}, "the policy has no model of this name, or the caller may not see it"},
	{ReasonKey, []int{401}, "the key is missing, unknown, expired or revoked"},
	{ReasonNoCredential, []int{401}, "the backend takes the client's own credential, and the request has none"},
	{ReasonForbidden, []int{403}, "the key may not ask for this model"},
	{ReasonSite, []int{403}, "a web page of another site asked a gateway that needs no key, or the request names a host that is not the gateway's (`hosts`, `cors`)"},
	{ReasonLimit, []int{429}, "requests or tokens per minute are used up; `retry-after` says until when"},
	{ReasonBudget, []int{429}, "USD per day or per month are used up; `retry-after` says when the window ends"},
	{ReasonNeverFits, []int{400, 413}, "the request alone is more than a quota ever allows: shorten it, or lower `max_tokens`"},
	{ReasonNoPrevious, []int{404}, "`previous_response_id` names a response that is not there, or another caller's"},
	{ReasonNoConversation, []int{404}, "the conversation is not there, or another caller's"},
	{ReasonNoItem, []int{404}, "an item that is named by its id is not there, or another caller's"},
	{ReasonNoResponse, []int{404}, "the response is not there, or another caller's"},
	{ReasonNoThread, []int{404}, "the thread is not there, or another caller's"},

	{ReasonPII, []int{403}, "a `pii` guard found personal data"},
	{ReasonSecret, []int{403}, "a `secrets` guard found a credential"},
	{ReasonTooLong, []int{403}, "a `length` guard found the text too long"},
	{ReasonWord, []int{403}, "a `words` guard found a word"},
	{ReasonPattern, []int{403}, "a `pattern` guard matched"},
	{ReasonWebhook, []int{403}, "a `webhook` guard's service said no"},
	{ReasonEntity, []int{403}, "an `entities` guard's service found something"},
	{ReasonModeration, []int{403}, "a `moderation` guard's service flagged the text"},
	{ReasonFormat, []int{502}, "a `format` guard: the answer does not have the form that was asked for, and could not be repaired"},
	{ReasonPromptLeaked, []int{403}, "a `leak` guard found the instructions in the answer"},
	{ReasonUnguarded, []int{403}, "a guard of answers cannot look at what is asked for, such as the stream of a response that is kept"},

	{ReasonTier, []int{403}, "the key has a tier that the policy does not have: its quota is not known"},
	{ReasonUnpriced, []int{403}, "the model has no price, so a budget cannot be held to it; give it one in `prices`"},
	{ReasonKeysUnknown, []int{503}, "the pair has not learned yet which managed keys there are; it has no control plane since it began"},
	{ReasonLimitsLost, []int{503}, "Redis cannot say what is left, and the policy says to refuse then (`when_lost`)"},
	{ReasonGuardUnavailable, []int{503}, "a guard could not decide, and the policy says to refuse then (`on_error`)"},
	{ReasonMemory, []int{503}, "bodies hold all the memory that they may (`limits.memory`)"},
	{ReasonJournalFull, []int{503}, "the spool is full, and the policy says to refuse then (`journal.when_full: stop`)"},
	{ReasonRevision, []int{503}, "Envoy routed by a revision that ext_proc does not have: a change is under way, or a static rendering is outdated"},
	{ReasonStopping, []int{503}, "the process that was asked ends, and begins nothing any more: another one is ready after `retry-after`"},
	{ReasonUnavailable, []int{503, 504}, "Envoy could not ask Headgate, or not in time"},
	{ReasonCredential, []int{401, 402, 403}, "the provider refused the gateway's own credential, with this status; the client's key is not at fault"},
	{ReasonNotStreamed, []int{503}, "the backend does not stream this model (`ask: stream`), and is asked for whole answers from now on: ask again"},

	{ReasonAnswerTooLarge, []int{422}, "the answer is longer than `limits.body`; asking again buys the same"},
	{ReasonUnprocessable, []int{502}, "the provider's answer cannot be read, or broke off before its end"},
	{ReasonExhausted, []int{503, 429}, "every link of the chain failed; 429 if all of them for their limits"},
	{ReasonProviderLimit, []int{429}, "the provider said 429"},
	{ReasonProviderError, nil, "the provider failed: its 5xx, or an error inside a success"},
	{ReasonProviderRefused, nil, "the provider refused the request: its 4xx"},
}
