package app

import (
	"context"
	"time"
)

// shipTime is how long the last rows may take to reach the control plane.
const shipTime = 3 * time.Second

// finish lets end what is under way while everything is there that it needs, Envoy's way to its
// attempts among it. Whoever asks meanwhile is refused, until another process takes over.
func (p *Extproc) finish(ctx context.Context) error {
	if p.place.succeeded() {
		return nil
	}
	p.finishBy = time.Now().Add(p.grace)
	p.log.Info("stopping: refusing new requests, and letting answers that are under way end")
	ctx, cancel := context.WithDeadline(ctx, p.finishBy)
	defer cancel()
	go func() {
		select {
		case <-p.place.seat.Succeeded():
			cancel()
		case <-ctx.Done():
		}
	}()
	if p.data.server.Finish(ctx) {
		p.ship(ctx)
	}
	return nil
}

// ship waits until the control plane has the rows of what has ended, if it is there: the disk may
// go with this process.
func (p *Extproc) ship(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, shipTime)
	defer cancel()
	p.data.closer.Await(ctx)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for p.data.spool != nil && p.link != nil && p.link.agent.Linked() && p.data.spool.Backlog() > 0 {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}
