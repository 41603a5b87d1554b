package policy

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/headgate/headgate/policy/strict"
)

// asIs at the end of a base URL says that nothing is to be added to it. The canonical form
// uses it for a URL that would be completed; every version reads it as that URL.
const asIs = "//"

// endpoints are the ends of URLs at which a dialect is asked, the longest first. A base
// URL that ended in one would be asked there twice, which no server answers.
var endpoints = map[string][]string{
	"openai":    {"/chat/completions"},
	"anthropic": {"/messages/count_tokens", "/messages"},
}

// otherEndpoint is the end of a URL that is no base URL either, and from which none
// follows: it is of another dialect, or of something that nobody asks a backend for.
var otherEndpoint = regexp.MustCompile(`/v[0-9]+[a-z0-9]*(/(?:responses|completions|complete|embeddings|models|messages))$|(/chat/completions)$`)

// apiVersion is the last part of a path that names a version of an API.
var apiVersion = regexp.MustCompile(`/v[0-9]+[a-z0-9]*$`)

// placedURL is a base URL that stands in a document, and whose it is.
type placedURL struct {
	backend *Backend
	at      strict.Place
}

// completeURLs makes what vendors print of the base URLs what the backends are asked at.
// A control plane has done so for those that it sends.
func completeURLs(c *compiler) {
	for _, n := range strict.Notes[placedURL](c.Reader) {
		b := n.backend
		path := b.PathPrefix()
		if !c.how.sent && !strings.HasSuffix(b.URL.EscapedPath(), asIs) {
			path = n.complete(c, path)
		}
		if plain, end := b.printed(path); plain != path || end != "" {
			path += asIs
		}
		b.URL = withPath(*b.URL, path)
	}
}

// complete returns the path below which the backend is asked if its URL has this one.
func (n placedURL) complete(c *compiler, path string) string {
	whole, end := n.backend.printed(path)
	if end != "" && !c.how.accepted {
		c.Fault(n.at, n.endpointHint(end), "must be the base URL, which ends before %s", end)
	}
	return whole
}

// endpointHint says what to write instead of a URL that ends in an endpoint of which the
// backend's dialect knows nothing.
func (n placedURL) endpointHint(end string) string {
	for dialect, ends := range endpoints {
		if n.backend.Provider.free() && slices.Contains(ends, end) {
			return "add dialect: " + dialect
		}
	}
	return "leave " + end + " out"
}

// printed returns the path that a path stands for where it is printed as the backend's
// base URL. The end that is not empty is that of something else than a base URL.
func (b *Backend) printed(path string) (whole, end string) {
	for _, end := range endpoints[b.Dialect] {
		if base, ok := strings.CutSuffix(path, end); ok {
			return strings.TrimRight(base, "/"), ""
		}
	}
	if m := otherEndpoint.FindStringSubmatch(path); m != nil {
		return path, m[1] + m[2]
	}
	return completed(&b.Provider, b.Dialect, b.URL.Hostname(), path), ""
}

// completed returns the path that a path stands for where vendors print base URLs. Those
// of the Anthropic dialect leave the version out, as its SDKs do. Those of the OpenAI
// dialect are whole, but for a bare host.
func completed(p *Provider, dialect, host, path string) string {
	switch {
	case dialect == "anthropic" && !apiVersion.MatchString(path):
		return path + "/v1"
	case path != "" || dialect == "anthropic":
		return path
	}
	for _, v := range vendors {
		if base, ok := v.basePath(host); ok {
			return base
		}
	}
	for _, known := range Providers {
		if u := known.url(); u != nil && strings.EqualFold(u.Hostname(), host) {
			return u.Path
		}
	}
	if u := p.url(); u != nil {
		return u.Path
	}
	return "/v1"
}

// basePath returns the path of the vendor's base URL, if a host is the vendor's and the
// path is the same for everybody.
func (v *vendor) basePath(host string) (string, bool) {
	for _, text := range v.urls {
		known, path, _ := strings.Cut(text[strings.Index(text, "://")+3:], "/")
		if strings.ToLower(path) == path && sameHost(known, host) {
			return strings.TrimSuffix("/"+path, "/"), true
		}
	}
	return "", false
}

// sameHost compares a host with a known one, in which labels in capitals stand for any.
func sameHost(known, host string) bool {
	return slices.EqualFunc(strings.Split(known, "."), strings.Split(host, "."), func(known, label string) bool {
		return strings.ToUpper(known) == known || strings.EqualFold(known, label)
	})
}

// withPath returns a URL with another path, which is escaped.
func withPath(u url.URL, path string) *url.URL {
	u.RawPath = ""
	if plain, err := url.PathUnescape(path); err == nil {
		u.Path = plain
		if u.EscapedPath() != path {
			u.RawPath = path
		}
	}
	return &u
}

// PathPrefix returns the escaped path below which the backend is asked.
func (b *Backend) PathPrefix() string { return strings.TrimRight(b.URL.EscapedPath(), "/") }
