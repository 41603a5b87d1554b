package sim

import (
	"bytes"
	"compress/gzip"
)

// sink is the way of a body to the client: encoded, held back or dripped as the
// behaviour says, and counted.
type sink struct {
	x     *exchange
	zip   *gzip.Writer // nil: not encoded
	coded bytes.Buffer
	held  []byte // what a burst waits with
	wrote bool
}

func (x *exchange) sink() *sink {
	k := &sink{x: x}
	if x.Do.Gzip {
		k.zip = gzip.NewWriter(&k.coded)
	}
	return k
}

// write sends b at once, or the client has left and it does not return.
func (k *sink) write(b []byte) {
	if k.zip != nil {
		k.zip.Write(b) // into memory, which does not fail
		k.zip.Flush()
		k.drain()
		return
	}
	k.pass(b)
}

// drain passes on what the encoder has ready.
func (k *sink) drain() {
	k.pass(k.coded.Bytes())
	k.coded.Reset()
}

func (k *sink) pass(b []byte) {
	if k.x.Do.Burst {
		k.held = append(k.held, b...)
		return
	}
	k.raw(b)
}

// release sends what is held back, before the exchange is interrupted.
func (k *sink) release() {
	k.raw(k.held)
	k.held = nil
	if !k.wrote { // the headers alone
		k.x.flush()
	}
}

// close sends the rest of a body.
func (k *sink) close() {
	if k.zip != nil {
		k.zip.Close()
		k.drain()
	}
	k.raw(k.held)
	k.held = nil
}

func (k *sink) raw(b []byte) {
	x := k.x
	for len(b) > 0 {
		n := len(b)
		if x.Do.Drip > 0 {
			n = min(n, x.Do.Drip)
		}
		if k.wrote && x.Do.Pause > 0 {
			x.wait(x.Do.Pause)
		}
		x.write(b[:n])
		x.flush()
		k.wrote = true
		b = b[n:]
	}
}
