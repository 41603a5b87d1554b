package policy

import (
	"regexp"
	"slices"
	"strings"

	"github.com/headgate/headgate/policy/strict"
)

// EntitiesGuard asks an analyzer with the API of Presidio for names and the like.
type EntitiesGuard struct {
	GuardTerms
	Service
	Entities []string
	Language string
	MinScore Share
	Batch    bool // several texts go in one call
}

// DefaultEntities is what analyzers are asked for where no policy says otherwise: what needs a
// model of a language. What has a fixed form is for the guard pii.
func DefaultEntities() []string { return []string{"PERSON", "LOCATION", "NRP"} }

var entitiesGuard = described[EntitiesGuard]{
	doc:    "Asks an analyzer with the REST API of Presidio for names of persons, places and the like, which have no fixed form.",
	sample: `entities: {url: "http://127.0.0.1:5002", action: mask}`,
	object: strict.NewObject(slices.Concat(
		guardTerms("entities", func(g *EntitiesGuard) *GuardTerms { return &g.GuardTerms }, GuardMask, GuardDeny, GuardFlag),
		serviceKeys(func(g *EntitiesGuard) *Service { return &g.Service }, "http://127.0.0.1:5002", "Base URL of the analyzer, to which /analyze is added.", 16<<10, ""),
		[]strict.Member[EntitiesGuard]{
			strict.Bind("entities", func(g *EntitiesGuard) *[]string { return &g.Entities }, strict.List(1, 100, findingType)).Absent(strings.Join(DefaultEntities(), ", ")).
				Doc("What to look for, by the analyzer's own names.").
				Example(`entities: [PERSON, LOCATION, ORGANIZATION]`),
			strict.Bind("language", func(g *EntitiesGuard) *string { return &g.Language }, strict.Text().Matching(language, "a language is two or three lower-case letters")).Default("en").
				Doc("Language of the texts, which the analyzer must have a model of.").
				Example(`language: de`),
			strict.Bind("min_score", func(g *EntitiesGuard) *Share { return &g.MinScore }, share).Default(0.5).
				Doc("Least score of what is found.").
				Example(`min_score: 0.7`),
			strict.Bind("batch", func(g *EntitiesGuard) *bool { return &g.Batch }, strict.Switch()).Default(true).
				Doc("Send several texts in one call. Analyzers that were released before 2026 take one at a time: say false for them.").
				Example(`batch: false`),
		},
	)...).Check(func(r *strict.Reader, g *strict.Given, e *EntitiesGuard) {
		checkService(r, g, &e.Service)
		if at, ok := g.At("url"); ok && strings.HasSuffix(strings.TrimRight(e.URL.Path, "/"), "/analyze") {
			r.Fault(at, "leave /analyze out", "must be the base URL, to which /analyze is added")
		}
	}),
}

var language = regexp.MustCompile(`^[a-z]{2,3}$`)
