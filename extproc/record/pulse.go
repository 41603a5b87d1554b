package record

import (
	"sync/atomic"
	"time"
)

const (
	// beat is how often the process shows that it runs.
	beat = 100 * time.Millisecond
	// stall is a gap between two beats in which Envoy may have given up on an answer.
	stall = 400 * time.Millisecond
	// maxDoubt bounds how long after a stall rows are in doubt.
	maxDoubt = 30 * time.Second
)

// pulse notices that the process stood still, stopped or starved. What it answers then,
// Envoy may have given up on already: only Envoy's account shows that, because its stream
// ends as every other. It is safe for concurrent use.
type pulse struct {
	began time.Time
	timer *time.Timer
	last  atomic.Int64 // time of the latest beat, since it began
	doubt atomic.Int64 // until when rows are in doubt, since it began
}

func newPulse() *pulse {
	p := &pulse{began: time.Now()}
	p.timer = time.AfterFunc(time.Hour, p.beat)
	p.timer.Reset(beat)
	return p
}

func (p *pulse) beat() {
	now := time.Since(p.began)
	if gap := now - time.Duration(p.last.Load()); gap > stall {
		p.doubt.Store(int64(now + min(gap, maxDoubt) + Wait))
	}
	p.last.Store(int64(now))
	p.timer.Reset(beat)
}

// stalled reports whether the process stood still a short while ago.
func (p *pulse) stalled() bool {
	now := int64(time.Since(p.began))
	return now-p.last.Load() > int64(stall) || now < p.doubt.Load()
}

func (p *pulse) stop() { p.timer.Stop() }
