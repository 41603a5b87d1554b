package main

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/headgate/headgate/policy/source"
)

// failed gives what could not be done its exit code: of a file that cannot be read, and
// of what is marked as the command line's fault, that is exitUsage.
func failed(err error) error {
	code := exitFault
	var marked *exitError
	var unread *source.ReadError
	switch {
	case errors.As(err, &marked):
		code = marked.code
	case errors.As(err, &unread):
		code = exitUsage
	}
	return &exitError{code, err}
}

// maxSocket is the greatest length of a Unix socket's path in bytes: the kernel's bound.
const maxSocket = 107

// checkSocket refuses a flag's path at which no Unix socket can be.
func checkSocket(flag, path string) error {
	switch {
	case path == "":
		return fmt.Errorf("%s must be the path of a Unix socket, is empty", flag)
	case len(path) > maxSocket:
		return fmt.Errorf("%s must be at most %d bytes long, as every path of a Unix socket, is %d: %s", flag, maxSocket, len(path), path)
	}
	return nil
}

// checkOptionalSocket is checkSocket for a socket that may be left out.
func checkOptionalSocket(flag, path string) error {
	if path == "" {
		return nil
	}
	return checkSocket(flag, path)
}

// checkNode refuses what cannot be the id of a pair, which names a folder, too.
func checkNode(node string) error {
	if node == "" || node == "." || node == ".." || strings.Contains(node, "/") {
		return fmt.Errorf("--node must be a name without a slash, is %q", node)
	}
	return nil
}

// simulatedURL reads --sim.
func simulatedURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return nil, fmt.Errorf("--sim must be a URL such as http://127.0.0.1:9100/v1, is %q", text)
	}
	return u, nil
}
