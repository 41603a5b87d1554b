package redistest

import (
	"io"
	"net"
	"sync/atomic"
	"testing"
	"time"
)

// Delay stands before a server and hands its answers on late.
type Delay struct {
	Addr    string
	by      atomic.Int64 // nanoseconds
	answers atomic.Int64 // parts of answers that were handed on
}

// StartDelay starts a Delay before a server. It ends with the test.
func StartDelay(t testing.TB, s *Server) *Delay {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	d := &Delay{Addr: l.Addr().String()}
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", s.Addr)
			if err != nil {
				_ = client.Close()
				continue
			}
			go func() {
				_, _ = io.Copy(server, client)
				_ = server.Close()
			}()
			go d.answer(client, server)
		}
	}()
	return d
}

// answer hands on what the server says, until either end has left.
func (d *Delay) answer(client, server net.Conn) {
	defer client.Close()
	buf := make([]byte, 64<<10)
	for {
		n, err := server.Read(buf)
		if err != nil {
			return
		}
		time.Sleep(time.Duration(d.by.Load()))
		if _, err := client.Write(buf[:n]); err != nil {
			return
		}
		d.answers.Add(1)
	}
}

// Set makes answers late by some time from now on.
func (d *Delay) Set(by time.Duration) { d.by.Store(int64(by)) }

// Answers counts the parts of answers that were handed on.
func (d *Delay) Answers() int64 { return d.answers.Load() }

// URL names the server by its Delay.
func (d *Delay) URL() string { return "redis://" + d.Addr }
