package source

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// markFile is the name of a mark: a file beside the change's own, which stays as it
// is. It holds the mark's text.
var markFile = regexp.MustCompile(`^([0-9]{6,})\.(taken|rejected)$`)

func (h *Folder) markFile(number int, m Mark) string {
	return filepath.Join(h.path, fmt.Sprintf("%06d.%s", number, m))
}

// Mark implements History.
func (h *Folder) Mark(number int, m Mark, text string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.lacks(number, m) {
		h.note(note{number, m, text})
		_ = os.WriteFile(h.markFile(number, m), []byte(text+"\n"), 0o640)
	}
}

// readMarks learns what other processes noted. The caller holds the mutex.
func (h *Folder) readMarks(entries []fs.DirEntry) error {
	var fresh []note
	for _, e := range entries {
		parts := markFile.FindStringSubmatch(e.Name())
		if parts == nil {
			continue
		}
		number, err := strconv.Atoi(parts[1])
		if err != nil || !h.lacks(number, Mark(parts[2])) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(h.path, e.Name()))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		fresh = append(fresh, note{number, Mark(parts[2]), strings.TrimSpace(string(text))})
	}
	h.note(fresh...)
	return nil
}
