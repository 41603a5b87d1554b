package spool

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"google.golang.org/protobuf/proto"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/policypb"
)

// ErrFull says that there is no room for a record: the limit is reached, the disk is full, or
// it is slower than what is written.
var ErrFull = errors.New("the spool is full")

// reserved is how much of a file, if it may be the last, is kept for exchanges that were opened.
const reserved = segmentSize / 4

// Options say where a spool lies.
type Options struct {
	Folder  string
	Journal policy.Journal // what holds until Use says otherwise
	Log     *zap.Logger
}

// Spool is safe for concurrent use. Close must be called, once nothing is appended any more.
type Spool struct {
	options Options
	metrics *metrics
	own     *generation
	number  uint64 // of its file that was made last; of the goroutine that makes them
	outage  outage
	stalled atomic.Bool // a shipper waits for a record that is being written

	// Of the goroutine that takes over what others leave; before it runs, of Open.
	generations map[uint64]*generation

	mu       sync.Mutex
	journal  policy.Journal
	segments []*segment // in the order in which they are shipped
	active   *segment   // the one that is written to; nil: there is none
	spares   []*segment // the next ones, as far as they are made
	open     opened
	late     []*policypb.Row // closed rows that wait for room
	beyond   bool            // the files take more than the policy allows
	unsynced bool            // records could not be written to the disk

	ready   chan struct{} // something may be shipped; one place
	room    chan struct{} // a file went, or is needed; one place
	syncing sync.Mutex    // one waits for the disk at a time
	done    chan struct{}
	running sync.WaitGroup
}

// Open begins a generation in a folder. What processes have left that have ended is shipped
// first. A full disk is no error.
func Open(o Options, reg prometheus.Registerer) (*Spool, error) {
	if err := os.MkdirAll(o.Folder, 0o750); err != nil {
		return nil, fmt.Errorf("spool folder: %w", err)
	}
	own, err := newGeneration(o.Folder)
	if err != nil {
		return nil, err
	}
	s := &Spool{
		options: o, own: own, journal: o.Journal, generations: map[uint64]*generation{own.number: own}, open: opened{},
		ready: make(chan struct{}, 1), room: make(chan struct{}, 1), done: make(chan struct{}),
	}
	busy, err := s.takeOver()
	if err != nil {
		_ = s.closeFiles()
		return nil, err
	}
	s.metrics = newMetrics(reg, s)
	_, err = s.addSpare()
	s.noteRoom(err)
	s.appendLate()
	s.running.Go(s.keepSpares)
	s.running.Go(s.syncAgain)
	if busy {
		s.running.Go(s.watch)
	}
	return s, nil
}

// Use puts what a policy says of rows into effect.
func (s *Spool) Use(j policy.Journal) {
	s.mu.Lock()
	s.journal = j
	s.mu.Unlock()
	signal(s.room)
}

// Append writes a record. It waits for no disk but for a Closed one if the policy is strict. The
// row must not change any more. The error is ErrFull, or says that the row cannot be written.
func (s *Spool) Append(k Kind, row *policypb.Row) error {
	message := proto.Size(row)
	p, err := s.place(k, nameOf(row), message)
	if err != nil {
		return err
	}
	end := p.at + frameSize(message)
	err = write(p.seg.mem[p.at:end:end], k, row)
	durable := s.noteWritten(k, nameOf(row), p)
	if err != nil {
		return fmt.Errorf("writing a record: %w", err)
	}
	s.metrics.records[k].Inc()
	if k == Closed && durable == policy.DurableStrict {
		_ = s.syncUntil(p.seg, end) // syncAgain meets the same error, and logs it
	}
	if k == Closed && durable != policy.DurableGroup || s.stalled.Swap(false) {
		signal(s.ready) // else it is shipped once it is on the disk
	}
	return nil
}

// place reserves room for a record. What a policy admits that serves nothing without a row is as
// good as opened.
func (s *Spool) place(k Kind, exchange string, message int) (p place, err error) {
	size := frameSize(message)
	if size > segmentSize-len(magic) {
		return p, fmt.Errorf("a record of %d bytes is longer than a file of the spool", message)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	_, known := s.open[exchange]
	known = known || k == Opened && s.journal.WhenFull == policy.WhenFullStop
	if !s.fits(size, known) {
		return p, ErrFull
	}
	p = place{s.active, s.active.next}
	p.seg.next += size
	p.seg.writing++
	reserve(p.seg.mem, p.at, message)
	return p, nil
}

// noteWritten notes that a record is written: the one before it of its exchange counts no more.
// It returns what a power cut may lose.
func (s *Spool) noteWritten(k Kind, exchange string, p place) policy.Durable {
	s.mu.Lock()
	defer s.mu.Unlock()
	p.seg.writing--
	if before, at := s.open.note(k, exchange, p); before != nil {
		overtake(before.mem[at:])
		before.marked = true
	}
	return s.journal.Durable
}

// fits makes sure that the active file has room. The last of a file is for exchanges that
// were opened, if no other file is ready; what is beyond the limit is for them alone.
func (s *Spool) fits(size int, known bool) bool {
	end := segmentSize
	switch {
	case known:
	case s.beyond:
		return false
	case len(s.spares) == 0:
		end -= reserved
	}
	if s.active != nil && s.active.next+size <= end {
		return true
	}
	if len(s.spares) == 0 {
		return false
	}
	s.active, s.spares = s.spares[0], s.spares[1:]
	s.segments = append(s.segments, s.active)
	signal(s.room)
	return true
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Close stops what runs and leaves to a later process what the control plane does not have.
func (s *Spool) Close() error {
	close(s.done)
	s.running.Wait()
	_, err := s.sync()
	return errors.Join(err, s.closeFiles())
}

func (s *Spool) closeFiles() error {
	s.sweep()
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []error
	for _, spare := range s.spares {
		spare.remove()
		s.own.files--
	}
	for _, seg := range s.segments {
		if seg == s.active && seg.over() && len(s.segments) == 1 {
			seg.remove()
			s.own.files--
			continue
		}
		all = append(all, seg.close())
	}
	s.segments, s.active, s.spares = nil, nil, nil
	for _, g := range s.generations {
		g.end()
	}
	return errors.Join(all...)
}
