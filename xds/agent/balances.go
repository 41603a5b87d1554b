package agent

import (
	"context"
	"sync"
	"time"

	"github.com/headgate/headgate/policy/pairpb"
)

// Balances answers what is left of what a key, named by its id, may consume. It may be called any
// number of times at once.
type Balances func(ctx context.Context, key string) *pairpb.Balances

const (
	// maxQuestions bounds how many questions of a link are answered at once. Of more nothing is
	// said, and whoever asks does not wait for long.
	maxQuestions = 4
	answerWithin = time.Second
)

// questions are those of one link.
type questions struct {
	answer  Balances // nil: nobody answers
	slots   chan struct{}
	answers chan *pairpb.Balances
	running sync.WaitGroup
}

func newQuestions(answer Balances) *questions {
	return &questions{answer: answer, slots: make(chan struct{}, maxQuestions), answers: make(chan *pairpb.Balances)}
}

// ask has a question answered on a goroutine of its own, which ends with the link. It does not
// wait.
func (q *questions) ask(ctx context.Context, m *pairpb.AskBalances) {
	if q.answer == nil {
		return
	}
	select {
	case q.slots <- struct{}{}:
	default:
		return
	}
	q.running.Go(func() {
		defer func() { <-q.slots }()
		within, cancel := context.WithTimeout(ctx, answerWithin)
		defer cancel()
		b := q.answer(within, m.GetKey())
		b.Number = m.GetNumber()
		select {
		case q.answers <- b:
		case <-ctx.Done():
		}
	})
}
