package purge

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/oklog/ulid/v2"

	"github.com/headgate/headgate/policy/keyform"
)

// Selection says which answers are meant: those of which all holds that it says.
type Selection struct {
	All    bool     `json:"all,omitempty"` // every one; nothing else is said
	IDs    []string `json:"ids,omitempty"` // of entries, any of them
	Caller string   `json:"caller,omitempty"`
	Team   string   `json:"team,omitempty"`
	Model  string   `json:"model,omitempty"`
	Prompt string   `json:"prompt,omitempty"`
	Tag    string   `json:"tag,omitempty"` // that the request had
}

// Bounds of a Selection.
const (
	MaxIDs  = 100
	maxName = 256 // bytes
)

// names are what a selection may say by name.
func (s *Selection) names() [][2]string {
	return [][2]string{{"caller", s.Caller}, {"team", s.Team}, {"model", s.Model}, {"prompt", s.Prompt}, {"tag", s.Tag}}
}

// check returns everything that is wrong with a selection, whose ids it writes as entries have
// them, each once.
func (s *Selection) check() error {
	var faults []error
	said := len(s.IDs) > 0
	for _, name := range s.names() {
		said = said || name[1] != ""
		faults = append(faults, checkName(name[0], name[1]))
	}
	if said == s.All {
		faults = append(faults, errors.New("name what is to be forgotten, by ids, caller, team, model, prompt or tag, or say all: true and nothing else"))
	}
	if len(s.IDs) > MaxIDs {
		faults = append(faults, fmt.Errorf("ids: more than %d", MaxIDs))
	} else {
		faults = append(faults, s.checkIDs())
	}
	return errors.Join(faults...)
}

func (s *Selection) checkIDs() error {
	var faults []error
	ids := make([]string, 0, len(s.IDs))
	for i, text := range s.IDs {
		id, err := ulid.ParseStrict(text)
		if err != nil {
			faults = append(faults, fmt.Errorf("ids[%d]: it is no id of an entry, which has 26 letters and digits", i))
			continue
		}
		ids = append(ids, id.String())
	}
	slices.Sort(ids)
	s.IDs = slices.Compact(ids)
	return errors.Join(faults...)
}

// checkName quotes nothing, because a secret may stand in the place of a name.
func checkName(field, text string) error {
	switch {
	case len(text) > maxName:
		return fmt.Errorf("%s: it has more than %d bytes", field, maxName)
	case !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl):
		return fmt.Errorf("%s: it has what no name has", field)
	case keyform.ID([]byte(text)) != nil:
		return fmt.Errorf("%s: it is a key, and not a name", field)
	}
	return nil
}

// covers reports whether every answer that another selection means is meant, too.
func (s *Selection) covers(other *Selection) bool {
	names, others := s.names(), other.names()
	for i, name := range names {
		if name[1] != "" && name[1] != others[i][1] {
			return false
		}
	}
	if len(s.IDs) == 0 {
		return true
	}
	return len(other.IDs) > 0 && !slices.ContainsFunc(other.IDs, func(id string) bool { return !slices.Contains(s.IDs, id) })
}

// shownIDs is how many ids a text has.
const shownIDs = 3

// String says what is selected, for people.
func (s Selection) String() string {
	if s.All {
		return "all"
	}
	var parts []string
	for _, name := range s.names() {
		if name[1] != "" {
			parts = append(parts, name[0]+" "+name[1])
		}
	}
	if n := min(len(s.IDs), shownIDs); n > 0 {
		parts = append(parts, strings.Join(append([]string{"ids"}, s.IDs[:n]...), " "))
		if more := len(s.IDs) - n; more > 0 {
			parts = append(parts, fmt.Sprintf("%d more ids", more))
		}
	}
	return strings.Join(parts, ", ")
}
