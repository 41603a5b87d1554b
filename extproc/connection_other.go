//go:build !linux

package extproc

import (
	"net"
	"time"
)

// awaitRead waits afterRead: what the other end of a connection has read is not known here.
func awaitRead(net.Conn) { time.Sleep(afterRead) }
