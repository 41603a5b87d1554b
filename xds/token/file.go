package token

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"strings"
	"syscall"

	"github.com/headgate/headgate/policy/regular"
	"github.com/headgate/headgate/xds/secretfile"
)

// FileName is the name of a control plane's token in its state folder.
const FileName = "xds.token"

// maxFile is how long the file of a token is at most, in bytes.
const maxFile = 256

const prefix = "hgx-"

var secretForm = regexp.MustCompile(`^` + prefix + `[a-z2-7]{26}$`)

// Make makes the file of a token, which its owner alone can read, unless there is one. Of several
// processes that make it at once all have the same.
func Make(path string) error {
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		_, err := read(path)
		return err
	}
	if err := secretfile.Create(path, prefix+strings.ToLower(rand.Text())+"\n"); err != nil {
		return fmt.Errorf("token: %w", err)
	}
	_, err := read(path)
	return err
}

// Exposed reports whether users beyond its owner and group can read or write a file.
func Exposed(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().Perm()&0o007 != 0
}

// read returns the secret in a file. An error quotes nothing of it.
func read(path string) (string, error) {
	secret, _, err := readFile(path)
	return secret, err
}

// readOwn is read for a file that nobody but this process's user can have written, or can read.
func readOwn(path string) (string, error) {
	secret, info, err := readFile(path)
	if err != nil {
		return "", err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || int(stat.Uid) != os.Geteuid() || info.Mode().Perm()&0o077 != 0 {
		return "", fmt.Errorf("token: %s is not of this process's user alone: name the file with --xds-token-file if it is the control plane's", path)
	}
	return secret, nil
}

func readFile(path string) (string, fs.FileInfo, error) {
	data, info, err := regular.ReadStat(path, maxFile)
	if err != nil {
		return "", nil, fmt.Errorf("token: %w", err)
	}
	secret := strings.TrimSpace(string(data))
	if !secretForm.MatchString(secret) {
		return "", nil, fmt.Errorf("token: %s holds none: remove it, and the control plane makes one as it starts", path)
	}
	return secret, info, nil
}
