package policy

import (
	"regexp"
	"slices"
	"time"

	"github.com/headgate/headgate/policy/strict"
	"github.com/headgate/headgate/policy/trait"
	"github.com/headgate/headgate/policy/wildcard"
)

// Model is a name that clients may ask for and the chain that answers it.
type Model struct {
	Name     string
	Wildcard bool   // the star in Name stands for one character or more: see package wildcard
	Chain    []Link // primary, fallback, emergency
	// Classes is the class of each use of the chain, by its String, if its models take
	// different requests although their servers do not tell; nil: the servers tell.
	Classes     map[string]uint32
	Retries     int           // further attempts on one link after a 5xx, before the next link
	Timeout     time.Duration // of each attempt, to its response headers
	FirstToken  time.Duration // longest silence between headers and content, where another link may do better; 0: it is waited for
	Cooldown    time.Duration // how long a backend at its limit is left out, if it does not say; 0: none is
	Judging     Judging       // by what an attempt of a chain is committed
	IdleTimeout time.Duration // longest silence inside a response
	Total       time.Duration // longest that an exchange takes, streams included; 0: there is no bound
	API         API           // in which API a backend that has several is asked
	Ask         Ask           // how backends are asked for an answer that the client wants whole
	Unfit       Unfit         // what to do with a field that a backend cannot express
	Nearest     bool          // begin a link with its uses in the gateway's own region
	Balance     Balance       // by what the uses of a link share its requests
	RegionsOnly []string      // the chain has backends of these regions alone, sorted; empty: of any, or of none
	Breaker     Breaker       // bounds of what the pool may hold
	Health      Health        // active checks of the backends; an interval of 0: none
	Quota       Quota         // of each team, and of each caller without one
	Guards      Guards        // of the content of its exchanges
	Cache       *CacheRules   // of its answers; nil: those of every model
}

// Judging says by what an attempt of a chain is committed: nothing is tried again afterwards.
type Judging string

// The values of Judging.
const (
	JudgingContent Judging = "content" // its first content
	JudgingHeaders Judging = "headers" // its response headers
)

// Balance says by what the uses of a link share its requests.
type Balance string

// The values of Balance.
const (
	BalanceWeights Balance = "weights" // their weights alone
	BalanceHealth  Balance = "health"  // their weights, and how each does
)

// Unfit says what happens to a request field that a backend cannot express.
type Unfit string

// The values of Unfit.
const (
	UnfitRefuse Unfit = "refuse" // 400 that names the field and the backend
	UnfitDrop   Unfit = "drop"   // left out, named in a warning header
)

// Ask says how backends are asked for an answer that the client wants whole.
type Ask string

// The values of Ask.
const (
	AskAuto   Ask = "auto"   // for a stream if the model is known to reason, else for the whole
	AskStream Ask = "stream" // for a stream, wherever one can carry the answer
	AskJSON   Ask = "json"   // for the whole
)

// Streams reports whether a backend of the model is asked for a stream by a client that wants the
// whole answer, as far as the request allows it. A server that reports its usage in a
// stream only by its own choice is not, unless the policy says so.
func (m *Model) Streams(use Use, reasoning trait.Reasoning) bool {
	switch m.Ask {
	case AskStream:
		return true
	case AskJSON:
		return false
	default:
		reasons := reasoning != trait.ReasoningUnknown && reasoning != trait.ReasoningNone
		return reasons && !use.Backend.Provider.Quirks.NoStreamOptions
	}
}

var modelsSection = section{
	fields: []strict.Member[document]{
		strict.Bind("models", func(d *document) *map[string]*Model { return &d.Models },
			strict.Map(modelName, modelRule, shortOrFull).Named(func(m *Model) *string { return &m.Name }).Except(twoStars, oneStar)).
			Doc("Models that clients may ask for, by the name that they ask with. A model is an object, or in short its only backend/model. A name with one * is a wildcard: it answers every name that has one character or more in its place. A model of the very name comes before wildcards, and of these the one that says most of it counts.").
			Example(`models: {fast: gpt/gpt-5-nano, "claude-*": claude/*}`),
		strict.Bind("default", func(d *document) *string { return &d.Default }, strict.Text().Matching(modelName, modelRule)).Absent("they are refused").
			Doc("Name of the model that answers names that no model does. Rows, and the header x-headgate-model of an answer, say which model it was.").
			Example(`default: fast`),
	},
	check: func(c *compiler) {
		c.markWildcards()
		c.findBackends()
		c.checkStars()
		c.checkDefault()
		c.checkNearest()
		c.checkAPIs()
		c.checkNamedModels()
	},
}

