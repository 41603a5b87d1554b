package policy

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/headgate/headgate/policy/strict"
)

// Guards are what looks at the content of requests and of answers, in the order in which it does.
type Guards struct {
	Input  []Guard
	Output []Guard
}

// Guard is one guard of a list: exactly one of its fields is not nil.
type Guard struct {
	PII        *PIIGuard
	Secrets    *SecretsGuard
	Length     *LengthGuard
	Words      *WordsGuard
	Pattern    *PatternGuard
	Format     *FormatGuard
	Leak       *LeakGuard
	Webhook    *WebhookGuard
	Entities   *EntitiesGuard
	Moderation *ModerationGuard
}

// guardKinds are the guards that there are, in the order of the reference.
var guardKinds = []guardKind{
	kindOf("pii", bothWays, func(g *Guard) **PIIGuard { return &g.PII }, piiGuard),
	kindOf("secrets", bothWays, func(g *Guard) **SecretsGuard { return &g.Secrets }, secretsGuard),
	kindOf("length", inputOnly, func(g *Guard) **LengthGuard { return &g.Length }, lengthGuard),
	kindOf("words", bothWays, func(g *Guard) **WordsGuard { return &g.Words }, wordsGuard),
	kindOf("pattern", bothWays, func(g *Guard) **PatternGuard { return &g.Pattern }, patternGuard),
	kindOf("format", outputOnly, func(g *Guard) **FormatGuard { return &g.Format }, formatGuard),
	kindOf("leak", outputOnly, func(g *Guard) **LeakGuard { return &g.Leak }, leakGuard),
	kindOf("webhook", bothWays, func(g *Guard) **WebhookGuard { return &g.Webhook }, webhookGuard),
	kindOf("entities", bothWays, func(g *Guard) **EntitiesGuard { return &g.Entities }, entitiesGuard),
	kindOf("moderation", bothWays, func(g *Guard) **ModerationGuard { return &g.Moderation }, moderationGuard),
}

// GuardTerms are what the policy says of every guard.
type GuardTerms struct {
	Name    string
	Action  GuardAction
	Mode    GuardMode
	OnError OnError
	Timeout time.Duration // of one judgement
	Message string        // to the client; see GuardMessage
	Cut     Cutting       // of streams that are denied
	Restore bool          // what is masked in a request is put back in its answer
}

// Terms returns the terms themselves, so that each guard's struct is a GuardRule.
func (t *GuardTerms) Terms() *GuardTerms { return t }

// GuardRule is what the policy says of one guard, by its own struct.
type GuardRule interface{ Terms() *GuardTerms }

// GuardAction says what happens with what a guard finds.
type GuardAction string

// The values of GuardAction.
const (
	GuardDeny GuardAction = "deny" // nothing passes
	GuardMask GuardAction = "mask" // something else is put in its place
	GuardFlag GuardAction = "flag" // it passes, and is reported
)

// GuardMode says whether a guard acts.
type GuardMode string

// The values of GuardMode.
const (
	GuardEnforce GuardMode = "enforce"
	GuardShadow  GuardMode = "shadow" // it looks and reports, and changes nothing
	GuardOff     GuardMode = "off"
)

// OnError says what happens if a guard cannot decide.
type OnError string

// The values of OnError.
const (
	FailClosed OnError = "closed" // the request, or the answer, is denied
	FailOpen   OnError = "open"   // it passes
)

// Cutting says how a stream is ended that a guard denies.
type Cutting string

// The values of Cutting.
const (
	CutRefusal Cutting = "refusal" // a whole answer, which ends with the message as a refusal
	CutError   Cutting = "error"   // an error event
)

// Rule returns the guard's name in a policy and what is said of it.
func (g *Guard) Rule() (kind string, rule GuardRule) {
	for i := range guardKinds {
		if rule := guardKinds[i].rule(g); rule != nil {
			return guardKinds[i].name, rule
		}
	}
	return "", nil
}

// GuardKinds are the kinds of guards, by which a policy names them, in the order of the reference.
func GuardKinds() []string {
	names := make([]string, len(guardKinds))
	for i := range guardKinds {
		names[i] = guardKinds[i].name
	}
	return names
}

// Any reports whether there is a guard.
func (g *Guards) Any() bool { return len(g.Input)+len(g.Output) > 0 }

// Written returns the guards as the canonical form of a document has them: guards that are written
// alike do alike.
func (g *Guards) Written() []byte { return guards.Append(nil, g) }

// ways are the directions in which a guard can look.
type ways uint8

const (
	inputOnly ways = 1 << iota
	outputOnly
	bothWays = inputOnly | outputOnly
)

// guardKind is one kind of guard, as a member of the lists.
type guardKind struct {
	name   string
	ways   ways
	member strict.Member[Guard]
	rule   func(*Guard) GuardRule // nil: the guard is of another kind
}

// ruled is the struct of a guard's kind.
type ruled[T any] interface {
	*T
	GuardRule
}

// described is the object of a kind, with what the reference says of it.
type described[T any] struct {
	object *strict.Object[T]
	doc    string
	sample string
}

func kindOf[T any, P ruled[T]](name string, ways ways, at func(*Guard) **T, d described[T]) guardKind {
	d.object.Once("guards." + name)
	return guardKind{
		name: name, ways: ways,
		member: strict.Bind(name, at, strict.Optional(d.object)).Absent("another guard").Doc(d.doc).Example(d.sample),
		rule: func(g *Guard) GuardRule {
			if t := *at(g); t != nil {
				return P(t)
			}
			return nil
		},
	}
}

