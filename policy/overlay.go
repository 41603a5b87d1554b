package policy

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"
)

// An Overlay is what acts on top of an operator's document by itself, without a change
// of that document: see Set.Under. Its zero value is empty.
//
// It is ready for further kinds of entries, and holds no list that nothing would act on.
// A kind that is added is one more list here with its own Entry type, one more key of
// the stored form and one more member of the oneof on the wire. A reader that does not
// know the key says so (Unknown), because it cannot have the effect; a pair that does not
// know the member needs not, because the effect is in the document that it is sent.
type Overlay struct {
	Simulated []Simulated `json:"simulated,omitempty"`
	Weights   []Weights   `json:"weights,omitempty"`
	Drained   []Drained   `json:"drained,omitempty"`

	unknown string // what UnmarshalJSON did not understand; empty: nothing
}

// Laid says who laid an entry, why, and until when it acts.
type Laid struct {
	Author string    `json:"author,omitempty"`
	Reason string    `json:"reason,omitempty"`
	Since  time.Time `json:"since,omitzero"`
	Expiry time.Time `json:"expiry,omitzero"` // zero: until it is taken back
}

// By returns the receiver: entries embed it.
func (l Laid) By() Laid { return l }

// expired reports whether the entry must not act any more.
func (l Laid) expired(now time.Time) bool { return !l.Expiry.IsZero() && !now.Before(l.Expiry) }

// Entry is one entry of an overlay. There is one for each Place and kind.
type Entry interface {
	By() Laid
	// Place returns what of the document the entry acts on, such as models.m.chain[0].
	Place() string
	// Effect says in words what it does there.
	Effect() string

	kind() string
	faults(document *Set) []Fault // why it cannot act on a document; none: it can
	lay(on *Set)                  // acts on a set whose maps and chains may be changed
}

// Describe says in one line what an entry does, who laid it, why, and until when.
func Describe(e Entry) string {
	text, by := e.Place()+": "+e.Effect(), e.By()
	if by.Author != "" {
		text += ", by " + by.Author
	}
	if !by.Since.IsZero() {
		text += " since " + by.Since.UTC().Format(time.RFC3339)
	}
	if !by.Expiry.IsZero() {
		text += " until " + by.Expiry.UTC().Format(time.RFC3339)
	}
	if by.Reason != "" {
		text += ": " + by.Reason
	}
	return lineEnds.Replace(text)
}

// lineEnds keeps on one line what people have written.
var lineEnds = strings.NewReplacer("\n", `\n`, "\r", `\r`)

// Kinds returns the kinds of entries, as Entries counts them.
func Kinds() []string { return []string{Simulated{}.kind(), Weights{}.kind(), Drained{}.kind()} }

// KindOf returns which of Kinds an entry is of.
func KindOf(e Entry) string { return e.kind() }

// Entries returns the entries of all kinds, in a fixed order.
func (o Overlay) Entries() []Entry {
	all := make([]Entry, 0, len(o.Simulated)+len(o.Weights)+len(o.Drained))
	for _, e := range o.Simulated {
		all = append(all, e)
	}
	for _, e := range o.Weights {
		all = append(all, e)
	}
	for _, e := range o.Drained {
		all = append(all, e)
	}
	return all
}

// only returns the overlay with the entries of which keep says so.
func (o Overlay) only(keep func(Entry) bool) Overlay {
	return Overlay{
		Simulated: those(o.Simulated, keep), Weights: those(o.Weights, keep), Drained: those(o.Drained, keep), unknown: o.unknown,
	}
}

func those[E Entry](all []E, keep func(Entry) bool) (out []E) {
	for _, e := range all {
		if keep(e) {
			out = append(out, e)
		}
	}
	return out
}

// With returns the overlay with the entries of another one in addition. An entry
// replaces the one of its kind that acts on the same place.
func (o Overlay) With(more Overlay) Overlay {
	return Overlay{
		Simulated: merged(o.Simulated, more.Simulated), Weights: merged(o.Weights, more.Weights), Drained: merged(o.Drained, more.Drained),
		unknown: cmp.Or(o.unknown, more.unknown),
	}
}

func merged[E Entry](below, above []E) []E {
	all := those(below, func(e Entry) bool {
		return !slices.ContainsFunc(above, func(a E) bool { return a.Place() == e.Place() })
	})
	all = append(all, above...)
	slices.SortStableFunc(all, func(a, b E) int { return cmp.Compare(a.Place(), b.Place()) })
	return all
}

// At returns what of the overlay still acts at a moment, and what has expired.
func (o Overlay) At(now time.Time) (acts, expired Overlay) {
	over := func(e Entry) bool { return e.By().expired(now) }
	return o.only(func(e Entry) bool { return !over(e) }), o.only(over)
}

// Expiry returns when the first of the entries expires; zero: none does.
func (o Overlay) Expiry() (first time.Time) {
	for _, e := range o.Entries() {
		if at := e.By().Expiry; !at.IsZero() && (first.IsZero() || at.Before(first)) {
			first = at
		}
	}
	return first
}

// IsZero reports whether the overlay has no entry, known or not.
func (o Overlay) IsZero() bool { return len(o.Entries()) == 0 && o.unknown == "" }

// Equal reports whether two overlays have the same entries.
func (o Overlay) Equal(p Overlay) bool { return bytes.Equal(o.stored(), p.stored()) }

// stored is the overlay as JSON: the same entries give the same bytes.
func (o Overlay) stored() []byte {
	data, err := json.Marshal(o)
	if err != nil {
		panic("policy: overlay: " + err.Error()) // texts, numbers and times only
	}
	return data
}

// UnmarshalJSON reads a stored overlay. One that a later version has written may hold
// what this version does not know: that is no error here, but of Unknown.
func (o *Overlay) UnmarshalJSON(data []byte) error {
	type plain Overlay
	if err := json.Unmarshal(data, (*plain)(o)); err != nil {
		return err
	}
	strict := json.NewDecoder(bytes.NewReader(data))
	strict.DisallowUnknownFields()
	if err := strict.Decode(new(plain)); err != nil {
		o.unknown = err.Error()
	}
	return nil
}

// Unknown returns why the overlay must not be laid over anything: it holds what this
// version of Headgate does not know.
func (o Overlay) Unknown() error {
	if o.unknown == "" {
		return nil
	}
	return errors.New("an overlay of a later version of Headgate: " + strings.TrimPrefix(o.unknown, "json: "))
}
