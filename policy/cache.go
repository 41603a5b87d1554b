package policy

import (
	"fmt"
	"strconv"
	"time"

	"github.com/headgate/headgate/policy/strict"
)

// Cache says where answers are kept that are given again.
type Cache struct {
	EveryModel *CacheRules // of models that have no rules of their own; nil: they have no cache
	Memory     int64       // bytes of entries in each pair
	Redis      bool        // entries are in the policy's Redis, too, if it names one
	Timeout    time.Duration
	Epoch      int64 // entries of another one do not count
	Embedder   *CacheEmbedder
}

// CacheEmbedder is a model of the policy that makes vectors of questions.
type CacheEmbedder struct {
	Model      string
	Dimensions int // that it is asked for; 0: as many as it gives by itself
	Timeout    time.Duration
}

// CacheRules say which answers of a model are given again, and to whom.
type CacheRules struct {
	Mode           CacheMode
	TTL            time.Duration
	Scope          CacheScope
	MaxTemperature *Temperature // nil: there is no bound
	ToolCalls      bool
	StoreFallback  bool
	Masked         bool
	MaxEntry       int64 // bytes
	Verify         Share // of the hits
	Coalesce       Coalescing
	CoalesceWait   time.Duration
	Semantic       *SemanticCache // nil: only the same request has the same answer
}

// SemanticCache says which questions are the same although they are worded otherwise.
type SemanticCache struct {
	Mode      CacheMode
	Threshold Share
	Rules     CacheVerifying
}

// CacheMode says whether a cache gives answers.
type CacheMode string

// The values of CacheMode.
const (
	CacheEnforce CacheMode = "enforce"
	CacheShadow  CacheMode = "shadow" // it keeps answers and reports what it would have given
	CacheOff     CacheMode = "off"
)

// CacheScope says who shares answers.
type CacheScope string

// The values of CacheScope.
const (
	CacheCaller CacheScope = "caller" // each caller has those to its own requests
	CacheTeam   CacheScope = "team"   // the callers of a team
	CacheShared CacheScope = "shared" // all
)

// CacheVerifying says which rules verify that two questions are the same.
type CacheVerifying string

// The values of CacheVerifying.
const (
	VerifyStrict CacheVerifying = "strict"
	VerifyBasic  CacheVerifying = "basic"
)

// Coalescing says which requests wait for the answer to an equal one that is under way.
type Coalescing string

// The values of Coalescing.
const (
	CoalesceJSON Coalescing = "json" // those for whole answers
	CoalesceAll  Coalescing = "all"  // streams, too
	CoalesceOff  Coalescing = "off"
)

// Temperature is a sampling temperature, from 0 to 2.
type Temperature float64

// Serves reports whether the rules keep anything. Those that are nil do not.
func (r *CacheRules) Serves() bool { return r != nil && r.Mode != CacheOff }

// HasSemantic reports whether questions are compared by what they mean.
func (r *CacheRules) HasSemantic() bool {
	return r.Serves() && r.Semantic != nil && r.Semantic.Mode != CacheOff
}

// CacheOf returns the rules of a model's answers; nil: there is no cache for them.
func (s *Set) CacheOf(model string) *CacheRules {
	rules := s.Cache.EveryModel
	if m := s.Models[model]; m != nil && m.Cache != nil {
		rules = m.Cache
	}
	if !rules.Serves() {
		return nil
	}
	return rules
}

var cacheSection = section{
	fields: []strict.Member[document]{
		strict.Bind("cache", func(d *document) *Cache { return &d.Cache }, cache).
			Doc("Where answers are kept that are given again, and the rules of models that have none of their own. Without rules nothing is kept.").
			Example(`cache: {every_model: {ttl: 1h}, memory: 256MiB}`),
	},
}

