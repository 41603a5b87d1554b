package spool

import (
	"cmp"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/headgate/headgate/policy/policypb"
)

// place is where a record lies.
type place struct {
	seg *segment
	at  int
}

// opened are the exchanges that are not closed, each with the place of its latest record, whose
// file is kept. One that has no place found no room. The spool's is guarded by its lock.
type opened map[string]place

// note notes a record of an exchange, and returns where the one is that it overtakes; nil: there
// is none.
func (o opened) note(k Kind, exchange string, p place) (before *segment, at int) {
	if was := o[exchange]; was.seg != nil {
		before, at = was.seg, was.at
		before.opened--
	}
	if k == Closed {
		delete(o, exchange)
		return before, at
	}
	p.seg.opened++
	o[exchange] = p
	return before, at
}

// in lists what lies in one file.
func (o opened) in(seg *segment) (exchanges []string) {
	for id, p := range o {
		if p.seg == seg {
			exchanges = append(exchanges, id)
		}
	}
	return exchanges
}

// nameOf is the id under which an exchange was opened.
func nameOf(row *policypb.Row) string { return cmp.Or(row.OpenedAs, row.Exchange) }

// The numbers of the fields that name an exchange.
const (
	exchangeField = 1
	openedAsField = 4
)

// nameIn reads nameOf in a record, without the rest of it; false: it is no row.
func nameIn(message []byte) (name string, ok bool) {
	var exchange, openedAs []byte
	for len(message) > 0 {
		field, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			return "", false
		}
		message = message[n:]
		if n = protowire.ConsumeFieldValue(field, kind, message); n < 0 {
			return "", false
		}
		if kind == protowire.BytesType {
			value, _ := protowire.ConsumeBytes(message)
			switch field {
			case exchangeField:
				exchange = value
			case openedAsField:
				openedAs = value
			}
		}
		message = message[n:]
	}
	return cmp.Or(string(openedAs), string(exchange)), true
}
