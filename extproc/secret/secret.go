package secret

import (
	"fmt"

	"go.uber.org/zap/zapcore"
)

// redacted is what every way of printing a Secret shows.
const redacted = "[redacted]"

// Secret is a text that prints as [redacted] whichever way it is printed. Its
// zero value is no secret: Reveal returns "".
type Secret struct {
	// A pointer, because fmt prints unexported fields of a struct that holds a
	// Secret without asking any method; of a pointer it prints the address.
	text *string
}

// NewSecret wraps a text.
func NewSecret(text string) Secret { return Secret{text: &text} }

// Reveal returns the text. Every call of it deserves a look in review.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// String returns "[redacted]".
func (s Secret) String() string { return redacted }

// GoString returns "[redacted]", for %#v.
func (s Secret) GoString() string { return redacted }

// Format writes "[redacted]" for every verb, %x and %d included.
func (s Secret) Format(f fmt.State, _ rune) {
	_, _ = f.Write([]byte(redacted)) // fmt's own buffer does not fail
}

// MarshalJSON returns "[redacted]" as a JSON string.
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }

// MarshalText returns "[redacted]", for YAML, XML and slog.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// MarshalLogObject makes zap log {"secret": "[redacted]"}.
func (s Secret) MarshalLogObject(e zapcore.ObjectEncoder) error {
	e.AddString("secret", redacted)
	return nil
}
