package source

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// mark is what is learned of a change after it was recorded: a file beside the
// change's own, which stays as it is. It ends in the mark and holds a text.
type mark string

const (
	taken    mark = ".taken"    // somebody who should have it in effect has
	rejected mark = ".rejected" // somebody would not; the text says why
)

func (m mark) put(c *Change, text string) {
	switch m {
	case taken:
		c.Taken = true
	case rejected:
		c.Rejected = text
	}
}

func (m mark) on(c *Change) bool {
	return m == taken && c.Taken || m == rejected && c.Rejected != ""
}

// markNow notes in the history what became of the policy in effect.
func (s *Source) markNow(m mark, text string) {
	if now := s.effect.Load(); now != nil && now.change.Revision == s.applied {
		s.history.mark(now.change.Number, m, text)
	}
}

// reject notes that the policy in effect was rejected where it should be in effect.
func (s *Source) reject() {
	if why := s.options.Rejected(); why != nil {
		s.markNow(rejected, why.Error())
	}
}

// Took notes that a revision is in effect where it should be, if it is the current
// one.
func (s *Source) Took(revision string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.Latest().Revision == revision {
		s.markNow(taken, "")
	}
}

// mark notes something of a change. That it is lost where nothing can be written is
// no error: no other change can be recorded there either, and this one stays.
func (h *History) mark(number int, m mark, text string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range h.changes {
		if c := &h.changes[i]; c.Number == number && !m.on(c) {
			m.put(c, text)
			if h.folder != "" {
				_ = os.WriteFile(h.markFile(number, m), []byte(text+"\n"), 0o640)
			}
		}
	}
}

func (h *History) markFile(number int, m mark) string {
	return strings.TrimSuffix(h.file(number), ".json") + string(m)
}

// readMarks learns what other processes noted. The mutex is held.
func (h *History) readMarks() error {
	for _, m := range []mark{taken, rejected} {
		files, err := filepath.Glob(filepath.Join(h.folder, "*"+string(m)))
		if err != nil {
			return err
		}
		there := make(map[string]bool, len(files))
		for _, f := range files {
			there[f] = true
		}
		for i := range h.changes {
			c := &h.changes[i]
			file := h.markFile(c.Number, m)
			if m.on(c) || !there[file] {
				continue
			}
			text, err := os.ReadFile(file)
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
			m.put(c, strings.TrimSpace(string(text)))
		}
	}
	return nil
}
