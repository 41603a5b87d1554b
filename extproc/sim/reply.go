package sim

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/headgate/headgate/extproc/sim/wire"
)

// fail answers with an error.
func (x *exchange) fail(e *wire.Error) {
	if x.Do.ErrorAs != "" {
		contentType, body := foreign(x.Do.ErrorAs, e)
		x.reply(e.Status, contentType, body, Usage{})
		return
	}
	if e.HTML {
		x.reply(e.Status, htmlType, []byte(wire.BadGateway), Usage{})
		return
	}
	x.reply(e.Status, jsonType, x.errorBody(e), Usage{})
}

// failWith answers with an error that came up while the answer was made.
func (x *exchange) failWith(err error) {
	var e *wire.Error
	if !errors.As(err, &e) {
		e = &wire.Error{Status: http.StatusInternalServerError, Type: "server_error", Message: err.Error()}
	}
	x.fail(e)
}

func (x *exchange) errorBody(e *wire.Error) []byte {
	return x.dialect.AppendError(nil, e, x.served.RequestID)
}

// reply answers with a whole body, which costs u once a byte of it is sent.
func (x *exchange) reply(status int, contentType string, body []byte, u Usage) {
	if status == http.StatusOK && x.Do.Error != nil {
		body = x.dialect.Failed(&x.Turn, x.inBand())
	}
	x.before(x.generation(&u))
	x.served.Status = status
	x.served.Usage = u
	if status == http.StatusOK && x.Call != nil {
		x.served.ID = x.idOf(body)
	}
	body = x.mangle(body)
	x.head(contentType)
	if x.Do.ContentLength != nil {
		x.misstate(status, body)
		return
	}
	x.w.Header()["Content-Length"] = []string{strconv.Itoa(len(body))}
	x.w.WriteHeader(status)
	x.silence()
	x.send(body)
}

// generation returns how long the model takes to write an answer.
func (x *exchange) generation(u *Usage) time.Duration {
	if x.Do.TPS == 0 {
		return 0
	}
	return time.Duration(float64(u.TotalOutput()) / x.Do.TPS * float64(time.Second))
}

// idOf returns the answer's id, if the body has it.
func (x *exchange) idOf(body []byte) string {
	if id := x.answerID(); bytes.Contains(body[:min(len(body), 1024)], []byte(id)) {
		return id
	}
	return ""
}

// before plays what comes before the headers.
func (x *exchange) before(more time.Duration) {
	if x.Do.HangHeaders {
		x.hang()
	}
	if d := x.Do.TTFT + more; d > 0 {
		x.wait(d)
	}
	switch {
	case x.Do.Cut != nil && *x.Do.Cut < 0:
		x.cut()
	case x.Do.Reset != nil && *x.Do.Reset < 0:
		x.reset()
	}
}

// silence plays what comes between the headers and the body.
func (x *exchange) silence() {
	if x.Do.Silence > 0 {
		x.flush()
		x.wait(x.Do.Silence)
	}
}

// mangle breaks, shortens and encodes a JSON body as scripted, in this order.
func (x *exchange) mangle(body []byte) []byte {
	if p := x.Do.Malformed; p != nil {
		at := min(*p, len(body))
		body = append(append(append([]byte(nil), body[:at]...), 0), body[at:]...)
	}
	if p := x.Do.Truncate; p != nil {
		at := min(*p, len(body))
		if at < 0 {
			at = len(body) / 2
		}
		body = body[:at]
	}
	if x.Do.BOM {
		body = append([]byte(bom), body...)
	}
	if x.Do.Gzip {
		var coded bytes.Buffer
		z := gzip.NewWriter(&coded)
		z.Write(body) // into memory, which does not fail
		z.Close()
		body = coded.Bytes()
	}
	return body
}