var cache = strict.NewObject(
	strict.Bind("every_model", func(c *Cache) **CacheRules { return &c.EveryModel }, strict.Optional(cacheRules)).Absent("none: only models with rules of their own have a cache").
		Doc("Rules of the models that have no cache of their own.").
		Example(`every_model: {ttl: 10m}`),
	strict.Bind("memory", func(c *Cache) *int64 { return &c.Memory }, strict.Size(1<<20, 1<<40)).Default(64<<20).
		Doc("Bytes of entries that each pair keeps in its memory, and as many again of vectors at most. What is asked for least is dropped first. Units: B, KB, MB, KiB, MiB.").
		Example(`memory: 256MiB`),
	strict.Bind("redis", func(c *Cache) *bool { return &c.Redis }, strict.Switch()).Default(true).
		Doc("Keep entries in the policy's Redis, too, if it names one, so that all pairs share them and a restart loses none.").
		Example(`redis: false`),
	strict.Bind("timeout", func(c *Cache) *time.Duration { return &c.Timeout }, strict.Duration(time.Millisecond, 10*time.Second)).Default(20*time.Millisecond).
		Doc("Longest that a request waits for entries from Redis. After that it is a miss.").
		Example(`timeout: 50ms`),
	strict.Bind("epoch", func(c *Cache) *int64 { return &c.Epoch }, strict.Int[int64](0, 1<<53)).Default(0).
		Doc("Part of every key: with another number everything begins anew.").
		Example(`epoch: 2`),
	strict.Bind("embedder", func(c *Cache) **CacheEmbedder { return &c.Embedder }, strict.Optional(cacheEmbedder)).Absent("the built-in table").
		Doc("What makes vectors of questions for semantic caches. The built-in table asks nobody and takes microseconds; a model for embeddings recognises more.").
		Example(`embedder: {model: embeddings}`),
)

var cacheEmbedder = strict.NewObject(
	strict.Bind("model", func(e *CacheEmbedder) *string { return &e.Model }, strict.Text().Matching(modelName, modelRule)).Required().
		Doc("Model of this policy that is asked, whose backend has OpenAI's embeddings. The calls are Headgate's own, with the feature cache.").
		Example(`model: embeddings`),
	strict.Bind("dimensions", func(e *CacheEmbedder) *int { return &e.Dimensions }, strict.Int(1, 4096)).Absent("as many as the model gives").
		Doc("Length of the vectors that the model is asked for, if it can choose.").
		Example(`dimensions: 256`),
	strict.Bind("timeout", func(e *CacheEmbedder) *time.Duration { return &e.Timeout }, strict.Duration(time.Millisecond, 30*time.Second)).Default(500*time.Millisecond).
		Doc("Longest that a request waits for the vector of its question. After that it is a miss.").
		Example(`timeout: 1s`),
).Check(func(r *strict.Reader, g *strict.Given, e *CacheEmbedder) {
	if at, ok := g.At("model"); ok {
		r.Note(namedModel{e.Model, at})
	}
})

