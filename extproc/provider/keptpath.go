package provider

import (
	"bytes"
	"net/url"
	"strings"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/provider/stateid"
	"github.com/headgate/headgate/policy"
)

// findOfPath finds out what the request's path names of what backends keep, and keeps the
// request to the backend that has it.
func (p *plan) findOfPath(req *exchange.Request) exchange.Verdict {
	kept := p.stage.kept
	id, bound := p.split([]byte(req.Kept))
	var b *policy.Backend
	switch {
	case bound:
		b = kept.find(id, kept.owner(&p.ex.Caller))
		p.keptID = string(id.Provider)
		p.sent(id, req.Kept)
	case kept.plain[p.ex.Dialect]:
		b = kept.set.Backends[kept.set.Speaking(p.ex.Dialect)[0]]
		p.keptID = req.Kept
	}
	if b == nil || leadsElsewhere(p.keptID) || !p.pool.has(b, p.ex.Dialect) {
		return stateid.NotKept("", req.Kept)
	}
	p.pinned, p.keeps = b, true
	return exchange.Verdict{}
}

// leadsElsewhere reports whether an id in a path could lead to another path at a server that
// unescapes and normalises it before it looks what is asked for.
func leadsElsewhere(id string) bool {
	return strings.Trim(id, ".") == "" || strings.ContainsAny(id, `/\%?#`)
}

// idInPath is what stands for the id in a target's path.
const idInPath = "{id}"

// keptPath is where a target has what the request names, with the query that came.
func (p *plan) keptPath(path string, req *exchange.Request) string {
	path = strings.Replace(path, idInPath, url.PathEscape(p.keptID), 1)
	_, query, _ := bytes.Cut(req.Headers.Get(":path"), []byte{'?'})
	if query := providersQuery(string(query), req.Stream); query != "" {
		path += "?" + query
	}
	return path
}

// providersQuery returns a query as the provider understands it: items begin after one that it
// knows by its own id, and it streams if the gateway knows that a stream comes. What cannot be
// read says nothing to it.
func providersQuery(query string, stream bool) string {
	values, err := url.ParseQuery(query)
	if err == nil && !values.Has("after") && !values.Has("stream") {
		return query
	}
	for i, after := range values["after"] {
		values["after"][i] = string(stateid.Strip([]byte(after)))
	}
	if values.Del("stream"); stream {
		values.Set("stream", "true")
	}
	return values.Encode()
}
