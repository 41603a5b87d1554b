package detector

import (
	"context"
	"errors"
	"fmt"
	"net"
)

// Result is how a call ended. It is a closed set, also a metric label.
type Result string

// The results.
const (
	OK      Result = "ok"
	Refused Result = "refused" // no connection could be made
	Timeout Result = "timeout"
	Open    Result = "open"  // not asked: the breaker is open
	Failed  Result = "error" // another status, or an answer that cannot be understood
)

// Failure is why a detector could not say what it thinks. It holds no text.
type Failure struct {
	Result Result // never OK
	err    error
}

func (f *Failure) Error() string { return f.err.Error() }

// Unwrap returns the cause.
func (f *Failure) Unwrap() error { return f.err }

// waiting is the failure of a caller who has stopped waiting.
func waiting(err error) *Failure {
	return &Failure{Result: ResultOf(err), err: fmt.Errorf("waiting for an answer: %w", err)}
}

// ErrOpen is the cause if a detector was not asked because its last calls failed.
var ErrOpen = errors.New("not asked, because its last calls failed")

// errClosed is the cause if the process ends.
var errClosed = errors.New("not asked, because the process ends")

// ResultOf says how a call ended that returned err.
func ResultOf(err error) Result {
	var known *Failure
	var slow net.Error
	var broken *net.OpError
	switch {
	case err == nil:
		return OK
	case errors.As(err, &known):
		return known.Result
	case errors.Is(err, ErrOpen):
		return Open
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &slow) && slow.Timeout():
		return Timeout
	case errors.As(err, &broken) && broken.Op == "dial":
		return Refused
	}
	return Failed
}
