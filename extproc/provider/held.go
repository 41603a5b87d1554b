package provider

import (
	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/dialect"
	"github.com/headgate/headgate/extproc/exchange"
)

// heldEvents reads the first events of a stream that Envoy holds. It implements
// exchange.Reader.
type heldEvents struct {
	events
	dialect    dialect.Backend
	unstreamed unstreamed
	gunzip     *gunzip // nil: the stream is not compressed
	bomb       func()  // is called if it is one
}

// readEvents has the events of an attempt's answer read. Whatever they say is content.
func (p *plan) readEvents(at *exchange.Attempt) {
	d := p.pool.find(at.Backend, at.Model).dialect
	h := &heldEvents{dialect: d, events: events{decoder: d.Decoder(true)}}
	if isGzip(at.Headers.Get("content-encoding")) {
		h.gunzip, h.bomb = newGunzip(), func() { p.stage.bombed(at.Backend) }
	}
	at.Reader = h
}

// Read implements exchange.Reader.
func (h *heldEvents) Read(piece []byte, last bool) ([]canon.Event, error) {
	if h.gunzip != nil {
		plain, err := h.gunzip.chunk(piece)
		if tooMuch(err) {
			h.bomb()
		}
		if err != nil {
			h.torn = canon.Malformed(err.Error())
		}
		piece = plain
	}
	piece, taken := h.unstreamed.take(piece, last || h.torn != nil)
	if taken {
		return h.unstreamed.events(h.dialect), nil
	}
	return h.events.Read(piece, last)
}

// Close implements exchange.Reader.
func (h *heldEvents) Close() {
	if h.gunzip != nil {
		h.gunzip.stop()
	}
}

// unpackHeld makes what is held of a whole answer plain, once the end of it is there. What
// cannot be unpacked stays as it is, and cannot be read.
func (p *plan) unpackHeld(at *exchange.Attempt) {
	defer func() { at.Held = unmarked(at.Held) }()
	if !at.Complete || !isGzip(at.Headers.Get("content-encoding")) {
		return
	}
	switch plain, err := unzip(at.Held); {
	case err == nil:
		at.Held = plain
	case tooMuch(err):
		p.stage.bombed(at.Backend)
	}
}