// cacheRules is the value of cache.every_model and of each model's cache.
var cacheRules = strict.NewObject(
	strict.Bind("mode", func(r *CacheRules) *CacheMode { return &r.Mode }, cacheMode).Default(CacheEnforce).
		Doc("enforce gives answers again; shadow keeps them, gives none, and reports what it would have given; off keeps none.").
		Example(`mode: shadow`),
	strict.Bind("ttl", func(r *CacheRules) *time.Duration { return &r.TTL }, strict.Duration(time.Second, 30*24*time.Hour)).Default(time.Hour).
		Doc("How long an answer is kept.").
		Example(`ttl: 24h`),
	strict.Bind("scope", func(r *CacheRules) *CacheScope { return &r.Scope }, strict.Enum(CacheCaller, CacheTeam, CacheShared)).Default(CacheCaller).
		Doc("Who shares answers: caller has each caller get those to its own requests alone, team those of all callers whose keys name the same team (without one a caller is by itself), shared those of everybody. Without callers everybody shares them.").
		Example(`scope: team`),
	strict.Bind("max_temperature", func(r *CacheRules) **Temperature { return &r.MaxTemperature }, strict.Optional(temperature)).Absent("no bound").
		Doc("Requests with a higher temperature are not cached. One that names none has 1.").
		Example(`max_temperature: 0.2`),
	strict.Bind("tool_calls", func(r *CacheRules) *bool { return &r.ToolCalls }, strict.Switch()).Default(false).
		Doc("Keep answers that call tools.").
		Example(`tool_calls: true`),
	strict.Bind("store_fallback", func(r *CacheRules) *bool { return &r.StoreFallback }, strict.Switch()).Default(false).
		Doc("Keep answers that another link of the chain than the first one gave.").
		Example(`store_fallback: true`),
	strict.Bind("masked", func(r *CacheRules) *bool { return &r.Masked }, strict.Switch()).Default(false).
		Doc("Keep answers to requests, and answers themselves, in which a guard masked something.").
		Example(`masked: true`),
	strict.Bind("max_entry", func(r *CacheRules) *int64 { return &r.MaxEntry }, strict.Size(1<<10, 16<<20)).Default(1<<20).
		Doc("Greatest size of an answer that is kept. Units: B, KB, MB, KiB, MiB.").
		Example(`max_entry: 256KiB`),
	strict.Bind("verify", func(r *CacheRules) *Share { return &r.Verify }, share).Default(0).
		Doc("Share of the hits that are not given but asked anew, to compare both answers: what comes of it is the wrong-hit rate.").
		Example(`verify: 0.02`),
	strict.Bind("coalesce", func(r *CacheRules) *Coalescing { return &r.Coalesce }, strict.Enum(CoalesceJSON, CoalesceAll, CoalesceOff)).Default(CoalesceJSON).
		Doc("Which requests wait for the answer to an equal one that is under way: json those for whole answers; all streams, too, whose answers then come in one piece; off none.").
		Example(`coalesce: off`),
	strict.Bind("coalesce_wait", func(r *CacheRules) *time.Duration { return &r.CoalesceWait }, strict.Duration(time.Millisecond, time.Minute)).Default(30*time.Second).
		Doc("Longest that a request waits so. After that it is asked by itself.").
		Example(`coalesce_wait: 10s`),
	strict.Bind("semantic", func(r *CacheRules) **SemanticCache { return &r.Semantic }, strict.Optional(semanticCache)).Absent("off: only equal requests have one answer").
		Doc("Give the answer to a question that means the same: only the last turn of the user may be worded otherwise, all else must be equal. A turn of more than 1,024 bytes is compared with none.").
		Example(`semantic: {threshold: 0.95}`),
).Once("models.cache")

var semanticCache = strict.NewObject(
	strict.Bind("mode", func(s *SemanticCache) *CacheMode { return &s.Mode }, cacheMode).Default(CacheEnforce).
		Doc("enforce gives answers to questions that mean the same; shadow reports what it would have given; off compares none.").
		Example(`mode: shadow`),
	strict.Bind("threshold", func(s *SemanticCache) *Share { return &s.Threshold }, share).Default(0.95).
		Doc("Least cosine of the vectors of two questions. It belongs to one embedder: measure it anew for another (headgate cache eval).").
		Example(`threshold: 0.97`),
	strict.Bind("rules", func(s *SemanticCache) *CacheVerifying { return &s.Rules }, strict.Enum(VerifyStrict, VerifyBasic)).Default(VerifyStrict).
		Doc("What must agree in two questions beside their vectors. basic: numbers, dates, names, quotations, code, units, negations, opposites, the order of words, the language; strict: question words, too, and no word of content stands in the place of another.").
		Example(`rules: basic`),
)

var cacheMode = strict.Enum(CacheEnforce, CacheShadow, CacheOff)

var temperature = strict.Decimal("0", "2", "a number from 0 to 2", readTemperature, func(t Temperature) string { return strconv.FormatFloat(float64(t), 'f', -1, 64) })

func readTemperature(text string) (Temperature, error) {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || f < 0 || f > 2 || len(text) > 8 {
		return 0, fmt.Errorf("must be a number from 0 to 2, is %s", strict.Quote(text))
	}
	return Temperature(f), nil
}
