package spool

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// segmentSize is the size of a file, in bytes.
const segmentSize = 4 << 20

// magic begins every file. What follows it are frames.
const magic = "hgspool1"

// segment is one file of records, mapped into memory.
type segment struct {
	path      string
	file      *os.File
	mem       []byte
	recovered bool // an earlier process has written it

	// Guarded by the spool's lock.
	next   int // where the next frame begins
	opened int // exchanges whose first record is here and that are not closed
	taken  int // how far a shipper has read
	acked  int // how far the control plane has it
	synced int // how far it is on the disk
}

// create makes a file with all the space that it will take.
func create(folder, generation string, number uint64) (*segment, error) {
	path := filepath.Join(folder, fmt.Sprintf("%s-%08d.spool", generation, number))
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	s := &segment{path: path, file: f, next: len(magic), taken: len(magic), acked: len(magic)}
	if err := s.prepare(); err != nil {
		_ = f.Close()
		_ = os.Remove(path)
		return nil, err
	}
	return s, nil
}

func (s *segment) prepare() (err error) {
	if err = allocate(s.file, segmentSize); err != nil {
		return fmt.Errorf("reserving %d bytes: %w", segmentSize, err)
	}
	if s.mem, err = unix.Mmap(int(s.file.Fd()), 0, segmentSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED); err != nil {
		return fmt.Errorf("mapping: %w", err)
	}
	copy(s.mem, magic)
	return nil
}

// open maps a file that an earlier process has left. Its end is found by reading it.
func open(path string) (*segment, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && info.Size() < int64(len(magic)) {
		err = fmt.Errorf("%d bytes are no spool", info.Size())
	}
	s := &segment{path: path, file: f, recovered: true, taken: len(magic), acked: len(magic)}
	if err == nil {
		s.mem, err = unix.Mmap(int(f.Fd()), 0, int(info.Size()), unix.PROT_READ, unix.MAP_SHARED)
	}
	if err == nil && string(s.mem[:len(magic)]) != magic {
		err = fmt.Errorf("it is no spool of this version")
	}
	if err != nil {
		_ = s.close()
		return nil, err
	}
	for s.next = len(magic); ; {
		_, _, size, state := frameAt(s.mem, s.next)
		if state == nothing {
			s.synced = s.next
			return s, nil
		}
		s.next += size
	}
}

// close unmaps the file. No slice of its memory may be used afterwards.
func (s *segment) close() error {
	if s.mem != nil {
		_ = unix.Munmap(s.mem) // an error means that it is not mapped
		s.mem = nil
	}
	return s.file.Close()
}

// generationOf returns whose file a name is; empty: it is no spool's.
func generationOf(name string) (generation string, number uint64) {
	base, ok := strings.CutSuffix(name, ".spool")
	generation, digits, found := strings.Cut(base, "-")
	n, err := strconv.ParseUint(digits, 10, 64)
	if !ok || !found || err != nil {
		return "", 0
	}
	return generation, n
}
