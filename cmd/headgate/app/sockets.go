package app

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// socketFolder makes a private folder for sockets: their paths are bounded to
// some hundred bytes, which a data folder deep in a tree would exceed.
func socketFolder(l *lifecycle) (string, error) {
	dir, err := os.MkdirTemp("", "headgate-")
	if err != nil {
		return "", fmt.Errorf("socket folder: %w", err)
	}
	l.started("socket folder", func(context.Context) error { return os.RemoveAll(dir) })
	return dir, CheckSocket("the socket in TMPDIR", filepath.Join(dir, "extproc.sock"))
}

// socketsLink is the link in a data folder to the folder of its gateway's sockets.
const socketsLink = "sockets"

// linkSockets has the data folder lead to the folder of sockets, and removes that of a gateway that
// was killed. The caller has reserved the data folder, so that one has no other process. On a file
// system without links nothing is found, or removed.
func linkSockets(l *lifecycle, data, sockets string) {
	link := filepath.Join(data, socketsLink)
	if left, err := os.Readlink(link); err == nil {
		removeSockets(left)
		_ = os.Remove(link)
	}
	if os.Symlink(sockets, link) == nil {
		l.started("link to the socket folder", func(context.Context) error { return os.Remove(link) })
	}
}

// removeSockets removes the sockets in a folder, and the folder if nothing else is in it. What
// stays hinders nobody.
func removeSockets(folder string) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return
	}
	for _, e := range entries {
		if e.Type() == fs.ModeSocket {
			_ = os.Remove(filepath.Join(folder, e.Name()))
		}
	}
	_ = os.Remove(folder)
}
