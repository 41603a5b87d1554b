package agent

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"go.uber.org/zap"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/headgate/headgate/policy/pairpb"
	"github.com/headgate/headgate/xds/token"
)

// LinkVersion is the minor version of the protocol between a pair and its control plane. One
// version less or more is understood by both. Signals, observations and what is known of the
// fleet came with version 1, purges of findings with version 2, those of entries in the cache with
// version 3.
const LinkVersion = 3

// oldPlane is how long a control plane without links is left alone: it may be upgraded.
const oldPlane = 30 * time.Second

// keepLink keeps a link over a connection until ctx is done.
func (a *Agent) keepLink(ctx context.Context, conn *grpc.ClientConn) {
	wait, failed := backOffBase, failureLog{}
	for ctx.Err() == nil {
		began := time.Now()
		err := a.link(ctx, conn)
		if learnt := (*token.LearntError)(nil); errors.As(err, &learnt) {
			continue
		}
		switch {
		case ctx.Err() != nil:
			return
		case status.Code(err) == codes.Unimplemented:
			wait = oldPlane
		case time.Since(began) > backOffMax:
			wait, failed = backOffBase, failureLog{}
		}
		if failed.shouldLog(conn.Target(), err) {
			a.log.Warn("no link to the control plane; rows are kept here", zap.Error(err))
		}
		select {
		case <-time.After(wait/2 + rand.N(wait)):
		case <-ctx.Done():
		}
		wait = min(2*wait, backOffMax)
	}
}

// link is a stream that both ends have greeted on.
type link struct {
	*shipment
	learning
	stream  pairpb.PairService_LinkClient
	version uint32 // that both ends speak
	keys    incoming
	purged  chan *pairpb.Purged
	*questions
}

// link serves one stream until it ends. One goroutine listens, one waits for rows, and this
// one sends, so that none of them waits for another's peer.
func (a *Agent) link(ctx context.Context, conn *grpc.ClientConn) (err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := pairpb.NewPairServiceClient(conn).Link(ctx)
	if err != nil {
		return err
	}
	l, err := a.greet(stream)
	if err != nil {
		return err
	}
	var fault error
	var others sync.WaitGroup
	others.Go(func() {
		defer cancel()
		fault = a.hear(ctx, l)
	})
	if b := a.options.Backlog; b != nil {
		others.Go(func() { l.fetch(ctx, b) })
	}
	sent := a.talk(ctx, l)
	cancel()
	others.Wait()
	l.running.Wait()
	if fault != nil {
		return fault
	}
	return sent
}

// greet says which version each end speaks.
func (a *Agent) greet(stream pairpb.PairService_LinkClient) (*link, error) {
	hello := &pairpb.Hello{Node: a.options.Node, Region: a.options.Region, Version: LinkVersion}
	if f := a.options.Fleet; f != nil {
		for _, s := range f.Shares() {
			hello.Shares = append(hello.Shares, &pairpb.Share{Model: s.Model, Use: s.Use, Permille: uint32(s.Permille)})
		}
	}
	if k := a.options.Keys; k != nil {
		hello.Keys = k.Have()
	}
	if err := stream.Send(&pairpb.LinkRequest{Message: &pairpb.LinkRequest_Hello{Hello: hello}}); err != nil {
		return nil, err
	}
	answer, err := stream.Recv()
	if err != nil {
		return nil, err
	}
	welcome := answer.GetWelcome()
	if welcome == nil {
		return nil, fmt.Errorf("the control plane answered hello with %T", answer.GetMessage())
	}
	return &link{
		shipment: newShipment(), learning: learning{fleet: a.options.Fleet, began: time.Now()},
		stream: stream, version: min(welcome.GetVersion(), LinkVersion), purged: make(chan *pairpb.Purged, maxPurged),
		questions: newQuestions(a.options.Balances),
	}, nil
}

// talk says what there is to say, until ctx is done.
func (a *Agent) talk(ctx context.Context, l *link) error {
	tick := time.NewTicker(reportEvery)
	defer tick.Stop()
	r := newReports(a.options.Fleet, l.version)
	for {
		if err := r.send(l.stream.Send); err != nil {
			return err
		}
		select {
		case batch := <-l.batches:
			if err := l.stream.Send(&pairpb.LinkRequest{Message: &pairpb.LinkRequest_Rows{Rows: batch}}); err != nil {
				return err
			}
		case purged := <-l.purged:
			if err := r.send(l.stream.Send); err != nil { // what is out of service since
				return err
			}
			if err := l.stream.Send(&pairpb.LinkRequest{Message: &pairpb.LinkRequest_Purged{Purged: purged}}); err != nil {
				return err
			}
		case b := <-l.answers:
			if err := l.stream.Send(&pairpb.LinkRequest{Message: &pairpb.LinkRequest_Balances{Balances: b}}); err != nil {
				return err
			}
		case now := <-tick.C:
			l.complete(now)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// hear takes what the control plane says, until the stream ends.
func (a *Agent) hear(ctx context.Context, l *link) error {
	for {
		m, err := l.stream.Recv()
		if err != nil {
			return err
		}
		switch m := m.GetMessage().(type) {
		case *pairpb.LinkResponse_Taken:
			l.taken(m.Taken.GetNumber())
		case *pairpb.LinkResponse_Fleet:
			now := time.Now()
			l.hear(newsOf(m.Fleet, now), now)
		case *pairpb.LinkResponse_Keys:
			if all := l.keys.add(m.Keys); all != nil && a.options.Keys != nil {
				a.keys.take(all)
			}
		case *pairpb.LinkResponse_Purge:
			l.hearPurge(m.Purge)
		case *pairpb.LinkResponse_Ask:
			l.ask(ctx, m.Ask)
		default: // of a later version
		}
	}
}
