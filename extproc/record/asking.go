package record

import (
	"bytes"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/redact"
	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/policypb"
)

// Asking is how a request was asked: what its client, and hops on the way, say of it. It may be kept
// in rows: texts are bounded, and without what may be a key.
type Asking struct {
	Method      string
	Path        string   // without the query
	RequestIDs  []string // of x-client-request-id and x-request-id, each once
	Traceparent string   // as W3C writes it; empty: none that is valid
	UserAgent   string
}

// ClientRequestHeader is the header in which SDKs and agents send an id of their own, as OpenAI's API
// takes it.
const ClientRequestHeader = "x-client-request-id"

// maxMethod bounds the name of a method, in bytes.
const maxMethod = 16

// AskingOf reads how a request was asked. A path that is served may hold ids.
func AskingOf(method, path string, served bool, h exchange.Headers) Asking {
	var memory [8][]byte
	secrets := secretsIn(h, memory[:0])
	a := Asking{
		Method:      exchange.Clip(method, maxMethod),
		Path:        redact.Path(path, served, secrets, exchange.MaxText),
		Traceparent: traceparentIn(h),
		UserAgent:   redact.Name(string(h.Get("user-agent")), secrets, exchange.MaxText),
	}
	client, hop := h.Get(ClientRequestHeader), h.Get(policy.RequestIDHeader)
	if redact.ID(client, secrets) {
		a.RequestIDs = append(a.RequestIDs, string(client))
	}
	if redact.ID(hop, secrets) && !bytes.Equal(client, hop) {
		a.RequestIDs = append(a.RequestIDs, string(hop))
	}
	return a
}

// secretsIn appends the credentials among headers.
func secretsIn(h exchange.Headers, all [][]byte) [][]byte {
	for _, name := range exchange.CredentialHeaders {
		all = appendSecret(all, h.Get(name))
	}
	return appendSecret(all, h.Get(policy.KeyHeader))
}

// appendSecret appends the secret of a header's value, without the scheme before it.
func appendSecret(all [][]byte, value []byte) [][]byte {
	if value = bytes.TrimSpace(value); len(value) == 0 {
		return all
	}
	return append(all, value[bytes.LastIndexByte(value, ' ')+1:])
}

// addTo adds it to a row.
func (a *Asking) addTo(r *policypb.Row) {
	r.Method, r.Path, r.RequestIds, r.Traceparent, r.UserAgent = a.Method, a.Path, a.RequestIDs, a.Traceparent, a.UserAgent
}

// addAsked adds how the request of an exchange was asked.
func addAsked(r *policypb.Row, ex *exchange.Exchange) {
	req := &ex.Request
	a := AskingOf(req.Method, req.Path, req.Operation != "", req.Headers)
	a.addTo(r)
}
