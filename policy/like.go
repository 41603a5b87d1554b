package policy

import (
	"cmp"
	"slices"
	"strings"

	"github.com/headgate/headgate/policy/catalogue"
	"github.com/headgate/headgate/policy/strict"
	"github.com/headgate/headgate/policy/trait"
)

// likeness is what a document says that a model takes.
type likeness struct {
	like string // a model of the catalogue; empty: of its own name
	set  trait.Set
}

var likeSection = section{
	fields: []strict.Member[document]{
		strict.Bind("models_like", func(d *document) *map[string]*likeness { return &d.likes },
			strict.Map(priceName, modelRule, likeShortOrFull).Except(anyStar, likeEachModel)).
			Doc("What models take that are not in the built-in catalogue or differ from it, by model, or by backend/model for one backend only: a model of the catalogue that it is like, single properties, or both. What is not known of a model passes as it came.").
			Example(`models_like: {my-deployment: gpt-5.5}`),
	},
	check: (*compiler).overrideTraits,
}

// likeEachModel says what to write instead of what a wildcard takes.
func likeEachModel(name string) (message, hint string) {
	return strict.Quote(name) + " is a wildcard: each model must be named", "such as models_like: {my-deployment: gpt-5.5}"
}

// likeShortOrFull is in short the model that another one is like, or the whole.
var likeShortOrFull = strict.Either(
	strict.As(likeModel, func(name string, l *likeness) {
		likeFull.Reset(l)
		l.like = name
	}, func(l *likeness) (string, bool) { return l.like, l.like != "" && l.set == trait.Set{} }),
	strict.Itself(likeFull),
)

// likeModel reads the name of a model of the catalogue. That the catalogue knows it is
// asked once the whole document is read.
var likeModel = strict.Form(func(r *strict.Reader, at strict.Place, name string) (string, bool) {
	r.Note(placedLike{name, at})
	return name, true
}, func(name string) string { return name }).Matching(modelName, modelRule)

// placedLike is the name of a model of the catalogue, with the place where it stands.
type placedLike struct {
	model string
	at    strict.Place
}

var support = strict.Enum(trait.Yes, trait.No)

