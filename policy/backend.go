package policy

import (
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/headgate/headgate/policy/loopback"
	"github.com/headgate/headgate/policy/strict"
)

// Backend is one provider account and deployment that requests can be sent to.
type Backend struct {
	Name              string
	Provider          Provider
	Dialect           string   // "openai" or "anthropic": the wire format it speaks
	Responses         bool     // it has OpenAI's Responses, too
	URL               *url.URL // scheme, host, optional port, path: see PathPrefix
	Region            string
	Access            // with whose credential it is asked
	WithoutCredential WithoutCredential
	AuthHeader        string                  // name of the header that the secret is sent in, in lower case
	AuthScheme        string                  // word before the secret in it, or AuthNone
	Organization      HeaderValue             // OpenAI's organization that is charged; zero: the key's own
	Project           HeaderValue             // OpenAI's project that is charged; zero: the key's own
	Headers           map[string]*HeaderValue // further headers by name, in lower case: see SentHeaders
	CAFile            string                  // PEM bundle that verifies the server; empty: the system's roots
}

// WithoutCredential says what happens to a backend whose credential is not set
// in the environment that runs the gateway.
type WithoutCredential string

// The values of WithoutCredential.
const (
	WithoutFail     WithoutCredential = "fail"     // the gateway does not start
	WithoutSimulate WithoutCredential = "simulate" // the simulated provider answers in its place, and says so
)

var backendsSection = section{
	fields: []strict.Member[document]{
		strict.Bind("backends", func(d *document) *map[string]*Backend { return &d.Backends },
			strict.Map(backendName, backendRule, backend).Named(func(b *Backend) *string { return &b.Name })).
			Doc("Provider accounts and deployments that requests can be sent to, by name. A backend that no chain uses is allowed.").
			Example(`backends: {gpt: {provider: openai, credential: {env: OPENAI_API_KEY}}}`),
	},
	check: completeURLs,
}

var backend = strict.NewObject(
	strict.Bind("provider", func(b *Backend) *Provider { return &b.Provider }, providers).Required().
		Doc("Who serves the models. A server that speaks the OpenAI dialect and is not listed (vLLM, Ollama) is openai-compatible. With simulated the gateway answers by itself.").
		Example(`provider: openai`),
	strict.Bind("url", func(b *Backend) **url.URL { return &b.URL }, strict.Form(readURL, writeURL)).
		DefaultFrom(func(b *Backend) *url.URL { return b.Provider.url() }, "the provider's").
		Doc("Base URL of the API as its vendor prints it, without query. A path is used as it is, a bare host gets the vendor's own, which is /v1 unless known otherwise, and the anthropic dialect gets /v1 if no version ends the path; the endpoint itself (…/chat/completions, …/messages) says exactly where to ask. Required for openai-compatible; the other providers have one of their own. Plain http is allowed to loopback and private addresses and for openai-compatible and simulated; elsewhere a credential would travel in clear.").
		Example(`url: "http://127.0.0.1:11434/v1"`),
	strict.Bind("dialect", func(b *Backend) *string { return &b.Dialect }, strict.Enum("openai", "anthropic")).
		DefaultFrom(func(b *Backend) string { return b.Provider.dialect() }, "the provider's").
		Doc("Wire format, for openai-compatible and simulated only; there it is openai unless given. The other providers have one of their own.").
		Example(`dialect: anthropic`),
	strict.Bind("responses", func(b *Backend) *bool { return &b.Responses }, strict.Switch()).
		DefaultFrom((*Backend).hasResponses, "true of openai and of simulated in the openai dialect, else false").
		Doc("Whether the server has OpenAI's Responses (/responses) beside chat completions. What clients of that API send then passes as it came; of other servers it is translated.").
		Example(`responses: true`),
	strict.Bind("region", func(b *Backend) *string { return &b.Region }, strict.Text().Matching(regionName, regionRule)).
		Doc("Where the deployment runs, in your own words. It labels records, and models may begin with what is nearest (nearest) or keep to regions (regions_only).").
		Example(`region: us-east`),
	strict.Bind("credential", func(b *Backend) *Access { return &b.Access }, access).
		Doc("Where the secret is found; never the secret itself. Two of them in a list make a rotation: when the provider rejects one, the other is used. With caller the client's own credential passes, as it came, and the gateway's key comes in x-headgate-key beside it. Required unless the provider is openai-compatible or simulated.").
		Example(`credential: {env: OPENAI_API_KEY}`),
	strict.Bind("without_credential", func(b *Backend) *WithoutCredential { return &b.WithoutCredential }, strict.Enum(WithoutFail, WithoutSimulate)).
		Default(WithoutFail).
		Doc("What to do if the credential is not set in the environment of the gateway. With fail it does not start; with simulate the simulated provider answers in the backend's place, and says so.").
		Example(`without_credential: simulate`),
	strict.Bind("auth_header", func(b *Backend) *string { return &b.AuthHeader }, headerNames).
		DefaultFrom((*Backend).authHeader, "`authorization`, of the anthropic dialect `x-api-key`").
		Doc("Name of the header that the credential is sent in, such as api-key of Azure or x-goog-api-key.").
		Example(`auth_header: api-key`),
	strict.Bind("auth_scheme", func(b *Backend) *string { return &b.AuthScheme }, strict.Text().Matching(schemeWord, schemeRule).Secret()).
		DefaultFrom((*Backend).authScheme, "`Bearer` in `authorization`, else `none`").
		Doc("Word before the credential in its header; with none it stands alone.").
		Example(`auth_scheme: none`),
	strict.Bind("organization", func(b *Backend) *HeaderValue { return &b.Organization }, headerValue).
		Absent("the key's own").
		Doc("Organization that OpenAI charges, sent as OpenAI-Organization: its id, or the place where that is found.").
		Example(`organization: org-1234`),
	strict.Bind("project", func(b *Backend) *HeaderValue { return &b.Project }, headerValue).
		Absent("the key's own").
		Doc("Project that OpenAI charges, sent as OpenAI-Project: its id, or the place where that is found.").
		Example(`project: proj_1234`),
	strict.Bind("headers", func(b *Backend) *map[string]*HeaderValue { return &b.Headers }, strict.Map(headerName, headerNameRule, headerValue)).
		Doc("Further headers that this backend is sent and no other, by name: a text, or the place of a secret. They replace what the client sends; to anthropic-beta and openai-beta they add. Headers that a connection, Envoy or the gateway itself needs are refused.").
		Example(`headers: {Helicone-Cache-Enabled: "true", Helicone-Auth: {env: HELICONE_AUTH}}`),
	strict.Bind("ca_file", func(b *Backend) *string { return &b.CAFile }, strict.Text().Matching(absolutePath, pathRule)).
		Absent("the system's roots").
		Doc("Absolute path of a PEM bundle that verifies the server's certificate. Without it the system's roots do.").
		Example(`ca_file: /etc/ssl/private-ca.pem`),
).Check(checkBackend)

