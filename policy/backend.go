package policy

import (
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/headgate/headgate/policy/loopback"
	"github.com/headgate/headgate/policy/strict"
)

// openAICompatible is the provider of servers that are not listed.
const openAICompatible = "openai-compatible"

// backend reads one backend. A faulty one keeps its name defined, so that the
// chains that use it do not cause faults as well.
func (c *compiler) backend(name string, p strict.Place) {
	before := len(c.Faults)
	o, ok := c.Object(p, backendType)
	if !ok {
		c.broken[name] = true
		return
	}
	b := &Backend{Name: name}
	b.WithoutCredential = WithoutCredential(o.Text("without_credential"))
	b.Region, b.CAFile = o.Text("region"), o.Text("ca_file")
	provider := c.provider(o)
	if provider != nil {
		b.Provider = *provider
		b.Dialect = c.dialect(o, provider)
	}
	b.URL = c.url(o, provider)
	b.Credentials = c.credentials(o, provider)
	if len(c.Faults) > before {
		c.broken[name] = true
		return
	}
	c.set.Backends[name] = b
}

// provider finds the provider in Providers. The servers that people run by
// themselves are known by name here, because their users look for them first.
func (c *compiler) provider(o *strict.Given) *Provider {
	p, ok := o.Get("provider")
	if !ok {
		return nil
	}
	if p.Node.Kind == yaml.ScalarNode {
		switch strings.ToLower(p.Node.Value) {
		case "vllm", "ollama", "llama.cpp", "lmstudio", "sglang", "tgi", "litellm":
			c.Fault(p, `write provider: openai-compatible, with its url`, "%s is not a provider of its own", strict.Quote(p.Node.Value))
			return nil
		}
	}
	name, ok := c.Text(p, o.Of.Field("provider").Type)
	if !ok {
		return nil
	}
	i := slices.IndexFunc(Providers, func(p Provider) bool { return p.Name == name })
	return &Providers[i]
}

func (c *compiler) dialect(o *strict.Given, provider *Provider) string {
	free := provider.Name == openAICompatible || provider.Name == SimulatedProvider
	p, given := o.Get("dialect")
	switch {
	case given && !free:
		c.Fault(p, "leave it out", "provider %s has a dialect of its own", provider.Name)
	case given:
		return o.Text("dialect")
	}
	return provider.dialect()
}

// url reads the base URL, or takes the provider's own. No fault quotes it: people
// put secrets into user info and query.
func (c *compiler) url(o *strict.Given, provider *Provider) *url.URL {
	p, given := o.Get("url")
	if !given {
		return c.defaultURL(o, provider)
	}
	text, ok := c.Text(p, o.Of.Field("url").Type)
	if !ok {
		return nil
	}
	before := len(c.Faults)
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || !printable(text):
		c.Fault(p, `such as "https://llm.example.com/v1"`, "must be a URL that begins with https:// or http:// and names a host")
		return nil
	case u.User != nil:
		c.Fault(p, "use credential", "must not hold a user or password")
	case u.RawQuery != "" || u.ForceQuery:
		c.Fault(p, "", "must not hold a query")
	case strings.Contains(text, "#"):
		c.Fault(p, "", "must not hold a fragment")
	}
	if n, err := strconv.Atoi(u.Port()); strings.HasSuffix(u.Host, ":") || u.Port() != "" && (err != nil || n < 1 || n > 65535) {
		c.Fault(p, "", "the port must be from 1 to 65535")
	}
	if u.Scheme == "http" && provider != nil && provider.Name != openAICompatible && provider.Name != SimulatedProvider && !private(u.Hostname()) {
		c.Fault(p, "use https://", "plain http to a public address would carry the credential in clear")
	}
	if len(c.Faults) > before {
		return nil
	}
	u.Path, u.RawPath = strings.TrimRight(u.Path, "/"), strings.TrimRight(u.RawPath, "/")
	return u
}

func (c *compiler) defaultURL(o *strict.Given, provider *Provider) *url.URL {
	if provider == nil || provider.Name == SimulatedProvider || o.Given["url"] {
		return nil
	}
	if provider.URL == "" {
		c.Fault(o.At, `add url: "http://127.0.0.1:11434/v1"`, "url is missing: provider %s has none of its own", provider.Name)
		return nil
	}
	u, err := url.Parse(provider.URL)
	if err != nil {
		panic("policy: URL of provider " + provider.Name + ": " + err.Error())
	}
	return u
}

func printable(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' })
}

// private tells whether a host is reached without crossing the public network.
func private(host string) bool {
	if loopback.Host(host) || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && (ip.IsPrivate() || ip.IsLinkLocalUnicast())
}
