package policy

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/headgate/headgate/policy/strict"
)

// CORS says which web pages may ask the gateway from a browser. The zero value: none.
type CORS struct {
	Origins []string      // each as a browser names it, or https://*.DOMAIN, or AnyOrigin alone
	Headers []string      // that pages may send beside those of the SDKs, in lower case; may hold AnyHeader
	MaxAge  time.Duration // that a browser may rely on the answer to its preflight; 0: not at all
}

// AnyOrigin stands for all origins, and AnyHeader for all headers.
const (
	AnyOrigin = "*"
	AnyHeader = "*"
)

// On reports whether any page may ask.
func (c CORS) On() bool { return len(c.Origins) > 0 }

// Anybody reports whether pages of every origin may ask.
func (c CORS) Anybody() bool { return slices.Contains(c.Origins, AnyOrigin) }

var corsSection = section{fields: []strict.Member[document]{
	strict.Bind("cors", func(d *document) *CORS { return &d.CORS }, cors).Absent("no page may ask").
		Doc("Which web pages may ask the gateway from a browser. Preflights need no key; requests do, as any other. A provider's own CORS headers never pass.").
		Example(`cors: {origins: [https://app.example.com, "https://*.example.org"]}`),
}}

var cors = strict.NewObject(
	strict.Bind("origins", func(c *CORS) *[]string { return &c.Origins }, origins).Required().
		Doc(`Origins of pages, with their scheme, and with the port if it is not the scheme's own. https://*.DOMAIN stands for all names below a domain, and "*", alone, for every origin.`).
		Example(`origins: [https://app.example.com, "http://localhost:5173"]`),
	strict.Bind("headers", func(c *CORS) *[]string { return &c.Headers }, strict.List(1, 100, corsHeader)).Absent("no further ones").
		Doc(`Headers that pages may send beside those of the SDKs and of the gateway; "*" stands for all.`).
		Example(`headers: [x-trace]`),
	strict.Bind("max_age", func(c *CORS) *time.Duration { return &c.MaxAge }, strict.Duration(0, 24*time.Hour)).Default(10*time.Minute).
		Doc("How long a browser may rely on the answer to a preflight. Browsers have bounds of their own.").
		Example(`max_age: 1h`),
)

var origins = strict.List(1, 100, origin).Check(func(r *strict.Reader, all []strict.Elem[string]) {
	for _, e := range all {
		if e.Value == AnyOrigin && len(all) > 1 {
			r.Fault(e.At, "leave the others out", `"*" stands for every origin`)
		}
	}
})

// An origin is a scheme, a host and a port, without a path (RFC 6454, 6.2). Case means nothing in it.
var (
	origin     = lowerCase().Matching(originText, `must be a scheme and a host without a path, such as https://app.example.com or https://*.example.com, or "*"`)
	originText = regexp.MustCompile(`^(\*|https?://\*\.[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+|[A-Za-z][A-Za-z0-9+.-]{0,30}://([A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(:[0-9]{1,5})?)$`)
)

var (
	corsHeader     = lowerCase().Matching(corsHeaderText, `must be the name of a header, or "*"`)
	corsHeaderText = regexp.MustCompile(`^(\*|[A-Za-z0-9]([A-Za-z0-9_.-]{0,62}[A-Za-z0-9])?)$`)
)

// lowerCase reads a text in which case means nothing.
func lowerCase() *strict.Texts[string] {
	return strict.Form(
		func(_ *strict.Reader, _ strict.Place, text string) (string, bool) { return strings.ToLower(text), true },
		func(text string) string { return text },
	)
}