// shortOrFull is a model in short, of which only the use is said, or in full.
var shortOrFull = strict.Either(
	strict.As(use, func(u Use, m *Model) {
		model.Reset(m)
		m.Chain = []Link{{Uses: []Use{u}}}
	}, func(*Model) (none Use, ok bool) { return none, false }),
	strict.Itself(model),
)

var model = strict.NewObject(
	strict.Bind("wildcard", func(m *Model) *bool { return &m.Wildcard }, strict.Switch()).Default(false).
		Doc("The * in the model's name makes it a wildcard. It does so without this key: what is sent to pairs has it, so that a pair which knows no wildcards refuses the policy and keeps the one before.").
		Example(`wildcard: true`),
	strict.Bind("chain", func(m *Model) *[]Link { return &m.Chain },
		strict.List(1, 8, link).Want("a list of links, such as [openai/gpt-5.5]")).Required().
		Doc("Links in the order in which they are tried: primary, fallback, emergency. A link is backend/model, or a list of several with weights. The backend ends at the first slash; the model may hold more. In a wildcard, a * as the model is the name that is asked for, without what the wildcard says of a path before it (openai/*: gpt/* asks gpt for gpt-5 if it is asked for openai/gpt-5); beside other characters it is what the wildcard's own * stands for (openai/*: router/openai/*).").
		Example(`chain: [claude/claude-sonnet-4-6, gpt/gpt-5.5]`),
	strict.Bind("retries", func(m *Model) *int { return &m.Retries }, strict.Int(0, 5)).Default(2).
		Doc("Further attempts on one link after a 5xx, before the next link. If a link has several uses, they share its attempts, so that the next use comes sooner; every other link of the chain then has as many attempts in a row as one of those uses.").
		Example(`retries: 2`),
	strict.Bind("timeout", func(m *Model) *time.Duration { return &m.Timeout }, strict.Duration(time.Millisecond, time.Hour)).Default(30*time.Second).
		Doc("Time that each attempt has until its response headers.").
		Example(`timeout: 30s`),
	strict.Bind("first_token", func(m *Model) *time.Duration { return &m.FirstToken }, strict.Duration(time.Millisecond, time.Hour)).
		Doc("In a chain: longest silence between the response headers of an attempt and its first content, after which the next link is asked. Pings, comments and an empty beginning are silence; in a JSON answer any byte ends it. It may end with the attempt's timeout, which is as long at least. Without it an answer whose headers came in time is waited for.").
		Example(`first_token: 5s`),
	strict.Bind("judge", func(m *Model) *Judging { return &m.Judging }, strict.Enum(JudgingContent, JudgingHeaders)).Default(JudgingContent).
		Doc("In a chain: what commits an attempt. With content an answer is held until it says something, and until then it may be made good by the next link. With headers it counts as soon as its headers are there, which costs less CPU: an error, an end or silence in a 200 response then reaches the client.").
		Example(`judge: headers`),
	strict.Bind("cooldown", func(m *Model) *time.Duration { return &m.Cooldown }, strict.Duration(0, 5*time.Minute)).Default(DefaultCooldown).
		Doc("In a chain: how long a backend that says that its limit is reached (429, 529) is left out of requests if it names no time and has said so three times in a row; twice as long after each probe that fails, up to 1m. Where it names one, that counts, up to 5m. With 0s nothing is left out, whatever is named.").
		Example(`cooldown: 5s`),
	strict.Bind("idle_timeout", func(m *Model) *time.Duration { return &m.IdleTimeout }, strict.Duration(time.Millisecond, time.Hour)).Default(time.Minute).
		Doc("Longest silence inside a response. What says nothing of the answer does not end it in a stream: pings, comments, empty deltas. Text, thinking, calls of tools and their arguments do. Inside a JSON answer whose headers came before its body it is longer if the chain may take longer: each attempt its timeout and 1s to connect.").
		Example(`idle_timeout: 60s`),
	strict.Bind("total", func(m *Model) *time.Duration { return &m.Total }, strict.Duration(time.Millisecond, 24*time.Hour)).
		Doc("Longest that a whole exchange takes, from the end of its request to the end of its answer, with all attempts, streams too. If no answer has begun by then the caller gets a 504; one that has begun breaks off. A caller bounds its own exchanges by x-headgate-timeout; the shorter of both counts. Without either, an answer goes on for as long as it is not silent.").
		Example(`total: 10m`),
	strict.Bind("ask", func(m *Model) *Ask { return &m.Ask }, strict.Enum(AskAuto, AskStream, AskJSON)).Default(AskAuto).
		Doc("How backends are asked for a chat answer that the client wants whole: stream asks for a stream and makes one answer of it, so that a slow model is distinguished from a silent one, and timeout ends at the first sign of it; json asks for the whole answer; auto asks for a stream where the model is known to reason. What a stream cannot carry is asked for as a whole in any case: sound, and what a server does not stream.").
		Example(`ask: stream`),
	strict.Bind("api", func(m *Model) *API { return &m.API }, strict.Enum(APIAuto, APIChat, APIResponses)).Default(APIAuto).
		Doc("In which API backends that have OpenAI's Responses are asked: auto asks in the one that the client speaks, and for clients of the Anthropic dialect in chat completions; chat and responses ask in that one, whatever the client speaks. Other backends of the chain are asked in their own.").
		Example(`api: responses`),
	strict.Bind("nearest", func(m *Model) *bool { return &m.Nearest }, strict.Switch()).Default(false).
		Doc("Begin a link of several uses with those in the gateway's own region (headgate extproc --region), by their weights among each other; the others follow if those fail. A gateway whose region none of them has goes by the weights alone.").
		Example(`nearest: true`),
	strict.Bind("balance", func(m *Model) *Balance { return &m.Balance }, strict.Enum(BalanceWeights, BalanceHealth)).Default(BalanceWeights).
		Doc("By what the uses of a link share its requests. With health a use of which more attempts fail, or whose answers begin later than those of the best of the link, keeps a smaller part of its weight, step by step, a tenth at least; with nearest what the uses in the gateway's region lose goes to the others of the link. The control plane decides that by the last minute of what the pairs of a region saw; headgate status explains it. A user who is moved stays moved while that lasts.").
		Example(`balance: health`),
	strict.Bind("regions_only", func(m *Model) *[]string { return &m.RegionsOnly }, regions).
		Doc("Keep requests to backends of these regions: what the chain names elsewhere, or without a region, is never asked, whatever fails. headgate check says what that leaves out. A chain of which nothing is left is a fault.").
		Example(`regions_only: [eu]`),
	strict.Bind("unfit", func(m *Model) *Unfit { return &m.Unfit }, strict.Enum(UnfitRefuse, UnfitDrop)).Default(UnfitRefuse).
		Doc("What to do with a request field that a backend cannot express: refuse answers 400 and names the field and the backend; drop leaves it out and names it in a warning header.").
		Example(`unfit: drop`),
	strict.Bind("breaker", func(m *Model) *Breaker { return &m.Breaker }, breaker).
		Doc("Bounds of what the model's pool may hold in one Envoy at a time. Beyond them requests are refused at once instead of piling up.").
		Example(`breaker: {connections: 4096, pending: 4096, requests: 16384}`),
	strict.Bind("health", func(m *Model) *Health { return &m.Health }, health).
		Doc("Active checks: whether each backend is there is asked from time to time, beside what is learned from answers. Without it there are none.").
		Example(`health: {interval: 30s}`),
	strict.Bind("quota", func(m *Model) *Quota { return &m.Quota }, quota).Absent("no bound").
		Doc("What requests for the model may consume, for each team by itself, and for each caller without one.").
		Example(`quota: {rpm: 60}`),
	strict.Bind("guards", func(m *Model) *Guards { return &m.Guards }, guards).Absent("those for all").
		Doc("Guards of its exchanges, after those for all.").
		Example(`guards: {output: [{pii: {action: mask}}]}`),
	strict.Bind("cache", func(m *Model) **CacheRules { return &m.Cache }, strict.Optional(cacheRules)).Absent("that of cache.every_model").
		Doc("Which of its answers are given again, in place of the rules of every model.").
		Example(`cache: {ttl: 24h, semantic: {threshold: 0.95}}`),
).Refuse("hedge",
	"is not possible: attempts of one request that run side by side share their headers in Envoy, and it crashes if the first fails while the other one connects",
	"first_token leaves a link that is silent after its headers, and retries: 0 with a shorter timeout leaves one that is silent before them",
).Check(func(r *strict.Reader, g *strict.Given, m *Model) {
	if at, ok := g.At("wildcard"); ok && m.Wildcard != wildcard.Is(m.Name) {
		r.Fault(at, "leave it out", "a model is a wildcard if its name has a *, and else it is none")
	}
	if at, ok := g.At("chain"); ok && m.Orders() > MaxOrders {
		r.Fault(at, "split fewer of its links", "the uses of its links can be gone through in %d orders, more than %d", m.Orders(), MaxOrders)
	}
	if at, ok := g.At("first_token"); ok && m.Judging == JudgingHeaders {
		r.Fault(at, "judge attempts by content, or leave it out", "has no effect: attempts are judged by their headers")
	}
	if at, ok := g.At("api"); ok && m.API == APIResponses && !g.Faulty("chain") {
		r.Note(placedAPI{m, at})
	}
	if at, ok := g.At("nearest"); ok && m.Nearest && !g.Faulty("chain") {
		r.Note(placedNearest{m, at})
	}
	if at, ok := g.At("balance"); ok && m.Balance == BalanceHealth && !g.Faulty("chain") && !m.splits() {
		r.Fault(at, "give a link several uses", "has no effect: no link has several uses")
	}
	if at, ok := g.At("regions_only"); ok && !g.Faulty("chain") {
		r.Note(placedRegions{m, at})
	}
})

