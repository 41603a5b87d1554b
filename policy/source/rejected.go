package source

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// rejectedSuffix ends the name of the file that says why a change was rejected. The
// change's own file stays as it is.
const rejectedSuffix = ".rejected"

// reject notes in the history that the policy in effect was rejected where it should
// be in effect. That it is lost where nothing can be written does not matter: then the
// change that replaces this policy cannot be recorded either.
func (s *Source) reject() {
	now := s.effect.Load()
	if now == nil || now.change.Revision != s.applied {
		return
	}
	if why := s.options.Rejected(); why != nil {
		s.history.reject(now.change.Number, why.Error())
	}
}

func (h *History) reject(number int, why string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range h.changes {
		if h.changes[i].Number == number {
			h.changes[i].Rejected = why
		}
	}
	if h.folder != "" {
		_ = os.WriteFile(strings.TrimSuffix(h.file(number), ".json")+rejectedSuffix, []byte(why+"\n"), 0o640)
	}
}

// readRejected learns which changes were rejected, whichever process noted it. The
// mutex is held.
func (h *History) readRejected() error {
	marks, err := filepath.Glob(filepath.Join(h.folder, "*"+rejectedSuffix))
	if err != nil {
		return err
	}
	marked := make(map[string]bool, len(marks))
	for _, m := range marks {
		marked[m] = true
	}
	for i := range h.changes {
		c := &h.changes[i]
		mark := strings.TrimSuffix(h.file(c.Number), ".json") + rejectedSuffix
		if c.Rejected != "" || !marked[mark] {
			continue
		}
		why, err := os.ReadFile(mark)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		c.Rejected = strings.TrimSpace(string(why))
	}
	return nil
}
