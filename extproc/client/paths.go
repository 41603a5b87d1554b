// Package client is the client's end of the gateway. It says what may be asked for at
// which path, writes refusals and answers of stages in the client's dialect, and writes
// what a client gets of a stream.
//
// The promise: a client is answered in its own dialect, whatever it did and whoever
// answered. The trap: a stream passes as frames for as long as nothing in it was
// changed, and the encoder that takes over must know all that passed before.
package client

import (
	"bytes"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/headgate/headgate/extproc/dialect"
	"github.com/headgate/headgate/extproc/exchange"
)

// endpoint is what a client may ask for, by one method, at the paths of one pattern.
type endpoint struct {
	method string
	// pattern is what comes below the version. Once in it, * stands for a segment, or ** at
	// its end for all that is left.
	pattern   string
	dialect   string // empty: the one that the client most likely speaks
	operation exchange.Operation
}

var endpoints = []endpoint{
	{"POST", "chat/completions", "openai", exchange.Chat},
	{"POST", "embeddings", "openai", exchange.Embeddings},
	{"POST", "moderations", "openai", exchange.Moderations},
	{"POST", "responses", "responses", exchange.Chat},
	{"POST", "responses/input_tokens", "responses", exchange.CountTokens},
	{"POST", "messages", "anthropic", exchange.Chat},
	{"POST", "messages/count_tokens", "anthropic", exchange.CountTokens},
	{"GET", "responses/*", "responses", exchange.GetResponse},
	{"DELETE", "responses/*", "responses", exchange.DeleteResponse},
	{"POST", "responses/*/cancel", "responses", exchange.CancelResponse},
	{"GET", "responses/*/input_items", "responses", exchange.InputItems},
	{"GET", "models", "", exchange.Models},
	{"GET", "models/**", "", exchange.Models},
}

// match returns what stands in place of the wildcard, if the pattern has one.
func (e *endpoint) match(rest string) (id string, ok bool) {
	before, after, wild := strings.Cut(e.pattern, "*")
	if !wild {
		return "", rest == e.pattern
	}
	if id, ok = strings.CutPrefix(rest, before); !ok || id == "" {
		return "", false
	}
	if after == "*" {
		return id, true
	}
	id, ok = strings.CutSuffix(id, after)
	return id, ok && id != "" && !strings.Contains(id, "/")
}

// version is the only one of both dialects.
const version = "/v1"

// mounts are where the paths of a dialect are served, too. The others of its provider are
// served at the same.
const (
	openaiMount    = "/openai"
	anthropicMount = "/anthropic"
)

// place is a path in its parts.
type place struct {
	mount string // empty: none
	rest  string // below the version, without a slash at either end
	plain bool   // the path is the version and the rest, and nothing else
}

// locate takes a path apart. The version may be missing, and there may be one slash too many
// at the end.
func locate(path string) place {
	p := place{plain: !strings.HasSuffix(path, "/")}
	path = strings.TrimSuffix(path, "/")
	for _, mount := range []string{openaiMount, anthropicMount} {
		if rest, ok := below(path, mount); ok {
			path, p.mount, p.plain = rest, mount, false
			break
		}
	}
	rest, ok := below(path, version)
	if !ok {
		rest, p.plain = path, false
	}
	p.rest = strings.TrimPrefix(rest, "/")
	return p
}

// below returns what of a path is below a prefix of whole segments.
func below(path, prefix string) (rest string, ok bool) {
	rest, ok = strings.CutPrefix(path, prefix)
	return rest, ok && (rest == "" || rest[0] == '/')
}

// serves reports whether the endpoint is among those of the place's mount.
func (p place) serves(e *endpoint) bool {
	return p.mount == "" || e.dialect == "" || p.mount == mountOf(e.dialect)
}

// mountOf is where the paths of a dialect are served, too.
func mountOf(dialect string) string {
	if dialect == "anthropic" {
		return anthropicMount
	}
	return openaiMount
}

