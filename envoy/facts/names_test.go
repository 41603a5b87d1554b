package facts_test

import (
	"bytes"
	"net"
	"testing"
)

// nameServer is a DNS server for which every name is 127.0.0.1, once it may answer.
type nameServer struct {
	port   int
	asked  chan struct{} // gives a value for every question
	answer chan struct{} // closed by the test when answers may go out
}

func startNames(t *testing.T) *nameServer {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &nameServer{port: conn.LocalAddr().(*net.UDPAddr).Port, asked: make(chan struct{}, 100), answer: make(chan struct{})}
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.serve(t, conn)
	}()
	t.Cleanup(func() {
		_ = conn.Close()
		<-done
	})
	return s
}

func (s *nameServer) serve(t *testing.T, conn net.PacketConn) {
	buf := make([]byte, 512)
	for {
		n, from, err := conn.ReadFrom(buf)
		if err != nil {
			return // closed
		}
		s.asked <- struct{}{}
		select {
		case <-s.answer:
		case <-t.Context().Done():
			return
		}
		_, _ = conn.WriteTo(localhost(buf[:n]), from)
	}
}

// localhost answers a question of one name: 127.0.0.1, for a minute.
func localhost(query []byte) []byte {
	const header = 12
	end := header + bytes.IndexByte(query[header:], 0) + 1 + 4 // the name, its type and class
	out := append([]byte(nil), query[:end]...)
	copy(out[2:], []byte{0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0})                     // a response with one answer
	return append(out, 0xc0, header, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1) // the question's name, A, IN
}
