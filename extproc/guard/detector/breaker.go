package detector

import (
	"context"
	"errors"
	"time"

	"github.com/sony/gobreaker/v2"
)

const (
	// MaxFailures is how many calls in a row may fail before a detector is left alone.
	MaxFailures = 5
	// Rest is for how long it is left alone. One call finds out then if it answers again.
	Rest = 10 * time.Second
)

// breaker leaves a service alone whose last calls failed.
type breaker struct {
	b *gobreaker.CircuitBreaker[[]Answer]
}

func newBreaker(id string) breaker {
	return breaker{gobreaker.NewCircuitBreaker[[]Answer](gobreaker.Settings{
		Name:        id,
		MaxRequests: 1,
		Timeout:     Rest,
		ReadyToTrip: func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= MaxFailures },
		// Who can send one text that a service refuses must not be able to keep it from all others.
		IsSuccessful: func(err error) bool {
			var status statusError
			return err == nil || errors.As(err, &status) && status.ofRequest()
		},
		// The process ends, which says nothing of the service.
		IsExcluded: func(err error) bool { return errors.Is(err, context.Canceled) },
	})}
}

// Execute asks, or returns ErrOpen at once.
func (b breaker) Execute(ask func() ([]Answer, error)) ([]Answer, error) {
	answers, err := b.b.Execute(ask)
	if errors.Is(err, gobreaker.ErrOpenState) || errors.Is(err, gobreaker.ErrTooManyRequests) {
		return nil, ErrOpen
	}
	return answers, err
}
