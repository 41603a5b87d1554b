package extproc

import (
	"net"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// awaitRead waits until the other end of a connection has read what was written, but no longer
// than mostUnread, and then afterRead.
func awaitRead(conn net.Conn) {
	for end := time.Now().Add(mostUnread); unreadBytes(conn) > 0 && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
	time.Sleep(afterRead)
}

// unreadBytes is how much memory holds what the other end has not read yet, in bytes; 0 if that is
// not known.
func unreadBytes(conn net.Conn) (n int) {
	with, ok := conn.(syscall.Conn)
	if !ok {
		return 0
	}
	raw, err := with.SyscallConn()
	if err != nil {
		return 0
	}
	_ = raw.Control(func(fd uintptr) { n, _ = unix.IoctlGetInt(int(fd), unix.SIOCOUTQ) })
	return n
}
