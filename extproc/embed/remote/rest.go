package remote

import (
	"context"
	"errors"
	"time"

	"github.com/sony/gobreaker/v2"

	"github.com/headgate/headgate/extproc/self"
)

// ErrResting says that a model is not asked, because it gave no answer in time lately.
var ErrResting = errors.New("it gave no answer in time lately, and is left alone")

const (
	// maxLate is how many calls in a row may end by the timeout until the model is left alone, so
	// that not every request waits for one that is silent.
	maxLate = 3
	// rest is for how long. Then one call finds out whether it answers again.
	rest = 5 * time.Second
)

// breaker keeps requests from waiting for a model that is silent.
type breaker struct {
	*gobreaker.CircuitBreaker[*self.Answer]
}

// late is an error of a call that took as long as the policy allows. One that ended sooner, because
// of what asked for the vector, says nothing of the model.
type late struct{ error }

// Unwrap returns the error.
func (l late) Unwrap() error { return l.error }

func newBreaker() breaker {
	return breaker{gobreaker.NewCircuitBreaker[*self.Answer](gobreaker.Settings{
		MaxRequests: 1, Timeout: rest,
		ReadyToTrip:  func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= maxLate },
		IsSuccessful: func(err error) bool { return !errors.As(err, &late{}) },
		IsExcluded:   func(err error) bool { return errors.Is(err, context.Canceled) },
	})}
}

// do makes a call that may take so long, unless the model is left alone.
func (b breaker) do(ctx context.Context, own *self.Client, timeout time.Duration, call self.Call) (*self.Answer, error) {
	answer, err := b.Execute(func() (*self.Answer, error) {
		bounded, cancel := context.WithTimeout(ctx, timeout)
		defer cancel()
		answer, err := own.Do(bounded, call)
		if errors.Is(err, self.ErrTimeout) && ctx.Err() == nil {
			err = late{err}
		}
		return answer, err
	})
	if errors.Is(err, gobreaker.ErrOpenState) || errors.Is(err, gobreaker.ErrTooManyRequests) {
		return nil, ErrResting
	}
	return answer, err
}
