package spool

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"golang.org/x/sys/unix"
	"google.golang.org/protobuf/proto"

	"github.com/headgate/headgate/policy/policypb"
)

// Durable says what a power cut may lose. The death of the process loses nothing.
type Durable string

// The values of Durable.
const (
	DurableFast   Durable = "fast"   // what the kernel had not written by itself, some 30 s
	DurableGroup  Durable = "group"  // the last 50 ms
	DurableStrict Durable = "strict" // nothing that was closed: the end of each exchange waits for the disk
)

// groupEvery is how often DurableGroup waits for the disk.
const groupEvery = 50 * time.Millisecond

// ErrFull says that there is no room for a record: the limit is reached, the disk is full, or
// it is slower than what is written.
var ErrFull = errors.New("the spool is full")

// Options say where a spool lies and what it may take.
type Options struct {
	Folder  string
	Limit   int64 // bytes of all files together
	Durable Durable
	Log     *zap.Logger
}

// Spool is safe for concurrent use. Close must be called, once nothing is appended any more.
type Spool struct {
	options    Options
	metrics    *metrics
	lock       *os.File // held as long as the spool is in use
	generation string

	mu       sync.Mutex
	segments []*segment // in the order in which they are shipped; the last is written to
	open     map[string]*segment
	ready    chan struct{} // something may be shipped; one place
	room     chan struct{} // a file went; one place
	spares   chan *segment

	number  uint64     // of the file that was made last; of the goroutine that makes them
	syncing sync.Mutex // one waits for the disk at a time
	done    chan struct{}
	running sync.WaitGroup
}

// Open begins a generation in a folder, which one process has at a time. What earlier ones
// have left is shipped first.
func Open(o Options, reg prometheus.Registerer) (*Spool, error) {
	if err := os.MkdirAll(o.Folder, 0o750); err != nil {
		return nil, fmt.Errorf("spool folder: %w", err)
	}
	lock, err := reserveFolder(o.Folder)
	if err != nil {
		return nil, err
	}
	s := &Spool{
		options: o, lock: lock, generation: ulid.Make().String(),
		open: make(map[string]*segment), spares: make(chan *segment, 1),
		ready: make(chan struct{}, 1), room: make(chan struct{}, 1), done: make(chan struct{}),
	}
	s.metrics = newMetrics(reg, s)
	if err := s.begin(); err != nil {
		_ = s.closeFiles()
		return nil, err
	}
	s.running.Go(s.makeSpares)
	if o.Durable == DurableGroup {
		s.running.Go(s.syncAgain)
	}
	return s, nil
}

// begin reads what is left and makes the first file.
func (s *Spool) begin() error {
	orphans, err := s.recover()
	if err != nil {
		return err
	}
	if err := s.grow(); err != nil {
		return err
	}
	for _, row := range orphans {
		err := s.Append(Closed, row)
		if errors.Is(err, ErrFull) {
			if err = s.grow(); err == nil {
				err = s.Append(Closed, row)
			}
		}
		if err != nil {
			return fmt.Errorf("spool: what was under way as the process before died: %w", err)
		}
	}
	return s.syncActive()
}

// grow begins a file. It is used before anything else runs.
func (s *Spool) grow() error {
	seg, err := s.create()
	if err == nil {
		s.segments = append(s.segments, seg)
	}
	return err
}

// create makes the next file.
func (s *Spool) create() (*segment, error) {
	seg, err := create(s.options.Folder, s.generation, s.number+1)
	if err != nil {
		return nil, fmt.Errorf("spool: %w", err)
	}
	s.number++
	return seg, nil
}

// reserveFolder makes sure that no other process uses the folder.
func reserveFolder(folder string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(folder, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("spool folder: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("spool folder %s: another process uses it", folder)
	}
	return f, nil
}

// Append writes a record. It waits for no disk but for a Closed one with DurableStrict. The
// row must not change any more. The error is ErrFull, or says that the row cannot be written.
func (s *Spool) Append(k Kind, row *policypb.Row) error {
	message := proto.Size(row)
	seg, at, err := s.place(k, row.Exchange, message)
	if err != nil {
		s.metrics.lost.WithLabelValues(k.String()).Inc()
		return err
	}
	size := frameSize(message)
	if err := write(seg.mem[at:at+size:at+size], k, row); err != nil {
		s.metrics.lost.WithLabelValues(k.String()).Inc()
		return fmt.Errorf("writing a record: %w", err)
	}
	s.metrics.records.WithLabelValues(k.String()).Inc()
	if k != Closed {
		return nil
	}
	signal(s.ready)
	if s.options.Durable == DurableStrict {
		return s.syncUntil(seg, at+size)
	}
	return nil
}

// place reserves room for a record.
func (s *Spool) place(k Kind, exchange string, message int) (*segment, int, error) {
	size := frameSize(message)
	if size > segmentSize-len(magic) {
		return nil, 0, fmt.Errorf("a record of %d bytes is longer than a file of the spool", message)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	seg := s.segments[len(s.segments)-1]
	if seg.next+size > len(seg.mem) {
		select {
		case seg = <-s.spares:
			s.segments = append(s.segments, seg)
		default:
			return nil, 0, ErrFull
		}
	}
	at := seg.next
	seg.next += size
	reserve(seg.mem, at, message)
	s.pin(k, exchange, seg)
	return seg, at, nil
}

// pin keeps the file in which an exchange began until its row is closed.
func (s *Spool) pin(k Kind, exchange string, seg *segment) {
	began, known := s.open[exchange]
	switch {
	case k == Closed && known:
		began.opened--
		delete(s.open, exchange)
	case k != Closed && !known:
		seg.opened++
		s.open[exchange] = seg
	}
}

// makeSpares keeps a file ready.
func (s *Spool) makeSpares() {
	failed := false
	for {
		seg, err := s.spare()
		switch {
		case err == nil:
			failed = false
			select {
			case s.spares <- seg:
			case <-s.done:
				seg.remove()
				return
			}
			continue
		case !failed:
			s.options.Log.Error("the spool cannot grow: what it has no room for is lost", zap.Error(err))
			failed = true
		}
		select {
		case <-s.room:
		case <-time.After(time.Second):
		case <-s.done:
			return
		}
	}
}

// spare makes a file if the limit allows it.
func (s *Spool) spare() (*segment, error) {
	if used := s.bytes(); used+segmentSize > s.options.Limit {
		return nil, fmt.Errorf("%d bytes are in use, and %d are the limit", used, s.options.Limit)
	}
	return s.create()
}

// bytes is how much disk the files take.
func (s *Spool) bytes() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := int64(len(s.spares)) * segmentSize
	for _, seg := range s.segments {
		n += int64(len(seg.mem))
	}
	return n
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Close stops what runs and leaves the files to the next generation.
func (s *Spool) Close() error {
	close(s.done)
	s.running.Wait()
	select {
	case seg := <-s.spares:
		seg.remove()
	default:
	}
	return errors.Join(s.syncActive(), s.closeFiles())
}

func (s *Spool) closeFiles() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []error
	for _, seg := range s.segments {
		all = append(all, seg.close())
	}
	s.segments = nil
	return errors.Join(append(all, s.lock.Close())...)
}
