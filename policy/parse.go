package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"

	"github.com/headgate/headgate/policy/catalogue"
	"github.com/headgate/headgate/policy/price"
	"github.com/headgate/headgate/policy/strict"
)

// File is one file of a policy: its name, which faults begin with and which no
// other file of the policy has, and its bytes.
type File = strict.File

// Fault is one thing that is wrong with a policy, and where. Its texts never
// quote what may be a secret.
type Fault = strict.Fault

// Faults are all the faults of one policy, sorted by place. It is the error that
// Parse and ParseFiles return.
type Faults = strict.Faults

// MaxDocument is the greatest size of a policy in bytes, all of its files together.
const MaxDocument = 1 << 20

// Parse reads and checks a policy of one file and compiles it, as ParseFiles does.
func Parse(name string, data []byte) (*Set, error) {
	return ParseFiles([]File{{Name: name, Data: data}})
}

// ParseFiles reads and checks a policy and compiles it. Each file is a document
// with a version. Its maps of names (backends, models, prices, models_like) are merged over the
// files; every other key stands in one file only. How a policy is cut into files
// does not show in its Set.
//
// If anything is wrong there is no Set: the error is then a *Faults with every
// fault of every file. A file that is no YAML leaves open what the others refer to,
// so next to it only faults are reported that do not depend on it.
func ParseFiles(files []File) (*Set, error) {
	return parseFiles(files, reading{maxBytes: MaxDocument})
}

// ParseAccepted is ParseFiles for a policy that this or an earlier version of Headgate
// accepted, such as one of a history: what came to be refused since then is read as it was.
func ParseAccepted(files []File) (*Set, error) {
	return parseFiles(files, reading{maxBytes: MaxDocument, accepted: true})
}

func parseFiles(files []File, how reading) (*Set, error) {
	if len(files) == 0 {
		return nil, errors.New("a policy needs at least one file, none is given")
	}
	set, faults := parse(files, how)
	if len(faults) > 0 {
		return nil, strict.NewFaults(files, faults)
	}
	return set, nil
}

// reading says how a policy is read.
type reading struct {
	maxBytes int  // bytes of all files together
	sent     bool // by a control plane, which judged prices and completed URLs
	accepted bool // by some version: see ParseAccepted
}

// parse reads files of a known origin. There is no set if there are faults.
func parse(files []File, how reading) (*Set, []Fault) {
	c, faults := compile(files, how)
	if len(faults) > 0 {
		return nil, faults
	}
	set := c.doc.Set
	if !how.sent {
		set.noteClasses()
	}
	set.Revision = digest(set.Canonical())
	set.Shape = set.shape()
	return &set, nil
}

// compile reads files and checks them.
func compile(files []File, how reading) (*compiler, []Fault) {
	c := &compiler{how: how, served: make(map[string]placedUse)}
	c.Reading = strict.Read(fields, files, strict.Options{MaxBytes: how.maxBytes, Accepted: how.accepted}, &c.doc)
	c.doc.Prices, c.doc.Traits = price.Builtin(), catalogue.Builtin()
	if c.Whole {
		c.check()
	}
	return c, c.Faults()
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])[:12]
}

// weighted reports whether a use has another weight than the default.
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

// routed returns the policy as far as Envoy's routes follow from it: with a default weight
// everywhere, and the default journal.
func (s *Set) routed() *Set {
	out := *s
	out.Store, out.Journal = Store{}, defaultJournal
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

// compiler makes a Set of a document that was read: it checks what depends on more than
// one section.
type compiler struct {
	*strict.Reading
	how      reading
	doc      document
	backends []string // the defined names, sorted, those with faults included
	uses     []placedUse
	served   map[string]placedUse // the first of uses, by model
}

// check checks what depends on several sections.
func (c *compiler) check() {
	for _, e := range c.Given.Entries("backends") {
		c.backends = append(c.backends, e.Name)
	}
	slices.Sort(c.backends)
	for _, s := range sections {
		if s.check != nil {
			s.check(c)
		}
	}
	c.keepRegions()
}

// defined reports whether a backend has this name, even if it has faults: the chains that
// use it must not cause faults as well.
func (c *compiler) defined(name string) bool {
	_, ok := slices.BinarySearch(c.backends, name)
	return ok
}
