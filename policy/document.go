package policy

import (
	"github.com/headgate/headgate/policy/price"
	"github.com/headgate/headgate/policy/strict"
)

// document is a policy as it is written. What Set holds in another form has a field of its
// own.
type document struct {
	Set
	version int
	prices  map[string]*[]price.Price // by model, or by backend/model
	likes   map[string]*likeness      // by model, or by backend/model
}

// section is a part of the document: the keys that it has there, and what depends on other
// sections. It is one file of this package.
type section struct {
	fields []strict.Member[document]
	check  func(*compiler) // nil: nothing
}

// sections are the parts of a document, in the order of the reference. Each is checked
// once those before it are.
var sections = []section{versionSection, listenSection, backendsSection, modelsSection, pricesSection, likeSection, limitsSection, storeSection, recordsSection, quotaSection, callersSection, trustedSection, corsSection, hostsSection, redisSection, ownCallsSection, guardsSection, cacheSection, stateSection}

// fields binds every key of a document. Reading, defaults, the canonical form, schema.json
// and README.md follow from it.
var fields = strict.NewObject(allFields()...).Planned(
	"queue",
	"rollouts",
	"experiments",
	"alerts",
)

func allFields() []strict.Member[document] {
	var all []strict.Member[document]
	for _, s := range sections {
		all = append(all, s.fields...)
	}
	return all
}

var versionSection = section{fields: []strict.Member[document]{
	strict.Bind("version", func(d *document) *int { return &d.version }, strict.Version(1)).Required().EveryFile().
		Doc("Version of the document's format. This reference describes version 1.").
		Example(`version: 1`),
}}

// Document describes a whole policy document, version 1: every key with its type, default
// and meaning.
func Document() *strict.Type { return fields.Type() }

// Canonical returns the set as a document in JSON, which is YAML too: keys sorted, no
// comments, and nothing that equals its default. Parsing it gives an equal set, and two
// documents that mean the same have the same canonical form.
//
// Versions of Headgate that differ rest on it: a policy that does not use a key reads
// the same to one that does not know the key. So no default ever changes within version 1 of
// the document, a key that is added gets a default which means what its absence meant,
// and what a document that was accepted before may say stays readable to pairs and from
// a history (ParseAccepted). testdata/defaults.yaml holds every default.
func (s *Set) Canonical() []byte {
	return fields.Canonical(&document{Set: *s, version: 1, prices: writtenPrices(s.Prices), likes: writtenLikes(s.Traits)})
}