// send sends a body, up to where the script interrupts it: before its last byte,
// since a client that has read a whole body sees no interruption.
func (x *exchange) send(body []byte) {
	at, act := x.interruption(max(0, len(body)-1))
	if act == nil && x.Do.Drip == 0 {
		x.write(body)
		return
	}
	k := &sink{x: x} // already encoded
	k.raw(body[:min(at, len(body))])
	if act != nil {
		k.release()
		act()
	}
}

// interruption returns the first place at which the script stops an answer of
// this length, and what happens there.
func (x *exchange) interruption(length int) (at int, act func()) {
	at = length + 1
	for _, stop := range []struct {
		at  *int
		act func()
	}{{x.Do.Hang, x.hang}, {x.Do.Cut, x.cut}, {x.Do.Reset, x.reset}} {
		if stop.at != nil && min(*stop.at, length) < at {
			at, act = min(*stop.at, length), stop.act
		}
	}
	return at, act
}

// misstate sends a body under a content-length that is not its own. HTTP/1.1
// bypasses the server for that and closes the connection. HTTP/2 cannot send
// more than it promised and sends less.
func (x *exchange) misstate(status int, body []byte) {
	length := strconv.Itoa(*x.Do.ContentLength)
	h := x.w.Header()
	if x.r.ProtoMajor > 1 {
		h["Content-Length"] = []string{length}
		x.w.WriteHeader(status)
		x.write(body[:min(len(body), *x.Do.ContentLength)])
		return
	}
	conn, _, err := x.rc.Hijack()
	if err != nil {
		x.cut() // no way to lie about the length: a visible fault all the same
	}
	defer conn.Close()
	h["Connection"] = []string{"close"}
	h["Date"] = []string{x.Arrived.UTC().Format(http.TimeFormat)}
	var out bytes.Buffer
	fmt.Fprintf(&out, "HTTP/1.1 %d %s\r\nContent-Length: %s\r\n", status, http.StatusText(status), length)
	h.Write(&out)
	out.WriteString("\r\n")
	head := out.Len()
	out.Write(body)
	n, err := conn.Write(out.Bytes())
	x.served.BytesSent = int64(max(0, n-head))
	if err != nil {
		x.served.Ended = EndedClientGone
	}
}

func (x *exchange) write(b []byte) {
	n, err := x.w.Write(b)
	x.served.BytesSent += int64(n)
	if err != nil {
		x.leave()
	}
}

// flush sends what the server has buffered. A recorder without Flush keeps it.
func (x *exchange) flush() {
	if err := x.rc.Flush(); err != nil && !errors.Is(err, http.ErrNotSupported) {
		x.leave()
	}
}

// wait sleeps, unless the client leaves.
func (x *exchange) wait(d time.Duration) {
	if x.s.clock.Sleep(x.r.Context(), d) != nil {
		x.leave()
	}
}

// leave gives up an exchange whose client has left. It does not return: the
// connection must not end as if the answer were complete.
func (x *exchange) leave() {
	x.served.Ended = EndedClientGone
	panic(http.ErrAbortHandler)
}

// hang waits until the client leaves or the server closes. It does not return.
func (x *exchange) hang() {
	x.served.Ended = EndedHung
	select {
	case <-x.r.Context().Done():
	case <-x.s.closing:
	}
	panic(http.ErrAbortHandler)
}

// cut closes the connection, or with HTTP/2 resets the stream. It does not return.
func (x *exchange) cut() {
	x.served.Ended = EndedCut
	panic(http.ErrAbortHandler)
}

type connKey struct{}

// ConnContext keeps a connection in its requests' context, for the fault reset.
// It is the value for http.Server's field of the same name.
func ConnContext(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, c)
}

// reset breaks the TCP connection with a reset, all HTTP/2 streams included. It
// does not return.
func (x *exchange) reset() {
	conn, _ := x.r.Context().Value(connKey{}).(net.Conn)
	if tls, ok := conn.(interface{ NetConn() net.Conn }); ok {
		conn = tls.NetConn()
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		tcp.SetLinger(0) // fails only where the connection is gone already
	}
	conn.Close()
	x.cut()
}