// checkBackend judges what depends on more than one key.
func checkBackend(r *strict.Reader, g *strict.Given, b *Backend) {
	checkHeaders(r, g, b)
	checkAccess(r, g, b)
	if _, ok := g.At("provider"); !ok {
		return
	}
	p := b.Provider
	if at, ok := g.At("dialect"); ok && !p.free() {
		r.Fault(at, "leave it out", "provider %s has a dialect of its own", p.Name)
	}
	if at, ok := g.At("responses"); ok && b.Responses && b.Dialect != "openai" {
		r.Fault(at, "leave it out", "a server of the %s dialect has no Responses", b.Dialect)
	}
	if !g.Has("url") && p.URL == "" && p.Name != SimulatedProvider {
		r.Fault(g.Place(), `add url: "http://127.0.0.1:11434/v1"`, "url is missing: provider %s has none of its own", p.Name)
	}
	if at, ok := g.At("url"); ok && b.URL.Scheme == "http" && !p.free() && !private(b.URL.Hostname()) {
		r.Fault(at, "use https://", "plain http to a public address would carry the credential in clear")
	}
	if at, ok := g.At("url"); ok && !g.Faulty("dialect") {
		r.Note(placedURL{b, at})
	}
	if !g.Has("credential") && !p.Keyless {
		r.Fault(g.Place(), "add credential: {env: "+strings.ToUpper(p.Name)+"_API_KEY}", "credential is missing")
	}
}

// readURL reads a base URL. No fault quotes it: people put secrets into user info and
// query.
func readURL(r *strict.Reader, at strict.Place, text string) (*url.URL, bool) {
	u, err := url.Parse(text)
	ok := true
	fault := func(hint, message string) {
		r.Fault(at, hint, "%s", message)
		ok = false
	}
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || !printable(text):
		fault(`such as "https://llm.example.com/v1"`, "must be a URL that begins with https:// or http:// and names a host")
		return nil, false
	case u.User != nil:
		fault("use credential", "must not hold a user or password")
	case strings.HasPrefix(u.RawQuery, "api-version="):
		fault(`such as "https://RESOURCE.openai.azure.com/openai/v1", with the deployment as the model`, "must not hold a query: Azure's current API needs none")
	case u.RawQuery != "" || u.ForceQuery:
		fault("", "must not hold a query")
	case strings.Contains(text, "#"):
		fault("", "must not hold a fragment")
	}
	if n, err := strconv.Atoi(u.Port()); strings.HasSuffix(u.Host, ":") || u.Port() != "" && (err != nil || n < 1 || n > 65535) {
		fault("", "the port must be from 1 to 65535")
	}
	return u, ok
}

func writeURL(u *url.URL) string {
	if u == nil {
		return ""
	}
	return u.String()
}

func printable(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' })
}

// private reports whether a host is reached without crossing the public network.
func private(host string) bool {
	if loopback.Host(host) || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && (ip.IsPrivate() || ip.IsLinkLocalUnicast())
}

var (
	backendName = regexp.MustCompile(`^[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?$`)
	regionName  = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$`)
)

const (
	backendRule = "a name of a backend is 1 to 63 lower-case letters, digits, dots, dashes and underscores, a letter or digit at both ends"
	regionRule  = "a region is 1 to 63 letters, digits, dots, dashes and underscores, a letter or digit at both ends"
)
