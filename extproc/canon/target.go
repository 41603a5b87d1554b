package canon

import (
	"github.com/headgate/headgate/policy/quirk"
	"github.com/headgate/headgate/policy/trait"
)

// Target is where an attempt goes, as far as the body's form depends on it.
type Target struct {
	Model     string    // the model's name at the backend
	MaxTokens int64     // that the model answers with at most; 0: not known
	Quirks    quirk.Set // of the server
	Traits    trait.Set // of the model
	Stream    bool      // a stream is asked for, also by a client that wants a whole answer
}

// UnsupportedKind says what leaving a field out does to an answer.
type UnsupportedKind uint8

// The kinds of unsupported fields.
const (
	// Tuning fields shape an answer that is still the one asked for: they are
	// left out or approximated, and named in a warning.
	Tuning UnsupportedKind = iota
	// Meaning fields change what the answer is: the request is refused, or the
	// backend skipped, unless the policy says drop.
	Meaning
	// Impossible is what no policy can drop: nothing would be left to ask.
	Impossible
)

// Unsupported is a part of a request that a dialect cannot express.
type Unsupported struct {
	Field string // its path in the client's body
	Kind  UnsupportedKind
	Why   string // a clause for a person: what the backend lacks
}

// Extra reports members that the client's own dialect did not know. Prefix ends
// in a dot or is empty. An empty or false one counts as absent.
func Extra(u []Unsupported, prefix string, extra []Member) []Unsupported {
	for _, m := range extra {
		switch {
		case m.Read || Void(m.Value):
			continue
		case m.Tuning:
			u = append(u, Unsupported{Field: prefix + string(m.Name), Why: "there is no such field"})
		case m.Why != "":
			u = append(u, Unsupported{Field: prefix + string(m.Name), Kind: Meaning, Why: m.Why})
		default:
			u = append(u, Unsupported{Field: prefix + string(m.Name), Kind: Meaning, Why: "the field is not known"})
		}
	}
	return u
}

// Lack says what leaving out a tool that only its own dialect understands does to an answer.
func (t *Tool) Lack() UnsupportedKind {
	if t.Offered {
		return Tuning
	}
	return Meaning
}

// refersToItem is the type of an item of OpenAI's Responses that stands for another.
const refersToItem = "item_reference"

// RefersToItem reports whether a part stands for an item that its server keeps, and says
// what a server lacks that keeps none.
func (p *Part) RefersToItem() (why string, refers bool) {
	return "no responses are kept there: send the item itself", p.Kind == Other && string(p.Type) == refersToItem
}

// Beside reports what stands in a part besides its main member, if the part goes: its
// breakpoint of a cache, and members that its reader did not know.
func Beside(u []Unsupported, p *Part) []Unsupported {
	const gone = "what it is of is left out"
	at := p.Place.Path() + "."
	if p.Cache != nil {
		u = append(u, Unsupported{Field: p.CachePath(), Why: gone})
	}
	for _, m := range p.Extra {
		u = append(u, Unsupported{Field: at + string(m.Name), Why: gone})
	}
	return u
}

// Dropped are the paths, in the client's body, of what an encoder left out or
// only approximated.
type Dropped []string

// Fields returns the paths of unsupported fields.
func Fields(unsupported []Unsupported) Dropped {
	if len(unsupported) == 0 {
		return nil
	}
	d := make(Dropped, len(unsupported))
	for i := range unsupported {
		d[i] = unsupported[i].Field
	}
	return d
}

// Client is what an answer's encoder must know of the client.
type Client struct {
	Request *Request // what the client asked, if it was decoded; ids and names of calls must go with it
	Own     bool     // the backend speaks the client's dialect
	Model   string   // that the client asked for, if the backend named none
	ID      string   // of the exchange, if the backend gave the answer none
	Created int64    // Unix seconds, if the backend gave none
	Usage   bool     // the client asked for the usage event of a stream
	Input   int64    // tokens of input, estimated: shown until the backend has counted
	Asked   []byte   // the request's body, by which Input is estimated if it is 0; nil: it is not
	Said    *int64   // bytes of text that came so far, by which output is estimated that is not counted; nil: not known
}
