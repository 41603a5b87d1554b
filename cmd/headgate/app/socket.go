package app

import "fmt"

// maxSocket is the greatest length of a Unix socket's path in bytes: the kernel's bound.
const maxSocket = 107

// CheckSocket refuses a path at which no Unix socket can be. Its error begins with the
// name of what gave the path.
func CheckSocket(name, path string) error {
	switch {
	case path == "":
		return fmt.Errorf("%s must be the path of a Unix socket, is empty", name)
	case len(path) > maxSocket:
		return fmt.Errorf("%s must be at most %d bytes long, as every path of a Unix socket, is %d: %s", name, maxSocket, len(path), path)
	}
	return nil
}
