package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strings"

	"github.com/headgate/headgate/policy/price"
	"github.com/headgate/headgate/policy/strict"
)

// MaxDocument is the greatest size of a policy in bytes, all of its files together.
const MaxDocument = 1 << 20

// Parse reads and checks a policy of one file and compiles it, as ParseFiles does.
func Parse(name string, data []byte) (*Set, error) {
	return ParseFiles([]File{{Name: name, Data: data}})
}

// ParseFiles reads and checks a policy and compiles it. Each file is a document
// with a version. Its maps of names (backends, models, prices) are merged over the
// files; every other key stands in one file only. How a policy is cut into files
// does not show in its Set.
//
// Where anything is wrong there is no Set: the error is then a *Faults with every
// fault of every file. A file that is no YAML leaves open what the others refer to,
// so next to it only faults are told that do not depend on it.
func ParseFiles(files []File) (*Set, error) {
	if len(files) == 0 {
		return nil, errors.New("a policy needs at least one file, none is given")
	}
	set, faults := parse(files, reading{most: MaxDocument})
	if len(faults) > 0 {
		return nil, strict.NewFaults(files, faults)
	}
	return set, nil
}

// reading says how a policy is read.
type reading struct {
	most   int  // bytes of all files together
	priced bool // by whoever sent it: that a model has no price here is no fault
}

// parse reads files of a known origin. There is no set where there are faults.
func parse(files []File, how reading) (*Set, []Fault) {
	c := newCompiler()
	c.how = how
	if c.admit(files) {
		c.files(files)
	}
	if len(c.Faults) > 0 {
		return nil, c.Faults
	}
	c.set.Revision = digest(c.set.Canonical())
	c.set.Shape = c.set.Revision
	if c.set.weighted() {
		c.set.Shape = digest(c.set.unweighted().Canonical())
	}
	return c.set, nil
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])[:12]
}

// weighted tells whether a use has another weight than the default.
func (s *Set) weighted() bool {
	for _, m := range s.Models {
		for _, use := range m.Uses() {
			if use.Weight != defaultWeight {
				return true
			}
		}
	}
	return false
}

// unweighted returns the policy with a default weight everywhere.
func (s *Set) unweighted() *Set {
	out := *s
	out.Models = make(map[string]*Model, len(s.Models))
	for name, m := range s.Models {
		out.Models[name] = m.with(s.Backends)
		for _, link := range out.Models[name].Chain {
			for i := range link.Uses {
				link.Uses[i].Weight = defaultWeight
			}
		}
	}
	return &out
}

// compiler turns the documents into a Set while the reader collects the faults.
type compiler struct {
	strict.Reader
	how    reading
	set    *Set
	broken map[string]bool // names of backends that are defined, but with faults
	uses   []placedUse
	served map[string]placedUse // the first of uses, by model
	names  []string             // of all backends, sorted, once they were read
}

func newCompiler() *compiler {
	return &compiler{set: &Set{
		Backends: make(map[string]*Backend),
		Models:   make(map[string]*Model),
		Prices:   price.Builtin(),
	}, broken: make(map[string]bool), served: make(map[string]placedUse)}
}

// placedUse is a use with the place where it stands.
type placedUse struct {
	backend, model string
	at             strict.Place
}

// document reads the sections in the order in which they depend on each other, as
// far as they can be judged where not all files were read.
func (c *compiler) document(o *strict.Given, whole bool) {
	c.limits(o)
	c.named(o, "backends", c.backend)
	if !whole {
		return
	}
	c.listen(o)
	c.set.Unpriced = Unpriced(o.Text("unpriced"))
	c.names = c.backendNames()
	c.named(o, "models", c.model)
	c.prices(o)
	if !c.how.priced {
		c.unpriced()
	}
}

func (c *compiler) limits(o *strict.Given) {
	c.set.BodyLimit, _ = strict.BytesOf(limitsType.Field("body").Default)
	if p, ok := o.Get("limits"); ok {
		if l, ok := c.Object(p, limitsType); ok {
			c.set.BodyLimit = l.Size("body")
		}
	}
}

// named reads a map of names to values.
func (c *compiler) named(o *strict.Given, key string, read func(name string, p strict.Place)) {
	p, ok := o.Get(key)
	if !ok {
		return
	}
	t := o.Of.Field(key).Type
	all, ok := c.Entries(p, "an object with names as keys", false)
	if !ok {
		return
	}
	for _, e := range all {
		if !t.Pattern.MatchString(e.Key) {
			c.Fault(e.At, "", "%s, is %s", t.Rule, strict.Quote(e.Key))
		}
		if e.OK {
			read(e.Key, e.Value)
		} else if key == "backends" {
			c.broken[e.Key] = true
		}
	}
}

// backendNames returns the defined names, sorted, faulty ones included.
func (c *compiler) backendNames() []string {
	var names []string
	for name := range c.set.Backends {
		names = append(names, name)
	}
	for name := range c.broken {
		names = append(names, name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// enough is the number of faults after which names are no longer searched for near
// ones, because each search looks at every name.
const enough = 100

// near returns the hint for a misspelled name of a backend.
func (c *compiler) near(backend string) string {
	if len(c.Faults) > enough {
		return ""
	}
	return strict.Meant(backend, c.names)
}

// defined tells whether a backend has this name, faulty ones included.
func (c *compiler) defined(name string) bool {
	return c.set.Backends[name] != nil || c.broken[name]
}

// split cuts backend/model at the first slash: the model may hold more.
func split(use string) (backend, model string, ok bool) { return strings.Cut(use, "/") }
