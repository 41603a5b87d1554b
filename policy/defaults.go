package policy

import (
	"sync"

	"github.com/headgate/headgate/policy/strict"
)

// defaults returns what a document means that says nothing. It must not be changed.
var defaults = sync.OnceValue(func() *Set {
	c := newCompiler()
	c.document(&strict.Given{R: &c.Reader, Of: Document}, true)
	return c.set
})

// defaultModel returns what a model is of which only the chain is said. It must not be
// changed.
var defaultModel = sync.OnceValue(func() *Model {
	c := newCompiler()
	return c.settings("", &strict.Given{R: &c.Reader, Of: modelType.Option(strict.Object)})
})

// defaultWeight is the weight of a use that is not given one.
const defaultWeight = 1

// dialect returns the dialect of a backend of this provider that does not say it.
func (p *Provider) dialect() string {
	if p.Dialect == "" {
		return "openai"
	}
	return p.Dialect
}
