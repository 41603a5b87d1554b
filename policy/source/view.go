package source

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// view is what a path leads to at one moment: through which names, and to what.
type view struct {
	folders map[string]bool // without symbolic links; a change of the policy shows in one of them
	names   map[string]bool // in these folders, as whole paths, on which the policy depends
	folder  string          // at the end of the path; empty: there is none
	notes   strings.Builder // links, sizes, times and modes of all that was met
}

const root = string(filepath.Separator)

// look follows a path through every symbolic link. In the mount of a ConfigMap that
// finds ..data, which is what the kubelet replaces.
func look(path string) *view {
	v := &view{folders: make(map[string]bool), names: make(map[string]bool)}
	abs, err := filepath.Abs(path)
	if err != nil {
		v.note(path, err) // the working directory is gone: nothing can be read either
		return v
	}
	at, info := v.follow(root, abs)
	if info == nil || !info.IsDir() {
		return v
	}
	v.folder, v.folders[at] = at, true
	entries, err := os.ReadDir(at)
	if err != nil {
		v.note(at, err)
	}
	for _, e := range entries {
		if named(e.Name()) {
			v.follow(at, e.Name())
		}
	}
	return v
}

// stamp is the same for two views that differ in nothing that can be seen without
// reading the files.
func (v *view) stamp() string { return v.notes.String() }

// concerns reports whether a change of this path may change the policy.
func (v *view) concerns(path string) bool {
	return v.names[path] || v.folders[path] || filepath.Dir(path) == v.folder && named(filepath.Base(path))
}

// links bounds the symbolic links of one path, as the kernel does.
const links = 40

// follow walks a path from a folder that holds no symbolic link, and notes every
// name on the way that may come to mean something else. It returns the
// end of the path; if nothing is there it returns no info, and the missing name is noted.
func (v *view) follow(at, path string) (string, os.FileInfo) {
	rest := parts(path)
	for followed := 0; followed <= links; {
		next := filepath.Join(at, rest[0])
		rest = rest[1:]
		info, err := os.Lstat(next)
		switch {
		case err != nil:
			v.depend(at, next)
			v.note(next, err)
			return next, nil
		case info.Mode()&os.ModeSymlink != 0:
			v.depend(at, next)
			target, err := os.Readlink(next)
			v.note(next, target, err)
			if filepath.IsAbs(target) {
				at = root
			}
			rest = append(parts(target), rest...)
			followed++
		case len(rest) == 0:
			v.depend(at, next)
			v.note(next, info.Mode())
			if !info.IsDir() { // a folder's own time is also that of names that do not matter
				v.note(info.Size(), info.ModTime().UnixNano())
			}
			return next, info
		default:
			at = next
		}
	}
	return at, nil
}

func (v *view) depend(folder, name string) { v.folders[folder], v.names[name] = true, true }

func (v *view) note(what ...any) { fmt.Fprintln(&v.notes, what...) }

// parts returns the names of a path, at least one.
func parts(path string) []string {
	return strings.Split(strings.Trim(filepath.Clean(path), root), root)
}