var likeFull = strict.NewObject(
	strict.Bind("like", func(l *likeness) *string { return &l.like }, likeModel).Absent("the model of its own name").
		Doc("A model of the built-in catalogue that it is like, by its name at its vendor.").Example(`like: gpt-5.5`),
	strict.Bind("output", func(l *likeness) *int64 { return &l.set.Output }, strict.Int[int64](1, 1<<31)).Absent("as like").
		Doc("Tokens of the longest answer. An answer that the client does not bound has this bound where the API demands one.").Example(`output: 64000`),
	strict.Bind("limit", func(l *likeness) *trait.Limit { return &l.set.Limit }, strict.Enum(trait.LimitTokens, trait.LimitCompletion)).Absent("as like").
		Doc("Field that bounds an answer, in the OpenAI dialect: a request that has the other one gets this one.").Example(`limit: max_completion_tokens`),
	strict.Bind("sampling", func(l *likeness) *trait.Sampling { return &l.set.Sampling },
		strict.Enum(trait.SamplingAny, trait.SamplingOne, trait.SamplingNoEffort, trait.SamplingDefault)).Absent("as like").
		Doc("Sampling settings that it takes: any; one of temperature and top_p; any unless it is told to reason; or nothing but the default values. Others are dropped.").Example(`sampling: default`),
	strict.Bind("stop", func(l *likeness) *trait.Support { return &l.set.Stop }, support).Absent("as like").
		Doc("Stop sequences. They are dropped if they are refused.").Example(`stop: refused`),
	strict.Bind("logprobs", func(l *likeness) *trait.Support { return &l.set.Logprobs }, support).Absent("as like").
		Doc("Log probabilities, in the OpenAI dialect. Asking for them is dropped if they are refused.").Example(`logprobs: refused`),
	strict.Bind("images", func(l *likeness) *trait.Support { return &l.set.Images }, support).Absent("as like").
		Doc("Images. Requests with images skip it if they are refused, or lose them with unfit: drop.").Example(`images: refused`),
	strict.Bind("pdf", func(l *likeness) *trait.Support { return &l.set.PDF }, support).Absent("as like").
		Doc("PDF documents, as images.").Example(`pdf: refused`),
	strict.Bind("audio", func(l *likeness) *trait.Support { return &l.set.Audio }, support).Absent("as like").
		Doc("Audio in messages, in the OpenAI dialect, as images.").Example(`audio: refused`),
	strict.Bind("tools", func(l *likeness) *trait.Support { return &l.set.Tools }, support).Absent("as like").
		Doc("Tools, as images.").Example(`tools: refused`),
	strict.Bind("forced", func(l *likeness) *trait.Support { return &l.set.Forced }, support).Absent("as like").
		Doc("Choices of a tool that it must call, as images.").Example(`forced: refused`),
	strict.Bind("prefill", func(l *likeness) *trait.Support { return &l.set.Prefill }, support).Absent("as like").
		Doc("A last message of the assistant's, which it goes on with, as images.").Example(`prefill: refused`),
	strict.Bind("tool_name", func(l *likeness) *int64 { return &l.set.ToolName }, strict.Int[int64](13, 1024)).Absent("as like").
		Doc("Letters, digits, underscores and hyphens of the longest name of a tool. Others are written so for it, and given back.").Example(`tool_name: 64`),
	strict.Bind("schema", func(l *likeness) *trait.Schema { return &l.set.Schema }, strict.Enum(trait.SchemaNone, trait.SchemaOpenAI, trait.SchemaAnthropic)).Absent("as like").
		Doc("What it takes of JSON Schema where it must keep to one: as OpenAI's models or Anthropic's do, or nothing. Schemas of clients of the other dialect are made fit.").Example(`schema: none`),
	strict.Bind("reasoning", func(l *likeness) *trait.Reasoning { return &l.set.Reasoning },
		strict.Enum(trait.ReasoningNone, trait.ReasoningOptional, trait.ReasoningAdaptive, trait.ReasoningAlways)).Absent("as like").
		Doc("Whether it reasons before it answers: not at all; if it is told to; as it sees fit, unless it is told not to; or always.").Example(`reasoning: always`),
	strict.Bind("thinking", func(l *likeness) *trait.Forms { return &l.set.Forms },
		strict.Either(strict.As(strict.List(1, 4, strict.Enum("budget", "adaptive", "switch", "between_tools")), formsOf, namesOf))).Absent("as like").
		Doc("Forms of thinking that it takes: a budget, or adaptive, in the Anthropic dialect, of which a request with the other gets this one; a switch in the OpenAI dialect, by which it is told not to think; between_tools in the place of the Anthropic dialect's disabled.").Example(`thinking: [adaptive]`),
	strict.Bind("efforts", func(l *likeness) *trait.Efforts { return &l.set.Efforts },
		strict.Either(
			strict.As(strict.Enum(trait.No), func(_ trait.Support, s *trait.Efforts) { *s = trait.NoEfforts },
				func(s *trait.Efforts) (trait.Support, bool) { return trait.No, *s == trait.NoEfforts }),
			strict.As(strict.List(1, 7, strict.Enum(trait.Ladder()...)), trait.EffortsOf, (*trait.Efforts).List))).Absent("as like").
		Doc("Efforts that it takes, if any are not refused. A request with another one gets the nearest.").Example(`efforts: [low, medium, high]`),
	strict.Bind("still_effort", func(l *likeness) *trait.Effort { return &l.set.StillEffort }, strict.Enum(trait.Ladder()[2:5]...)).Absent("as like").
		Doc("The most effort that it takes beside a word not to think, in the Anthropic dialect. More becomes this one.").Example(`still_effort: high`),
	strict.Bind("tool_efforts", func(l *likeness) *trait.ToolEfforts { return &l.set.ToolEfforts },
		strict.Enum(trait.ToolEffortsAny, trait.ToolEffortsUnsaid, trait.ToolEffortsNone)).Absent("as like").
		Doc("Efforts that it takes beside tools, in the OpenAI dialect: any; none, said or not; or none, which must be said.").Example(`tool_efforts: any`),
)

func formsOf(names []string, f *trait.Forms) {
	if err := f.UnmarshalText([]byte(strings.Join(names, " "))); err != nil {
		panic(err) // the reader lets no other names through
	}
}

func namesOf(f *trait.Forms) (names []string, ok bool) { return strings.Fields(f.String()), true }

// overrideTraits puts the document's words on top of the built-in catalogue.
func (c *compiler) overrideTraits() {
	for _, p := range strict.Notes[placedLike](c.Reader) {
		if !c.how.accepted && !c.doc.Traits.Knows(p.model) {
			c.Fault(p.at, c.likeHint(p.model), "the catalogue does not list the model %s", strict.Quote(p.model))
		}
	}
	var all []catalogue.Override
	for _, e := range c.Given.Entries("models_like") {
		backend, model, ok := c.priced(e.Name, e.Value)
		if l := c.doc.likes[e.Name]; ok && l != nil {
			all = append(all, catalogue.Override{Backend: backend, Model: model, Like: l.like, Set: l.set})
		}
	}
	slices.SortFunc(all, func(a, b catalogue.Override) int {
		return cmp.Or(cmp.Compare(a.Backend, b.Backend), cmp.Compare(a.Model, b.Model))
	})
	c.doc.Traits = c.doc.Traits.With(all)
}

func (c *compiler) likeHint(model string) string {
	hint := "say its properties one by one"
	if meant := c.Suggest(model, c.doc.Traits.Models()); meant != "" {
		hint = meant + " Else " + hint
	}
	return hint
}

// writtenLikes returns the operator's words of a catalogue as a document has them.
func writtenLikes(c *catalogue.Catalogue) map[string]*likeness {
	all := make(map[string]*likeness)
	for _, o := range c.Overrides() {
		name := o.Model
		if o.Backend != "" {
			name = o.Backend + "/" + o.Model
		}
		all[name] = &likeness{like: o.Like, set: o.Set}
	}
	return all
}
