package policy

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/headgate/headgate/policy/strict"
)

// Service is what a guard asks over HTTP, and how.
type Service struct {
	URL      *url.URL
	Insecure bool // plain http may cross the public network
	Bearer   Credential
	Remember time.Duration // 0: nothing
	MaxBytes int64         // of texts in one call
}

// serviceKeys are the keys of a guard that asks a service of its operator's.
func serviceKeys[S any](at func(*S) *Service, sample, use string, maxBytes int64, remember string) []strict.Member[S] {
	return []strict.Member[S]{
		strict.Bind("url", func(s *S) **url.URL { return &at(s).URL }, strict.Form(readServiceURL, writeURL)).Required().
			Doc(use + " Plain http is allowed to loopback and private addresses; elsewhere texts would travel in clear. Redirects are not followed, and proxies of the environment are not used.").
			Example(`url: "` + sample + `"`),
		strict.Bind("insecure", func(s *S) *bool { return &at(s).Insecure }, strict.Switch()).Default(false).
			Doc("Allow plain http to any host, such as a name that only a private network knows.").
			Example(`insecure: true`),
		strict.Bind("bearer", func(s *S) *Credential { return &at(s).Bearer }, guardSecret(false)).Absent("none").
			Doc("Secret that goes with every call, as Authorization: Bearer.").
			Example(`bearer: {env: GUARD_TOKEN}`),
		rememberKey(func(s *S) *time.Duration { return &at(s).Remember }, remember),
		strict.Bind("max_bytes", func(s *S) *int64 { return &at(s).MaxBytes }, strict.Size(1<<10, 1<<20)).Default(maxBytes).
			Doc("Bytes of texts in one call. What is more goes in several, and a longer text in pieces that overlap.").
			Example(`max_bytes: 32KiB`),
	}
}

// rememberKey is the key of a guard that remembers answers, and what is to be said of it.
func rememberKey[S any](at func(*S) *time.Duration, more string) strict.Member[S] {
	return strict.Bind("remember", at, strict.Duration(0, 24*time.Hour)).Default(5 * time.Minute).
		Doc("How long an answer about a text stands: the same text is not sent again meanwhile, so that a long conversation sends its new turns only." + more).
		Example(`remember: 1h`)
}

// checkService refuses plain http across the public network, unless the guard says so.
func checkService(r *strict.Reader, g *strict.Given, s *Service) {
	if at, ok := g.At("url"); ok && s.URL.Scheme == "http" && !s.Insecure && !private(s.URL.Hostname()) {
		r.Fault(at, "use https://, or say insecure: true", "plain http beyond loopback and private addresses would carry texts in clear")
	}
}

// readServiceURL reads the URL of a service. No fault quotes it: people put secrets into user
// info and query.
func readServiceURL(r *strict.Reader, at strict.Place, text string) (*url.URL, bool) {
	u, err := url.Parse(text)
	fault := func(hint, message string) (*url.URL, bool) {
		r.Fault(at, hint, "%s", message)
		return nil, false
	}
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || !printable(text):
		return fault(`such as "https://guard.example.com/check"`, "must be a URL that begins with https:// or http:// and names a host")
	case u.User != nil:
		return fault("use bearer", "must not hold a user or password")
	case u.RawQuery != "" || u.ForceQuery:
		return fault("", "must not hold a query")
	case strings.Contains(text, "#"):
		return fault("", "must not hold a fragment")
	}
	if n, err := strconv.Atoi(u.Port()); strings.HasSuffix(u.Host, ":") || u.Port() != "" && (err != nil || n < 1 || n > 65535) {
		return fault("", "the port must be from 1 to 65535")
	}
	return u, true
}

// GuardSecret is a secret that a guard needs, and where the policy names it.
type GuardSecret struct {
	Credential
	Signing bool // it signs, and goes nowhere
	at      strict.Place
}

// Fault returns a fault of the secret.
func (s GuardSecret) Fault(message, hint string) Fault { return s.at.Fault(message, hint) }

// GuardSecrets returns the secrets of a policy's guards, each as often as it is named, in no order
// to rely on. It reads the policy as Credentials does.
func GuardSecrets(files []File) ([]GuardSecret, error) {
	c, faults := compile(files, reading{maxBytes: MaxDocument})
	if len(faults) > 0 {
		return nil, strict.NewFaults(files, faults)
	}
	return strict.Notes[GuardSecret](c.Reader), nil
}

// guardSecret is where a guard's secret is found.
func guardSecret(signing bool) *strict.Object[Credential] {
	return strict.NewObject(
		strict.Bind("env", func(c *Credential) *string { return &c.Env }, strict.Text().Matching(envName, envRule).Secret()).
			Doc("Name of the environment variable that holds the secret. Pairs read it.").
			Example(`env: GUARD_TOKEN`),
		strict.Bind("file", func(c *Credential) *string { return &c.File }, strict.Text().Matching(absolutePath, pathRule).Secret()).
			Doc("Absolute path of the file that holds the secret. It is read again when it changes.").
			Example(`file: /run/secrets/guard`),
	).OneKey().Secret().InsteadOfText(notASecret, nameThePlace).Check(func(r *strict.Reader, g *strict.Given, c *Credential) {
		r.Note(GuardSecret{*c, signing, g.Place()})
	})
}
