// Package labelled reads labelled data by which detectors and caches are measured: a JSON object in
// each line.
//
// The promise: an error names the line at fault, and a file without data is one. The trap: keys that
// nobody asks for are not looked at, so a misspelled optional one is missing.
package labelled

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// maxLine bounds a line, in bytes.
const maxLine = 64 << 20

// Read reads each line that is not blank by of. What names what a line holds, in errors.
func Read[T any](from io.Reader, what string, of func(line []byte) (T, error)) (all []T, err error) {
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, maxLine)
	n := 0
	for lines.Scan() {
		n++
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		one, err := of(lines.Bytes())
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		all = append(all, one)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("line %d: %w", n+1, err)
	}
	if len(all) == 0 {
		return nil, errors.New("there is no labelled " + what + " in it")
	}
	return all, nil
}

// Positive reads a label: 1 is one, 0 is none.
func Positive(label json.RawMessage) (bool, error) {
	switch text := string(label); text {
	case "0":
		return false, nil
	case "1":
		return true, nil
	default:
		return false, fmt.Errorf("label must be 0 or 1, is %.40s", text)
	}
}
