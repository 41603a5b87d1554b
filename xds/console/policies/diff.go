package policies

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"

	"github.com/headgate/headgate/policy"
)

// Diff is what a policy would change, by canonical forms: texts that mean the same
// do not differ.
type Diff struct {
	From    string       `json:"from"` // the revision in effect
	To      string       `json:"to"`   // the revision of the files, under what lies over the policy in effect
	Changes []Difference `json:"changes"`
	Overlay []EntryDiff  `json:"overlay,omitempty"` // of each entry that lies over the policy in effect
}

// Difference is one path at which two policies differ. From is missing if To was
// added, To if From was removed.
type Difference struct {
	Path string          `json:"path"`
	Kind Kind            `json:"kind"`
	From json.RawMessage `json:"from,omitempty"`
	To   json.RawMessage `json:"to,omitempty"`
}

// Kind says how a path differs.
type Kind string

// The values of Kind.
const (
	Added   Kind = "added"
	Removed Kind = "removed"
	Changed Kind = "changed"
)

// compare compares the document in effect, and what lies over it, with another document.
func compare(from, to *policy.Set, overlay policy.Overlay) (*Diff, error) {
	a, err := tree(from.Document())
	if err != nil {
		return nil, err
	}
	b, err := tree(to)
	if err != nil {
		return nil, err
	}
	laid, _ := to.Under(overlay)
	d := &Diff{From: from.Revision, To: laid.Revision, Changes: []Difference{}, Overlay: compareOverlay(overlay, from, to)}
	d.values("", a, b)
	return d, nil
}

// tree is the canonical form as maps, lists and leaves. Numbers keep their text.
func tree(s *policy.Set) (v any, err error) {
	d := json.NewDecoder(bytes.NewReader(s.Canonical()))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		return nil, fmt.Errorf("reading the canonical form: %w", err)
	}
	return v, nil
}

func (d *Diff) values(path string, from, to any) {
	if a, ok := from.(map[string]any); ok {
		if b, ok := to.(map[string]any); ok {
			d.maps(path, a, b)
			return
		}
	}
	if a, ok := from.([]any); ok {
		if b, ok := to.([]any); ok {
			d.lists(path, a, b)
			return
		}
	}
	if a, b := raw(from), raw(to); !bytes.Equal(a, b) {
		d.Changes = append(d.Changes, Difference{path, Changed, a, b})
	}
}

func (d *Diff) maps(path string, from, to map[string]any) {
	all := maps.Clone(from)
	maps.Copy(all, to)
	for _, key := range slices.Sorted(maps.Keys(all)) {
		a, inFrom := from[key]
		b, inTo := to[key]
		d.either(join(path, key), a, b, inFrom, inTo)
	}
}

var plainKey = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// join adds a key to a path, as the paths of faults are written.
func join(path, key string) string {
	switch {
	case !plainKey.MatchString(key):
		return path + "[" + strconv.Quote(key) + "]"
	case path == "":
		return key
	}
	return path + "." + key
}

// lists compares by place: a chain's order is its meaning.
func (d *Diff) lists(path string, from, to []any) {
	for i := range max(len(from), len(to)) {
		var a, b any
		if i < len(from) {
			a = from[i]
		}
		if i < len(to) {
			b = to[i]
		}
		d.either(fmt.Sprintf("%s[%d]", path, i), a, b, i < len(from), i < len(to))
	}
}

func (d *Diff) either(path string, from, to any, inFrom, inTo bool) {
	switch {
	case !inFrom:
		d.Changes = append(d.Changes, Difference{Path: path, Kind: Added, To: raw(to)})
	case !inTo:
		d.Changes = append(d.Changes, Difference{Path: path, Kind: Removed, From: raw(from)})
	default:
		d.values(path, from, to)
	}
}

// raw returns a value as JSON, as readers of a policy write it.
func raw(v any) json.RawMessage {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic("policies: " + err.Error()) // it was decoded from JSON
	}
	return bytes.TrimRight(b.Bytes(), "\n")
}
