package purge

import "errors"

// Why a purge is not made.
var (
	ErrInvalid = errors.New("the purge cannot be made as asked")
	ErrFull    = errors.New("as many purges are active as there may be")
)

// Refusal says that a purge is not made because of what was asked, or of what is active. It is one
// of the errors above.
type Refusal struct {
	kind error
	text error
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
