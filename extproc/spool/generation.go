package spool

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// generation is what one process has written: files named NUMBER-FILE.spool. As long as it
// lives, and while a later process ships what it has left, NUMBER.lock beside them is locked.
// Numbers go up: no clock orders them.
type generation struct {
	number uint64
	lock   *os.File
	files  int // that exist; guarded by the spool's lock
}

func lockPath(folder string, number uint64) string {
	return filepath.Join(folder, fmt.Sprintf("%08d.lock", number))
}

func filePath(folder string, generation, number uint64) string {
	return filepath.Join(folder, fmt.Sprintf("%08d-%08d.spool", generation, number))
}

// errInUse says that a living process has a generation.
var errInUse = errors.New("in use")

// newGeneration begins a generation after all others in a folder.
func newGeneration(folder string) (*generation, error) {
	all, err := generationsIn(folder)
	if err != nil {
		return nil, err
	}
	number := uint64(1)
	if n := len(all); n > 0 {
		number = all[n-1] + 1
	}
	for ; ; number++ { // past those that begin at this moment
		g, err := lockGeneration(folder, number, os.O_EXCL)
		if errors.Is(err, errInUse) || errors.Is(err, fs.ErrExist) {
			continue
		}
		return g, err
	}
}

// lockGeneration locks a generation; errInUse: a living process has it.
func lockGeneration(folder string, number uint64, flags int) (*generation, error) {
	path := lockPath(folder, number)
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|flags, 0o600)
	if err != nil {
		return nil, fmt.Errorf("spool folder: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		_ = f.Close()
		return nil, errInUse
	}
	if !isAt(f, path) { // whoever held the lock has removed it
		_ = f.Close()
		return nil, errInUse
	}
	return &generation{number: number, lock: f}, nil
}

// isAt reports whether a file is the one at a path.
func isAt(f *os.File, path string) bool {
	opened, err := f.Stat()
	named, err2 := os.Stat(path)
	return err == nil && err2 == nil && os.SameFile(opened, named)
}

// end unlocks a generation. One without files leaves nothing.
func (g *generation) end() {
	if g.files == 0 {
		_ = os.Remove(g.lock.Name())
	}
	_ = g.lock.Close() // no error of it changes anything
}

// generationsIn lists the generations in a folder, the oldest first.
func generationsIn(folder string) (all []uint64, err error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, fmt.Errorf("spool folder: %w", err)
	}
	for _, e := range entries {
		if n, _, ok := numbersOf(e.Name()); ok {
			all = append(all, n)
		}
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

// filesOf lists the files of a generation, the oldest first.
func filesOf(folder string, generation uint64) (paths []string, err error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, fmt.Errorf("spool folder: %w", err)
	}
	var numbers []uint64
	for _, e := range entries {
		if g, n, ok := numbersOf(e.Name()); ok && g == generation && n > 0 {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	for _, n := range numbers {
		paths = append(paths, filePath(folder, generation, n))
	}
	return paths, nil
}

// numbersOf reads the name of a file: of which generation it is, and its number there, from 1;
// 0: it is the generation's lock.
func numbersOf(name string) (generation, number uint64, ok bool) {
	if base, lock := strings.CutSuffix(name, ".lock"); lock {
		generation, err := strconv.ParseUint(base, 10, 64)
		return generation, 0, err == nil && name == filepath.Base(lockPath("", generation))
	}
	base, _ := strings.CutSuffix(name, ".spool")
	g, n, _ := strings.Cut(base, "-")
	generation, err := strconv.ParseUint(g, 10, 64)
	number, err2 := strconv.ParseUint(n, 10, 64)
	return generation, number, err == nil && err2 == nil && number > 0 && name == filepath.Base(filePath("", generation, number))
}