// placedNearest is a model that begins with the nearest uses, and where it says so.
type placedNearest struct {
	model *Model
	at    strict.Place
}

// checkNearest reports models to which nearest makes no difference, as far as the regions
// of their backends are known.
func (c *compiler) checkNearest() {
	for _, n := range strict.Notes[placedNearest](c.Reader) {
		unknown := slices.ContainsFunc(n.model.Uses(), func(u Use) bool { return c.doc.Backends[u.Backend.Name] == nil })
		if !unknown && !n.model.hasRegions() {
			c.Fault(n.at, "give the backends of a link with several uses a region each", "has no effect: no link has uses in several regions")
		}
	}
}

// hasRegions reports whether a link has uses in several regions.
func (m *Model) hasRegions() bool {
	for _, l := range m.Chain {
		for _, u := range l.Uses {
			if u.Backend.Region != l.Uses[0].Backend.Region {
				return true
			}
		}
	}
	return false
}

// splits reports whether a link has several uses.
func (m *Model) splits() bool {
	return slices.ContainsFunc(m.Chain, func(l Link) bool { return len(l.Uses) > 1 })
}

// Written returns the model as the canonical form of a document has it, without its name:
// two models with the same one are answered alike.
func (m *Model) Written() string { return string(model.Append(nil, m)) }

// Path returns where the model stands in its document, such as models.assistant.
func (m *Model) Path() string { return strict.Join("models", m.Name) }

// The patterns are read by Go and, in the schema, by ECMAScript engines, so they
// keep to what both mean the same by. A name of a model is printable ASCII without
// blanks, quotes and backslash: the class below is what remains.
var modelName = regexp.MustCompile(`^[!#-&(-\[\]-_a-~]{1,128}$`)

const modelRule = "a name of a model is 1 to 128 printable ASCII characters without blanks, quotes and backslash"
