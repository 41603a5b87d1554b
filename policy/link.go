package policy

import (
	"regexp"
	"strings"

	"github.com/headgate/headgate/policy/strict"
)

// Link is one place in a chain: a backend with a model, or several with weights.
type Link struct {
	Uses []Use
}

// Use is a backend and the name that the model has there.
type Use struct {
	Backend *Backend
	Model   string
	Weight  uint32 // relative to the other uses of the link, at least 1
}

// defaultWeight is the weight of a use that is not given one.
const defaultWeight = 1

// link is one use as backend/model, or a list of uses with weights.
var link = strict.Either(
	strict.As(use, func(u Use, l *Link) { l.Uses = []Use{u} }, func(l *Link) (Use, bool) {
		single := len(l.Uses) == 1 && l.Uses[0].Weight == defaultWeight
		if !single {
			return Use{}, false
		}
		return l.Uses[0], true
	}),
	strict.As(strict.List(1, 64, weightedUse).Check(distinctUses),
		func(uses []Use, l *Link) { l.Uses = uses },
		func(l *Link) ([]Use, bool) { return l.Uses, true }),
).InsteadOfObject("must be backend/model, or a list of {use, weight}", "put it into a list: [{use: ...}]")

func distinctUses(r *strict.Reader, all []strict.Elem[Use]) {
	seen := make(map[string]int)
	for i, e := range all {
		name := e.Value.String()
		if first, twice := seen[name]; twice {
			r.Fault(e.At, "add the weights up", "%s is already in this link, at [%d]", strict.Quote(name), first)
			continue
		}
		seen[name] = i
	}
}

var weightedUse = strict.NewObject(
	strict.Bind("use", func(u *Use) *Use { return u }, use).Required().
		Doc("Backend and model, as backend/model.").
		Example(`use: claude-us/claude-sonnet-4-6`),
	strict.Bind("weight", func(u *Use) *uint32 { return &u.Weight }, strict.Int[uint32](1, MaxWeight)).Default(defaultWeight).
		Doc("Share of the link's requests, relative to the other uses of the link. Requests that name a user (x-headgate-user, or user in the body) stay with one use; a growing weight moves users to it and between no others.").
		Example(`weight: 70`),
).InsteadOfText("", "write {use: backend/model, weight: 1}")

// use reads backend/model. The backend is one of that name until findBackends puts the
// real one in its place.
var use = strict.Form(func(r *strict.Reader, at strict.Place, text string) (Use, bool) {
	backend, model, _ := split(text)
	r.Note(placedUse{backend, model, at})
	return Use{Backend: &Backend{Name: backend}, Model: model, Weight: defaultWeight}, true
}, Use.String).Matching(usePattern, useRule).Except(twoStars, oneStar)

// String returns the use as it is written, backend/model.
func (u Use) String() string {
	if u.Backend == nil {
		return ""
	}
	return u.Backend.Name + "/" + u.Model
}

// placedUse is a use with the place where it stands.
type placedUse struct {
	backend, model string
	at             strict.Place
}

// findBackends puts the backends into the uses that name them.
func (c *compiler) findBackends() {
	c.uses = strict.Notes[placedUse](c.Reader)
	hidden := len(c.backends) == 0 && c.Given.Faulty("backends")
	for _, u := range c.uses {
		if _, ok := c.served[u.model]; !ok && c.defined(u.backend) {
			c.served[u.model] = u
		}
		if !hidden && !c.defined(u.backend) {
			c.Fault(u.at, c.Suggest(u.backend, c.backends), "backend %s is not defined", strict.Quote(u.backend))
		}
	}
	for _, m := range c.doc.Models {
		for _, l := range m.Chain {
			for i := range l.Uses {
				if b := c.doc.Backends[l.Uses[i].Backend.Name]; b != nil {
					l.Uses[i].Backend = b
				}
			}
		}
	}
}

// split cuts backend/model at the first slash: the model may hold more.
func split(use string) (backend, model string, ok bool) { return strings.Cut(use, "/") }

var usePattern = regexp.MustCompile(`^[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?/[!#-&(-\[\]-_a-~]{1,128}$`)

const useRule = "expected backend/model, such as openai/gpt-5.5"
