package spool

import (
	"errors"
	"fmt"
	"os"

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
	of        *generation
	recovered bool // an earlier process has written it: nothing is added

	// Guarded by the spool's lock.
	next    int  // where the next frame begins
	writing int  // records that are being written
	opened  int  // exchanges whose latest record is here and that are not closed
	taken   int  // how far a shipper has read
	acked   int  // how far the control plane has it
	synced  int  // how far it is on the disk
	marked  bool // records were overtaken that are on the disk as they were
}

// create makes a file with all the space that it will take.
func create(folder string, of *generation, number uint64) (*segment, error) {
	path := filePath(folder, of.number, number)
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	s := &segment{path: path, file: f, of: of, next: len(magic), taken: len(magic), acked: len(magic)}
	if err := s.prepare(); err != nil {
		s.remove()
		return nil, err
	}
	return s, nil
}

func (s *segment) prepare() (err error) {
	if err = allocate(s.file, segmentSize); err != nil {
		return fmt.Errorf("reserving %d MiB of disk: %w", segmentSize>>20, err)
	}
	if s.mem, err = unix.Mmap(int(s.file.Fd()), 0, segmentSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED); err != nil {
		return fmt.Errorf("mapping: %w", err)
	}
	copy(s.mem, magic)
	return nil
}

// open maps a file that an earlier process has left. Its end is found by reading it.
func open(path string, of *generation) (*segment, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	s := &segment{path: path, file: f, of: of, recovered: true, next: len(magic), taken: len(magic), acked: len(magic)}
	if err := s.mapWhole(); err != nil {
		_ = s.close()
		return nil, err
	}
	return s, nil
}

// errUnbegun says that a process was killed as it made a file: nothing was ever written to it.
var errUnbegun = errors.New("nothing was ever written to it")

func (s *segment) mapWhole() error {
	info, err := s.file.Stat()
	if err != nil {
		return err
	}
	if info.Size() == 0 {
		return errUnbegun
	}
	if info.Size() < int64(len(magic)) || info.Size() > segmentSize {
		return fmt.Errorf("%d bytes are no file of a spool", info.Size())
	}
	if s.mem, err = unix.Mmap(int(s.file.Fd()), 0, int(info.Size()), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED); err != nil {
		return fmt.Errorf("mapping: %w", err)
	}
	if head := string(s.mem[:len(magic)]); head == string(make([]byte, len(magic))) {
		return errUnbegun
	} else if head != magic {
		return fmt.Errorf("it is no file of a spool, or of another version")
	}
	return nil
}

// again is the file of one that is over, without its records. What a power cut brings back of them
// the control plane has. It is another segment: an acknowledgement may still come that says how far
// the control plane had the one before.
func (s *segment) again() (*segment, error) {
	clear(s.mem[len(magic):s.next])
	return &segment{path: s.path, file: s.file, mem: s.mem, of: s.of, next: len(magic), taken: len(magic), acked: len(magic)}, s.file.Sync()
}

// close unmaps the file. No slice of its memory may be used afterwards.
func (s *segment) close() error {
	if s.mem != nil {
		_ = unix.Munmap(s.mem) // an error means that it is not mapped
		s.mem = nil
	}
	return s.file.Close()
}

// remove deletes the file.
func (s *segment) remove() {
	_ = s.close() // nothing of it is needed any more
	_ = os.Remove(s.path)
}
