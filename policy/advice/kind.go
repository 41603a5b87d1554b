package advice

// Level says how much an advice weighs.
type Level string

// The values of Level.
const (
	Note    Level = "note"    // good to know; may well be meant
	Warning Level = "warning" // most likely not meant
)

// Code is what programs know a kind of advice by. It never changes.
type Code string

// The values of Code.
const (
	CallerGivesUp   Code = "caller-gives-up"
	RetryTooLate    Code = "retry-too-late"
	TotalEndsChain  Code = "total-ends-chain"
	WaitsInSilence  Code = "waits-in-silence"
	FirstTokenAlone Code = "first-token-alone"
	NoFallback      Code = "no-fallback"
	OneBackend      Code = "one-backend"
	OneHost         Code = "one-host"
	FallbackSkipped Code = "fallback-skipped"
	FallbackDrops   Code = "fallback-drops"
	FallbackDialect Code = "fallback-dialect"
	FallbackModel   Code = "fallback-model"
	WeightAlone     Code = "weight-alone"
	WeightUnmet     Code = "weight-unmet"
	OutsideRegions  Code = "outside-regions"
	BudgetUnpriced  Code = "budget-unpriced"
	KeysInPlain     Code = "keys-in-plain"
	PagesOfAnybody  Code = "pages-of-anybody"
	CacheOneScope   Code = "cache-one-scope"
	CacheNoTeams    Code = "cache-no-teams"
	CacheNoRoom     Code = "cache-no-room"
	CacheThreshold  Code = "cache-threshold"
	BreakerLow      Code = "breaker-low"
	ChecksTooOften  Code = "checks-too-often"
	Simulated       Code = "simulated"
)

// Kind describes all advice of one code.
type Kind struct {
	Code    Code
	Level   Level
	Meaning string
}

// Kinds are all kinds of advice, in the order of the reference.
var Kinds = []Kind{
	{CallerGivesUp, Warning, "At worst the chain takes longer than its callers wait."},
	{RetryTooLate, Warning, "A retry after a timeout begins when the callers have hung up."},
	{TotalEndsChain, Warning, "At worst the bound of an exchange ends it before every attempt was made."},
	{WaitsInSilence, Note, "A link that sends headers and then nothing is waited for, although another one could answer."},
	{FirstTokenAlone, Warning, "A bound of the silence of links where there is only one."},
	{NoFallback, Note, "The model has one link, and all of it is in one place."},
	{OneBackend, Warning, "Every link goes to the same backend, so that an outage takes them all."},
	{OneHost, Warning, "Every link goes to the same host, so that an outage takes them all."},
	{FallbackSkipped, Warning, "Requests that an earlier link serves skip this link, because its servers cannot express them, or its models refuse them."},
	{FallbackDrops, Warning, "Requests that an earlier link serves lose something at this link, because its servers cannot express it, or its models refuse it."},
	{FallbackDialect, Note, "What only the dialect of an earlier link can express skips this link, or with unfit: drop is left out there."},
	{FallbackModel, Note, "What models of an earlier link take, those of this link refuse: it is left out there, or the few requests that need it skip the link."},
	{WeightAlone, Warning, "A weight without another use to relate to."},
	{WeightUnmet, Warning, "Weights cannot be met by requests that only some uses of the link can express."},
	{OutsideRegions, Note, "The document names backends for the model that regions_only keeps out of its chain."},
	{BudgetUnpriced, Warning, "A price is missing that a budget needs: callers who have one are refused the model."},
	{KeysInPlain, Warning, "Clients beyond this machine send keys, or credentials of their own, over plain HTTP."},
	{PagesOfAnybody, Warning, "Web pages of every origin may ask, and no key is needed: whatever page somebody opens spends on the gateway's credentials."},
	{CacheOneScope, Note, "Everybody shares the answers of a cache, because the policy knows no callers."},
	{CacheNoTeams, Note, "Answers of a cache are shared in teams, but no caller of the policy has one."},
	{CacheNoRoom, Warning, "A cache keeps answers for which its memory has no room."},
	{CacheThreshold, Warning, "The threshold of a semantic cache is so low that the built-in table takes many questions for the same that are not."},
	{BreakerLow, Warning, "A bound of the breaker is below the expected concurrency."},
	{ChecksTooOften, Warning, "Checks of a backend come as fast as one may take."},
	{Simulated, Note, "With --env: a credential is not set here, so that the simulated provider answers in the backend's place, or the backend's other credential serves alone."},
}

// level returns the level of all advice of a code.
func level(code Code) Level {
	for _, k := range Kinds {
		if k.Code == code {
			return k.Level
		}
	}
	panic("advice: code " + string(code) + " is of no kind")
}