// find returns the endpoint at a place for a method, and what stands in place of its
// wildcard. If there is none, it is one for another method, and allowed are the methods that
// there are; nil: the path is unknown.
func (p place) find(method string) (e *endpoint, id string, allowed []string) {
	if method == "HEAD" {
		method = "GET"
	}
	for i := range endpoints {
		at := &endpoints[i]
		seen, ok := at.match(p.rest)
		if !ok || !p.serves(at) {
			continue
		}
		if at.method == method {
			return at, seen, nil
		}
		if e == nil {
			e = at
		}
		allowed = append(allowed, at.method)
	}
	return e, "", allowed
}

// Classify finds out which dialect a client speaks and fills in what it asks for, by
// path and method. Path becomes the one by which the endpoint is known. If the path is
// unknown the dialect is still the likeliest one, so that the refusal is readable; the
// verdict then says why.
func Classify(req *exchange.Request) (dialect.Client, exchange.Verdict) {
	at := locate(req.Path)
	likeliest := at.likeliest(req.Headers)
	e, id, allowed := at.find(req.Method)
	switch {
	case upgrades(req.Headers):
		return likeliest, noUpgrade(req)
	case e == nil, allowed != nil && foreignTo(req.Path) != nil:
		return likeliest, unknown(req, at)
	}
	if !at.plain {
		req.Path = version + "/" + at.rest
	}
	req.Operation = e.operation
	var d dialect.Client = likeliest
	if e.dialect != "" {
		d = dialect.ByName(e.dialect)
	}
	if allowed != nil {
		return d, notAllowed(req.Method, allowed)
	}
	switch {
	case e.operation == exchange.Models:
		return d, readListing(req, d.Name(), id)
	case e.operation.OfKept():
		req.Kept = unescaped(id)
		req.Stream = e.operation == exchange.GetResponse && asksToStream(req)
	}
	return d, exchange.Verdict{}
}

// unescaped is a segment of a path as it is meant.
func unescaped(segment string) string {
	if plain, err := url.PathUnescape(segment); err == nil {
		return plain
	}
	return segment
}

// asksToStream reports whether a query asks for a stream, in any of the ways in which servers read
// that a member is true. Of several members the first one counts.
func asksToStream(req *exchange.Request) bool {
	_, query, _ := bytes.Cut(req.Headers.Get(":path"), []byte{'?'})
	values, _ := url.ParseQuery(string(query)) // as far as it can be read
	yes, err := strconv.ParseBool(values.Get("stream"))
	return err == nil && yes
}

// likeliest is the dialect that a client most likely speaks.
func (p place) likeliest(h exchange.Headers) dialect.Client {
	_, messages := below(p.rest, "messages")
	if p.mount == anthropicMount || p.mount == "" && (messages || h.Get("anthropic-version") != nil) {
		return dialect.ByName("anthropic")
	}
	return dialect.ByName("openai")
}

// notAllowed refuses a method, and says which there are.
func notAllowed(method string, allowed []string) exchange.Verdict {
	if slices.Contains(allowed, "GET") {
		allowed = append(allowed, "HEAD")
	}
	v := exchange.Denied(405, exchange.ReasonMethod, "Method "+Quote(method)+" is not allowed here: use "+strings.Join(allowed, " or ")+".")
	v.Headers = exchange.Headers{{Name: "allow", Value: []byte(strings.Join(append(allowed, "OPTIONS"), ", "))}}
	return v
}

// Quote makes what a client wrote safe to show in a message: printable ASCII, bounded.
func Quote(p string) string {
	const maxQuoted = 100
	if len(p) > maxQuoted {
		p = p[:maxQuoted] + "..."
	}
	return strings.Map(func(r rune) rune {
		if r < 0x21 || r > 0x7e || r == '"' {
			return '?'
		}
		return r
	}, p)
}
