package main

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/headgate/headgate/cmd/headgate/app"
)

// checkOptionalSocket is app.CheckSocket for a socket that may be left out.
func checkOptionalSocket(flag, path string) error {
	if path == "" {
		return nil
	}
	return app.CheckSocket(flag, path)
}

// defaultNode is the id of a pair that is not given one.
const defaultNode = "headgate-1"

// defaultSocket is the socket at which a pair's Envoy meets its ext_proc server, unless
// another one is given to both.
const defaultSocket = "/run/headgate/extproc.sock"

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
