package adminkey

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/headgate/headgate/policy/regular"
	"github.com/headgate/headgate/xds/secretfile"
)

// FileName is the name of a control plane's own key in its state folder.
const FileName = "admin.key"

// maxFile is how long a file with a key is at most, in bytes.
const maxFile = 256

var localSecret = regexp.MustCompile(`^` + prefix + `[a-z2-7]{26}$`)

// File is a file with a control plane's own key.
type File struct{ path string }

// OpenFile returns the file at a path, and makes it if there is none. Of several control planes
// that make it at once all have the same key.
func OpenFile(path string) (*File, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("admin key: %w", err)
	}
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		if err := secretfile.Create(path, prefix+random()+"\n"); err != nil {
			return nil, fmt.Errorf("admin key: %w", err)
		}
	}
	if _, err := ReadFile(path); err != nil {
		return nil, err
	}
	return &File{path}, nil
}

// Path is where the file is.
func (f *File) Path() string { return f.path }

// Exposed reports whether others than its owner can read or write the file.
func (f *File) Exposed() bool {
	info, err := os.Stat(f.path)
	return err == nil && info.Mode().Perm()&0o077 != 0
}

// secret reads the file anew: whoever replaces it replaces the key. A file that is gone has
// none.
func (f *File) secret() string {
	if f == nil {
		return ""
	}
	secret, _ := ReadFile(f.path) // which is then no key
	return secret
}

// ReadFile returns the key in a control plane's file. An error quotes nothing of it.
func ReadFile(path string) (string, error) {
	data, err := regular.Read(path, maxFile)
	if err != nil {
		return "", fmt.Errorf("admin key: %w", err)
	}
	secret := strings.TrimSpace(string(data))
	if !localSecret.MatchString(secret) {
		return "", fmt.Errorf("admin key: %s holds none: remove it, and the control plane makes one as it starts", path)
	}
	return secret, nil
}
