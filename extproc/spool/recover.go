package spool

import (
	"errors"
	"os"
	"slices"
	"time"

	"go.uber.org/zap"
	"google.golang.org/protobuf/proto"

	"github.com/headgate/headgate/policy/policypb"
)

// takeOverEvery is how often it is asked whether a process that shares the folder has ended.
const takeOverEvery = time.Second

// left is what processes have left that have ended.
type left struct {
	segments []*segment // the oldest first
	open     opened
}

// takeOver takes over what processes have left that have ended. It reports whether one lives
// that has files here. It is called by one goroutine at a time.
func (s *Spool) takeOver() (busy bool, err error) {
	numbers, err := generationsIn(s.options.Folder)
	if err != nil {
		return false, err
	}
	all := left{open: opened{}}
	for _, n := range numbers {
		if _, mine := s.generations[n]; mine {
			continue
		}
		g, err := lockGeneration(s.options.Folder, n, 0)
		if errors.Is(err, errInUse) {
			busy = true
			continue
		}
		if err == nil {
			err = s.read(g, &all)
		}
		if err != nil {
			return busy, err
		}
	}
	s.add(&all)
	return busy, nil
}

// read maps the files of a generation, and follows what was open in them.
func (s *Spool) read(g *generation, all *left) error {
	paths, err := filesOf(s.options.Folder, g.number)
	if err != nil {
		g.end()
		return err
	}
	s.generations[g.number], g.files = g, len(paths)
	for _, path := range paths {
		seg, err := open(path, g)
		if errors.Is(err, errUnbegun) && os.Remove(path) == nil {
			g.files--
			continue
		}
		if err != nil {
			s.options.Log.Error("a file of the spool cannot be read; it stays where it is", zap.String("file", path), zap.Error(err))
			continue
		}
		all.segments = append(all.segments, seg)
		s.follow(seg, all.open)
	}
	if g.files == 0 {
		g.end()
		delete(s.generations, g.number)
	}
	return nil
}

// follow reads a file to the end of its records.
func (s *Spool) follow(seg *segment, open opened) {
	for {
		k, message, size, state := frameAt(seg.mem, seg.next)
		if state == nothing {
			seg.synced = seg.next
			return
		}
		if state == whole && k != void {
			if name, ok := nameIn(message); ok {
				_, _ = open.note(k, name, place{seg, seg.next})
			}
		}
		seg.next += size
	}
}

// add has what was left shipped, before what this process writes, and a row of each exchange
// that was not closed.
func (s *Spool) add(all *left) {
	names := make([]string, 0, len(all.open))
	for name := range all.open {
		names = append(names, name)
	}
	slices.Sort(names)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.segments = append(all.segments, s.segments...)
	for _, name := range names {
		p := all.open[name]
		row := &policypb.Row{}
		_, message, _, _ := frameAt(p.seg.mem, p.at)
		if err := proto.Unmarshal(message, row); err != nil || nameOf(row) != name {
			s.options.Log.Error("a record of an exchange cannot be read", zap.String("exchange", name), zap.Error(err))
			p.seg.opened--
			continue
		}
		s.open[name] = p
		s.late = append(s.late, row)
	}
	signal(s.ready)
	signal(s.room)
}

// watch takes over what other processes leave, until none is left.
func (s *Spool) watch() {
	tick := time.NewTicker(takeOverEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-s.done:
			return
		}
		busy, err := s.takeOver()
		if err != nil {
			s.options.Log.Error("what another process has left cannot be taken over", zap.Error(err))
		}
		if !busy && err == nil {
			return
		}
	}
}
