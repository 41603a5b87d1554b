package policy

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/headgate/headgate/policy/strict"
)

// HeaderValue is what a header of a backend holds: a text, or what is found at the place
// of a secret. The zero value is no header.
type HeaderValue struct {
	Text string
	Credential
}

// Header is a header that a backend is sent with every attempt.
type Header struct {
	Name string // in lower case
	HeaderValue
}

// Headers in which OpenAI's API takes whom an exchange is charged to.
const (
	organizationHeader = "openai-organization"
	projectHeader      = "openai-project"
)

// AuthNone is the value of AuthScheme with which the secret stands alone.
const AuthNone = "none"

// SentHeaders returns the headers that the backend is sent beside its credential and what
// its dialect needs, by name.
func (b *Backend) SentHeaders() []Header {
	var all []Header
	for _, name := range slices.Sorted(maps.Keys(b.Headers)) {
		all = append(all, Header{name, *b.Headers[name]})
	}
	if none := (HeaderValue{}); b.Organization != none {
		all = append(all, Header{organizationHeader, b.Organization})
	}
	if none := (HeaderValue{}); b.Project != none {
		all = append(all, Header{projectHeader, b.Project})
	}
	return all
}

// authHeader returns the header in which servers of the backend's dialect expect the
// secret.
func (b *Backend) authHeader() string {
	if b.Dialect == "anthropic" {
		return "x-api-key"
	}
	return "authorization"
}

// authScheme returns the word before the secret that servers expect in the header.
func (b *Backend) authScheme() string {
	if b.AuthHeader == "authorization" {
		return "Bearer"
	}
	return AuthNone
}

// headerValue reads the value of a header. No fault of it quotes a value.
var headerValue = strict.Either(
	strict.As(strict.Text().Matching(headerText, headerRule).Secret(),
		func(text string, v *HeaderValue) { v.Text = text },
		func(v *HeaderValue) (string, bool) { return v.Text, v.Credential == Credential{} }),
	strict.As(credential,
		func(c Credential, v *HeaderValue) { v.Credential = c },
		func(v *HeaderValue) (Credential, bool) { return v.Credential, true }),
)

// headerNames reads the name of a header. Case means nothing in it.
var headerNames = strict.Form(
	func(_ *strict.Reader, _ strict.Place, text string) (string, bool) { return strings.ToLower(text), true },
	func(name string) string { return name },
).Matching(headerName, headerNameRule).Secret()

// checkHeaders judges the names of headers, and what stands in clear.
func checkHeaders(r *strict.Reader, g *strict.Given, b *Backend) {
	if at, ok := g.At("auth_header"); ok {
		if why := reserved(b.AuthHeader); why != "" {
			r.Fault(at, "", "header %s: %s", b.AuthHeader, why)
		}
	}
	if b.Dialect != "openai" {
		for _, key := range []string{"organization", "project"} {
			if at, ok := g.At(key); ok {
				r.Fault(at, "leave it out", "is of the openai dialect alone")
			}
		}
	}
	if len(b.Headers) > maxHeaders {
		r.Fault(g.Place(), "", "has %d headers, at most %d are allowed", len(b.Headers), maxHeaders)
		return
	}
	named := make(map[string]*HeaderValue, len(b.Headers))
	for _, e := range g.Entries("headers") {
		name := strings.ToLower(e.Name)
		if why := refusedHeader(g, b, name, named[name] != nil); why != "" {
			r.Fault(e.Key, "", "header %s: %s", strict.Quote(e.Name), why)
		}
		if v := b.Headers[e.Name]; v != nil {
			checkClear(r, e, name, v)
			named[name] = v
		}
	}
	b.Headers = named
}

// maxHeaders bounds the headers of one backend.
const maxHeaders = 32

// refusedHeader says why a backend cannot be sent a header of this name; empty: it can.
func refusedHeader(g *strict.Given, b *Backend, name string, twice bool) string {
	secret := g.Has("credential")
	switch {
	case twice:
		return "is given twice: case means nothing in names"
	case secret && name == b.AuthHeader:
		return "the credential is sent in it"
	case secret && name == "authorization":
		return "the backend has a credential: name its header with auth_header"
	case name == organizationHeader && g.Has("organization"), name == projectHeader && g.Has("project"):
		return "is given twice: as a key of the backend, too"
	}
	return reserved(name)
}

// checkClear refuses a secret that stands in the policy itself.
func checkClear(r *strict.Reader, e strict.Entry, name string, v *HeaderValue) {
	if v.Text == "" {
		return
	}
	words := strings.FieldsFunc(name, func(c rune) bool { return c == '-' || c == '_' || c == '.' })
	if slices.ContainsFunc(words, func(w string) bool { return secretWords[w] }) || secretText.MatchString(v.Text) {
		r.Fault(e.Value, nameThePlace, "%s", notASecret)
	}
}

// secretWords are the words in names of headers that hold secrets.
var secretWords = map[string]bool{
	"authorization": true, "auth": true, "key": true, "apikey": true, "token": true, "secret": true, "password": true, "cookie": true,
}

// secretText is how texts begin that are secrets in whatever header.
var secretText = regexp.MustCompile(`^(?i:bearer |basic |sk-|eyJ)`)

// reserved says why no backend may be sent a header of this name by its policy; empty: it
// may.
func reserved(name string) string {
	for _, prefix := range []string{HeaderPrefix, EnvoyPrefix, "x-forwarded-"} {
		if strings.HasPrefix(name, prefix) {
			return "leaves for no provider"
		}
	}
	return reservedHeaders[name]
}

var reservedHeaders = func() map[string]string {
	all := make(map[string]string)
	for why, names := range map[string][]string{
		"is of one connection": {
			"connection", "keep-alive", "proxy-connection", "proxy-authenticate", "proxy-authorization", "te", "trailer",
			"transfer-encoding", "upgrade", "http2-settings", "expect",
		},
		"is the gateway's to set": {
			"host", "content-length", "content-type", "content-encoding", "accept", "accept-encoding", "idempotency-key",
		},
		"leaves for no provider": {"x-request-id", "forwarded", "via", "traceparent", "tracestate"},
	} {
		for _, name := range names {
			all[name] = why
		}
	}
	return all
}()

var (
	headerName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9_.-]{0,62}[A-Za-z0-9])?$`)
	headerText = regexp.MustCompile(`^[!-~]([ -~]{0,998}[!-~])?$`)
	schemeWord = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]{0,31}$`)
)

const (
	headerNameRule = "a name of a header is 1 to 64 letters, digits, dashes, dots and underscores, a letter or digit at both ends"
	headerRule     = "expected 1 to 1000 printable ASCII characters without a blank at either end"
	schemeRule     = "expected one word: a letter, then up to 31 letters, digits and dashes"
)
