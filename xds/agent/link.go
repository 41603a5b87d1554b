package agent

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"go.uber.org/zap"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/headgate/headgate/policy/pairpb"
)

// LinkVersion is the minor version of the protocol between a pair and its control plane. One
// version less or more is understood by both.
const LinkVersion = 1

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

// oldPlane is how long a control plane without links is left alone: it may be upgraded.
const oldPlane = 30 * time.Second

// keepLink keeps a link over a connection until ctx is done.
func (a *Agent) keepLink(ctx context.Context, conn *grpc.ClientConn) {
	wait, failed := backOffBase, failureLog{}
	for ctx.Err() == nil {
		began := time.Now()
		err := a.link(ctx, conn)
		switch {
		case ctx.Err() != nil:
			return
		case status.Code(err) == codes.Unimplemented:
			wait = oldPlane
		case time.Since(began) > backOffMax:
			wait, failed = backOffBase, failureLog{}
		}
		if failed.shouldLog(conn.Target(), err) {
			a.log.Warn("the control plane takes no rows; they are kept here", zap.Error(err))
		}
		select {
		case <-time.After(wait/2 + rand.N(wait)):
		case <-ctx.Done():
		}
		wait = min(2*wait, backOffMax)
	}
}

// link serves one stream until it ends.
func (a *Agent) link(ctx context.Context, conn *grpc.ClientConn) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := pairpb.NewPairServiceClient(conn).Link(ctx)
	if err != nil {
		return err
	}
	if err := greet(stream, a.options.Node, a.options.Region); err != nil {
		return err
	}
	l := &link{stream: stream, room: make(chan struct{}, inFlight)}
	var listening sync.WaitGroup
	listening.Go(func() {
		defer cancel()
		l.fault = l.listen()
	})
	sent := l.ship(ctx, a.options.Backlog)
	cancel()
	listening.Wait()
	if l.fault != nil {
		return l.fault
	}
	return sent
}

// greet says which version each end speaks.
func greet(stream pairpb.PairService_LinkClient, node, region string) error {
	hello := &pairpb.Hello{Node: node, Region: region, Version: LinkVersion}
	if err := stream.Send(&pairpb.LinkRequest{Message: &pairpb.LinkRequest_Hello{Hello: hello}}); err != nil {
		return err
	}
	answer, err := stream.Recv()
	if err != nil {
		return err
	}
	if answer.GetWelcome() == nil {
		return fmt.Errorf("the control plane answered hello with %T", answer.GetMessage())
	}
	return nil
}

// link is a stream that both ends have greeted on.
type link struct {
	stream pairpb.PairService_LinkClient
	room   chan struct{} // of batches in flight
	fault  error         // why nothing more comes

	mu      sync.Mutex
	first   uint64   // number of the oldest batch in flight
	waiting []func() // of the batches in flight, in their order
}

// ship sends what there is, until ctx is done.
func (l *link) ship(ctx context.Context, b Backlog) error {
	b.Rewind()
	for number := uint64(1); ; number++ {
		select {
		case l.room <- struct{}{}:
		case <-ctx.Done():
			return ctx.Err()
		}
		rows, taken, err := b.Next(ctx)
		if err != nil {
			return err
		}
		l.mu.Lock()
		l.first = number - uint64(len(l.waiting))
		l.waiting = append(l.waiting, taken)
		l.mu.Unlock()
		batch := &pairpb.Rows{Number: number, Rows: rows}
		if err := l.stream.Send(&pairpb.LinkRequest{Message: &pairpb.LinkRequest_Rows{Rows: batch}}); err != nil {
			return err
		}
	}
}

// listen takes what the control plane says, until the stream ends.
func (l *link) listen() error {
	for {
		m, err := l.stream.Recv()
		if err != nil {
			return err
		}
		if t := m.GetTaken(); t != nil {
			l.taken(t.GetNumber())
		}
	}
}

// taken lets go of the batches up to a number.
func (l *link) taken(number uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.waiting) > 0 && l.first <= number {
		l.waiting[0]()
		l.waiting = l.waiting[1:]
		l.first++
		<-l.room
	}
}