// guardTerms are the keys that each kind of guard has, with its own default and choice of
// actions: the first one is the default.
func guardTerms[S any](name string, at func(*S) *GuardTerms, actions ...GuardAction) []strict.Member[S] {
	return []strict.Member[S]{
		strict.Bind("name", func(s *S) *string { return &at(s).Name }, label).Default(name).
			Doc("Name of the guard in records, metrics and messages. A list has each name once. In the guards of a model, a tier or a caller, a guard takes the place of one of the same name that would count otherwise: the caller's counts before the tier's, that before the model's, that before the guard for all.").
			Example(`name: ` + name + `-strict`),
		strict.Bind("action", func(s *S) *GuardAction { return &at(s).Action }, strict.Enum(actions...)).Default(actions[0]).
			Doc("What happens with what it finds: deny refuses, mask puts something else in its place, flag lets it pass and reports it.").
			Example(`action: ` + string(actions[len(actions)-1])),
		strict.Bind("mode", func(s *S) *GuardMode { return &at(s).Mode }, strict.Enum(GuardEnforce, GuardShadow, GuardOff)).Default(GuardEnforce).
			Doc("enforce acts; shadow looks and reports what it would have done, and changes nothing; off does nothing, and takes the place of a guard of the same name.").
			Example(`mode: shadow`),
		strict.Bind("on_error", func(s *S) *OnError { return &at(s).OnError }, strict.Enum(FailClosed, FailOpen)).Default(FailClosed).
			Doc("What happens if it cannot decide, because it failed or took too long: closed refuses, open lets pass. Both are counted.").
			Example(`on_error: open`),
		strict.Bind("timeout", func(s *S) *time.Duration { return &at(s).Timeout }, strict.Duration(time.Millisecond, time.Minute)).Default(2 * time.Second).
			Doc("Time that it has to decide about one request, one answer or one piece of a stream. A guard that decides by rules has a second more for each MiB of text.").
			Example(`timeout: 500ms`),
		strict.Bind("message", func(s *S) *string { return &at(s).Message }, strict.Form(readGuardMessage, func(m string) string { return m })).Absent("the gateway's own words").
			Doc("What the client reads if it is refused. {guard}, {types} and {exchange} stand for the guard's name, the types of what was found, and the id of the exchange.").
			Example(`message: "Personal data ({types}) must not be sent. Ask for help with id {exchange}."`),
		strict.Bind("cut", func(s *S) *Cutting { return &at(s).Cut }, strict.Enum(CutRefusal, CutError)).Default(CutRefusal).
			Doc("Counts in output, with deny: how a stream ends that has begun. refusal ends it as an answer that the model refused to go on with, with the message; error ends it with an error event.").
			Example(`cut: error`),
		strict.Bind("restore", func(s *S) *bool { return &at(s).Restore }, strict.Switch()).Default(true).
			Doc("Counts in input, with mask: what was masked is put back into the answer if the answer names its placeholder.").
			Example(`restore: false`),
	}
}

// placeholders are what a message may hold in braces.
var placeholders = []string{"{guard}", "{types}", "{exchange}"}

var braced = regexp.MustCompile(`\{[^{}]*\}`)

func readGuardMessage(r *strict.Reader, at strict.Place, text string) (string, bool) {
	if n := len(text); n < 1 || n > 1000 || strings.ContainsAny(text, "\r\n\x00") {
		r.Fault(at, "", "must be 1 to 1000 bytes on one line")
		return "", false
	}
	for _, name := range braced.FindAllString(text, -1) {
		if !slices.Contains(placeholders, name) {
			r.Fault(at, "those that there are: "+strings.Join(placeholders, ", "), "unknown placeholder %s", strict.Quote(name))
			return "", false
		}
	}
	return text, true
}

// guards is the value of the key guards, everywhere.
var guards = strict.NewObject(
	strict.Bind("input", func(g *Guards) *[]Guard { return &g.Input }, guardList(inputOnly)).
		Doc("Guards of requests, in the order in which they look. A guard after one that masks sees what that left. A guard is one key, its kind, with an object.").
		Example(`input: [{length: {max_tokens: 8000}}, {pii: {action: mask}}]`),
	strict.Bind("output", func(g *Guards) *[]Guard { return &g.Output }, guardList(outputOnly)).
		Doc("Guards of answers, in the order in which they look. They see what the model said, before what was masked in the request is put back.").
		Example(`output: [{secrets: {action: deny}}]`),
).Once("guards")

const maxGuards = 32

func guardList(way ways) strict.Value[[]Guard] {
	var members []strict.Member[Guard]
	for _, k := range guardKinds {
		if k.ways&way != 0 {
			members = append(members, k.member)
		}
	}
	return strict.List(1, maxGuards, strict.NewObject(members...).OneKey().Planned("injection", "toxicity", "topic", "grounding")).Check(distinctGuards)
}

// distinctGuards refuses two guards of one name.
func distinctGuards(r *strict.Reader, all []strict.Elem[Guard]) {
	seen := map[string]bool{}
	for i := range all {
		_, rule := all[i].Value.Rule()
		if rule == nil {
			continue
		}
		name := rule.Terms().Name
		if seen[name] {
			r.Fault(all[i].At, "give one of them another name", "two guards have the name %s", strict.Quote(name))
		}
		seen[name] = true
	}
}

var guardsSection = section{
	fields: []strict.Member[document]{
		strict.Bind("guards", func(d *document) *Guards { return &d.Guards }, guards).Absent("none").
			Doc("What looks at the content of all requests and answers, and refuses, masks or reports what it finds. Models, tiers and callers can have guards of their own beside these.").
			Example(`guards: {input: [{pii: {action: mask}}], output: [{secrets: {action: deny}}]}`),
	},
}
