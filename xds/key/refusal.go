package key

import (
	"errors"
	"fmt"
)

// Why a change is not made.
var (
	ErrInvalid  = errors.New("the key cannot be made as asked")
	ErrNotFound = errors.New("there is no such key")
	ErrTaken    = errors.New("another key has the name")
	ErrEnded    = errors.New("the key was revoked or has expired")
)

// Refusal says that what was asked is not done because of what was asked. It is one of the
// errors above.
type Refusal struct {
	kind error
	text error
}

func refuse(kind error, format string, args ...any) error {
	return &Refusal{kind, fmt.Errorf(format, args...)}
}

// Error says what was wrong.
func (r *Refusal) Error() string { return r.text.Error() }

// Unwrap returns the kind of refusal.
func (r *Refusal) Unwrap() error { return r.kind }

// fault is an error that is the database's, and not a refusal; nil: there is none.
func fault(err error) error {
	if refusal := (*Refusal)(nil); errors.As(err, &refusal) {
		return nil
	}
	return err
}
