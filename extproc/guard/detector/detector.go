// Package detector is what guards share that ask another service: a client with bounds, a
// breaker, a memory of earlier answers, and counts.
//
// The promise: a detector that is dead, slow or wrong costs a request no more than one call's
// time limit and, after a few failures, nothing; a text that was answered lately is not asked
// about again; no error holds a text. The trap: calls outlive the exchange that began them, since
// others may wait for the same answer, so an Ask sees copies of texts and never a Subject.
package detector

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/singleflight"

	"github.com/headgate/headgate/extproc/guard/content"
)

// parallel is how many calls one subject has under way at most.
const parallel = 4

// Options say which detector is asked, and how.
type Options struct {
	Guard     string        // its name in the policy, also a metric label
	ID        string        // of the service and of how it is asked: its breaker and what is remembered belong to the ID
	Timeout   time.Duration // of one call
	MaxBytes  int           // of texts in one call, less than MinBytes counts as that; a longer text is split
	MaxPieces int           // in one call; 0: any number
	// Remember is how long an answer stands for the same text. 0: nothing is remembered, and all
	// texts are asked about every time, the same one twice if it stands twice.
	Remember time.Duration
	// Context returns what an answer depends on beside the text; nil: on nothing.
	Context func(*content.Subject, *content.Text) []string
}

// Ask asks a service in one call about the pieces of a question and returns an answer to each, in
// their order. The context ends with the time limit. Errors hold no text. It is safe for
// concurrent use.
type Ask func(context.Context, *Question) ([]Answer, error)

// Question is what one call asks. Of calls that several exchanges share it is that of the first.
type Question struct {
	Output   bool // the pieces are of an answer, not of a request
	Exchange string
	Model    string
	Caller   string
	Team     string
	Pieces   []Piece
}

// Answer is what a service says of a piece. It must not be changed once it is given.
type Answer struct {
	content.Opinion // whose findings are in the piece
	// Whole says that the opinion is of the question, and nothing says of which piece: it is not
	// remembered.
	Whole bool
}

// Detector is one service, as one guard of a policy asks it. It is safe for concurrent use.
type Detector struct {
	o       Options
	service Ask
	shared  *Shared
	breaker breaker
	metrics *guardMetrics
	flights singleflight.Group
}

// Check asks about a subject what is not remembered, in as few calls as the bounds allow. With an
// error the opinion holds what was found nonetheless; what was not answered stays unknown. The
// error is a *Failure.
func (d *Detector) Check(ctx context.Context, s *content.Subject) (content.Opinion, error) {
	a := d.split(s)
	calls, ctx := errgroup.WithContext(ctx)
	calls.SetLimit(parallel)
	for _, batch := range d.batches(a.unknown()) {
		calls.Go(func() error { return d.answer(ctx, s, batch) })
	}
	err := calls.Wait()
	return a.opinion(), err
}

// answer fills in the answers to a batch. It waits until there are some or the context ends; the
// call goes on then, for others who wait for it and for the memory.
func (d *Detector) answer(ctx context.Context, s *content.Subject, batch []*entry) error {
	if err := ctx.Err(); err != nil { // another call failed: no further one is begun
		return waiting(err)
	}
	q := question(s, batch)
	detached := context.WithoutCancel(ctx)
	flight := d.flights.DoChan(d.flightKey(batch), func() (any, error) { return d.call(detached, q, batch) })
	select {
	case <-ctx.Done():
		return waiting(ctx.Err())
	case done := <-flight:
		answers, ok := done.Val.([]Answer)
		if done.Err != nil || !ok {
			return done.Err
		}
		for i, e := range batch {
			e.answer = &answers[i]
		}
		return nil
	}
}

// call asks the service and remembers what it says.
func (d *Detector) call(ctx context.Context, q *Question, batch []*entry) ([]Answer, error) {
	ctx, leave, err := d.shared.enter(ctx)
	if err != nil {
		return nil, d.metrics.count(err)
	}
	defer leave()
	ctx, cancel := context.WithTimeout(ctx, d.o.Timeout)
	defer cancel()
	answers, err := d.breaker.Execute(func() ([]Answer, error) { return d.ask(ctx, q) })
	if err := d.metrics.count(err); err != nil {
		return nil, err
	}
	for i := range answers {
		if d.o.Remember > 0 && !answers[i].Whole {
			d.shared.answers.set(batch[i].key, &answers[i], d.o.Remember)
		}
	}
	return answers, nil
}

// ask asks the service and measures how long that takes.
func (d *Detector) ask(ctx context.Context, q *Question) ([]Answer, error) {
	began := time.Now()
	answers, err := d.service(ctx, q)
	d.metrics.seconds.Observe(time.Since(began).Seconds())
	if err == nil && len(answers) != len(q.Pieces) {
		err = fmt.Errorf("%d answers to %d texts", len(answers), len(q.Pieces))
	}
	return answers, err
}
