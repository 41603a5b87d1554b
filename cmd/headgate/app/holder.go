package app

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// holderOf names the process that listens on the port of an address, such as
// "envoy (process 4711)". It is empty if that cannot be known: it is read from /proc,
// where other users' processes do not show their sockets.
func holderOf(addr string) string {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return ""
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return ""
	}
	sockets := map[string]bool{}
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		text, _ := os.ReadFile(table) // another system has none
		listening(string(text), uint16(n), sockets)
	}
	links, _ := filepath.Glob("/proc/[0-9]*/fd/*")
	for _, link := range links {
		if to, err := os.Readlink(link); err == nil && sockets[to] {
			return processOf(link)
		}
	}
	return ""
}

// listening adds the sockets of a table of the kernel's that listen on a port, as links
// of open files name them.
func listening(table string, port uint16, into map[string]bool) {
	const address, state, inode = 1, 3, 9 // columns
	for line := range strings.Lines(table) {
		f := strings.Fields(line)
		if len(f) > inode && f[state] == "0A" && strings.HasSuffix(f[address], fmt.Sprintf(":%04X", port)) {
			into["socket:["+f[inode]+"]"] = true
		}
	}
}

// processOf names the process that has an open file, by the file's link in /proc.
func processOf(link string) string {
	process := filepath.Dir(filepath.Dir(link))
	name, err := os.ReadFile(filepath.Join(process, "comm"))
	if err != nil {
		return "" // it has ended
	}
	return fmt.Sprintf("%s (process %s)", strings.TrimSpace(string(name)), filepath.Base(process))
}
