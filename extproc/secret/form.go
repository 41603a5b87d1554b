package secret

import (
	"errors"
	"fmt"
	"strings"
)

// Form says why a text is of no use as a secret; nil: it is of use.
type Form func(text string) error

// Key is the form of a key: no blanks.
func Key(text string) error {
	if strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return errors.New("credential holds blanks, line ends or other characters that a header cannot carry")
	}
	return nil
}

// InHeader is the form of a header's value: blanks may stand between words.
func InHeader(text string) error {
	if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' }) || strings.TrimSpace(text) != text {
		return errors.New("credential holds blanks at an end, line ends or other characters that a header cannot carry")
	}
	return nil
}

// minOwn is how long a caller's key is at least, in characters.
const minOwn = 16

// Own is the form of a key with which callers ask the gateway: one that cannot be guessed.
func Own(text string) error {
	if len(text) < minOwn {
		return fmt.Errorf("the key has %d characters: %d are needed at least", len(text), minOwn)
	}
	return Key(text)
}
