package client

import (
	"strings"

	"github.com/headgate/headgate/extproc/exchange"
)

// upgrades reports whether a client wants to go on in another protocol than HTTP. Envoy shows
// ext_proc those that want a WebSocket, and refuses others.
func upgrades(h exchange.Headers) bool {
	return h.Get("upgrade") != nil && strings.Contains(strings.ToLower(string(h.Get("connection"))), "upgrade")
}

// noUpgrade refuses a WebSocket. RFC 9110, 15.5.22 and 7.8: a 426 names the protocol that is to
// be used, and names that header as one of the connection.
func noUpgrade(req *exchange.Request) exchange.Verdict {
	v := exchange.Denied(426, exchange.ReasonUpgrade,
		"This gateway serves no WebSocket at "+Quote(req.Path)+": it speaks HTTP, and streams answers as server-sent events if a request has \"stream\": true.")
	v.Headers = exchange.Headers{{Name: "upgrade", Value: []byte("HTTP/1.1")}, {Name: "connection", Value: []byte("upgrade")}}
	return v
}
