package takeover

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"slices"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// errNobody says that no process answers for a seat: the one that has it begins or ends just
// now.
var errNobody = errors.New("nobody answers")

// before is the process that has the seat while another one prepares to.
type before struct {
	pid   int
	conn  *net.UnixConn
	files map[string]*os.File // listeners by name
}

// Bounds of what a process hands over.
const (
	maxFiles = 16
	maxText  = 4096
)

// ask has the process that has the seat of a socket hand over its listeners.
func ask(ctx context.Context, socket string) (*Seat, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", doorPath(socket))
	if errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, fs.ErrNotExist) {
		return nil, errNobody
	}
	if err != nil {
		return nil, fmt.Errorf("socket %s: asking process %s for it: %w", socket, holder(socket), err)
	}
	p := &before{conn: conn.(*net.UnixConn), files: map[string]*os.File{}}
	lock, err := p.receive(ctx, socket)
	if err != nil {
		p.close()
		return nil, err
	}
	return newSeat(socket, lock, p)
}

// receive gets the listeners and the lock.
func (p *before) receive(ctx context.Context, socket string) (lock *os.File, err error) {
	deadline, _ := ctx.Deadline()
	_ = p.conn.SetDeadline(deadline)
	if _, err := io.WriteString(p.conn, sayTake+"\n"); err != nil {
		return nil, errNobody
	}
	text, rights := make([]byte, maxText), make([]byte, unix.CmsgSpace(4*maxFiles))
	n, m, _, _, err := p.conn.ReadMsgUnix(text, rights)
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, fmt.Errorf("socket %s: process %s has it and does not answer: end that first", socket, holder(socket))
	case err != nil || n == 0:
		return nil, errNobody
	}
	fds, err := descriptors(rights[:m])
	if err != nil {
		return nil, err
	}
	var h handover
	err = json.Unmarshal(text[:n], &h)
	switch {
	case err != nil:
		err = fmt.Errorf("socket %s: process %s hands it over in another way: %w", socket, holder(socket), err)
	case h.Error != "":
		err = fmt.Errorf("socket %s: process %d has it, but %s", socket, h.PID, h.Error)
	case len(h.Names) != len(fds) || !slices.Contains(h.Names, lockName):
		err = fmt.Errorf("socket %s: process %d hands over %d files with %d names", socket, h.PID, len(fds), len(h.Names))
	}
	if err != nil {
		for _, fd := range fds {
			_ = unix.Close(fd)
		}
		return nil, err
	}
	p.pid = h.PID
	for i, name := range h.Names {
		if name == lockName {
			lock = os.NewFile(uintptr(fds[i]), lockPath(socket))
			continue
		}
		p.files[name] = os.NewFile(uintptr(fds[i]), name)
	}
	return lock, nil
}

// descriptors are those that came with a message.
func descriptors(rights []byte) (all []int, err error) {
	messages, err := unix.ParseSocketControlMessage(rights)
	if err != nil {
		return nil, fmt.Errorf("files that were handed over: %w", err)
	}
	for i := range messages {
		fds, err := unix.ParseUnixRights(&messages[i])
		if err != nil {
			return nil, fmt.Errorf("files that were handed over: %w", err)
		}
		for _, fd := range fds {
			unix.CloseOnExec(fd)
		}
		all = append(all, fds...)
	}
	return all, nil
}

// end makes the process stop accepting. One that has ended, or stands still, does not accept
// either.
func (p *before) end() {
	_ = p.conn.SetDeadline(time.Now().Add(patience))
	if _, err := io.WriteString(p.conn, sayServe+"\n"); err == nil {
		_, _ = bufio.NewReader(p.conn).ReadString('\n')
	}
	p.close()
}

// close ends the talk with the process, which serves on if it was not ended.
func (p *before) close() {
	_ = p.conn.Close()
	for name, f := range p.files {
		_ = f.Close() // whoever inherited it has a descriptor of its own
		delete(p.files, name)
	}
}
