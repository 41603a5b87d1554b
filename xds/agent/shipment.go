package agent

import (
	"context"
	"sync"
	"time"

	"github.com/headgate/headgate/policy/pairpb"
)

// Backlog is what a pair keeps until its control plane has it for good. Next and Rewind are
// called by one goroutine at a time, taken by any.
type Backlog interface {
	// Next returns rows that were not returned since Rewind, and waits until there are any.
	Next(ctx context.Context) (rows [][]byte, taken func(), err error)
	// Rewind has what was not taken returned again.
	Rewind()
}

// inFlight is how many batches may wait for the control plane's word. A control plane that
// takes none has no more sent.
const inFlight = 8

// Rows gather between two batches, so that those which end one by one share a message and a
// transaction of the control plane. After a batch of fullBatch bytes more is waiting already.
const (
	gather    = 50 * time.Millisecond
	fullBatch = 512 << 10
)

// shipment is the rows that one link carries.
type shipment struct {
	batches chan *pairpb.Rows // to be sent
	room    chan struct{}     // of batches in flight

	mu      sync.Mutex
	first   uint64   // number of the oldest batch in flight
	waiting []func() // of the batches in flight, in their order
}

func newShipment() *shipment {
	return &shipment{batches: make(chan *pairpb.Rows), room: make(chan struct{}, inFlight)}
}

// fetch has what there is sent, until ctx is done.
func (s *shipment) fetch(ctx context.Context, b Backlog) {
	b.Rewind()
	for number := uint64(1); ; number++ {
		select {
		case s.room <- struct{}{}:
		case <-ctx.Done():
			return
		}
		rows, taken, err := b.Next(ctx)
		if err != nil {
			return
		}
		s.mu.Lock()
		s.first = number - uint64(len(s.waiting))
		s.waiting = append(s.waiting, taken)
		s.mu.Unlock()
		select {
		case s.batches <- &pairpb.Rows{Number: number, Rows: rows}:
		case <-ctx.Done():
			return
		}
		if sizeOf(rows) < fullBatch {
			time.Sleep(gather) // shorter than anybody waits for the end of a link
		}
	}
}

func sizeOf(rows [][]byte) (n int) {
	for _, row := range rows {
		n += len(row)
	}
	return n
}

// taken lets go of the batches up to a number.
func (s *shipment) taken(number uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.waiting) > 0 && s.first <= number {
		s.waiting[0]()
		s.waiting = s.waiting[1:]
		s.first++
		<-s.room
	}
}
