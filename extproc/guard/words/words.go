// Package words finds words and phrases of a list: the policy's, and that of a file.
//
// The promise: what the list has is found as whole words, whatever their case and whatever blanks
// and punctuation stand between them, in time that does not grow with the list. The trap: the file
// is read when a policy is taken, so that a change of it counts from the next policy on.
package words

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/headgate/headgate/extproc/guard/content/phrase"
	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/regular"
)

const (
	maxLines = 100_000
	maxFile  = 4 << 20 // bytes
)

// New makes the scanner of what a policy says, and reads its file. The error is for operators, has
// every bad line up to the tenth, and quotes none.
func New(p *policy.WordsGuard) (*phrase.List, error) {
	if p.File == "" {
		return phrase.NewList(p.Type, p.Words)
	}
	read, err := readFile(p.File)
	if err != nil {
		return nil, fmt.Errorf("reading words: %w", err)
	}
	return phrase.NewList(p.Type, slices.Concat(p.Words, read))
}

func readFile(name string) ([]string, error) {
	text, err := regular.Read(name, maxFile)
	if err != nil {
		return nil, err
	}
	phrases, err := readLines(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(phrases) == 0 {
		return nil, fmt.Errorf("%s: there is no word in it", name)
	}
	return phrases, nil
}

// readLines reads one phrase a line.
func readLines(r io.Reader) (phrases []string, err error) {
	var faults []error
	size, n := 0, 0
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		n++
		if size += len(lines.Bytes()) + 1; size > maxFile || n > maxLines {
			return nil, fmt.Errorf("the file has more than %d bytes or %d lines", maxFile, maxLines)
		}
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		if err := phrase.Check(line); err != nil {
			faults = append(faults, fmt.Errorf("line %d: %w", n, err))
		}
		if phrases = append(phrases, line); len(faults) == 10 {
			break
		}
	}
	if errors.Is(lines.Err(), bufio.ErrTooLong) {
		return nil, fmt.Errorf("line %d: a line has at most %d bytes", n+1, bufio.MaxScanTokenSize)
	}
	return phrases, errors.Join(append(faults, lines.Err())...)
}
