package policy

import (
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// openAICompatible is the provider of servers that are not listed.
const openAICompatible = "openai-compatible"

// backend reads one backend. A faulty one keeps its name defined, so that the
// chains that use it do not cause faults as well.
func (c *compiler) backend(name string, p place) {
	before := len(c.faults)
	o, ok := c.object(p, backendType)
	if !ok {
		c.broken[name] = true
		return
	}
	b := &Backend{Name: name}
	b.WithoutCredential = WithoutCredential(o.text("without_credential"))
	b.Region, b.CAFile = o.text("region"), o.text("ca_file")
	provider := c.provider(o)
	if provider != nil {
		b.Provider = *provider
		b.Dialect = c.dialect(o, provider)
	}
	b.URL = c.url(o, provider)
	b.Credentials = c.credentials(o, provider)
	if len(c.faults) > before {
		c.broken[name] = true
		return
	}
	c.set.Backends[name] = b
}

// provider finds the provider in Providers. The servers that people run by
// themselves are known by name here, because their users look for them first.
func (c *compiler) provider(o *object) *Provider {
	p, ok := o.get("provider")
	if !ok {
		return nil
	}
	if p.node.Kind == yaml.ScalarNode {
		switch strings.ToLower(p.node.Value) {
		case "vllm", "ollama", "llama.cpp", "lmstudio", "sglang", "tgi", "litellm":
			c.fault(p, `write provider: openai-compatible, with its url`, "%s is not a provider of its own", quote(p.node.Value))
			return nil
		}
	}
	name, ok := c.text(p, o.of.field("provider").Type)
	if !ok {
		return nil
	}
	i := slices.IndexFunc(Providers, func(p Provider) bool { return p.Name == name })
	return &Providers[i]
}

func (c *compiler) dialect(o *object, provider *Provider) string {
	free := provider.Name == openAICompatible || provider.Name == SimulatedProvider
	p, given := o.get("dialect")
	switch {
	case given && !free:
		c.fault(p, "leave it out", "provider %s has a dialect of its own", provider.Name)
	case given:
		return o.text("dialect")
	}
	return provider.dialect()
}

// url reads the base URL, or takes the provider's own. No fault quotes it: people
// put secrets into user info and query.
func (c *compiler) url(o *object, provider *Provider) *url.URL {
	p, given := o.get("url")
	if !given {
		return c.defaultURL(o, provider)
	}
	text, ok := c.text(p, o.of.field("url").Type)
	if !ok {
		return nil
	}
	before := len(c.faults)
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || !printable(text):
		c.fault(p, `such as "https://llm.example.com/v1"`, "must be a URL that begins with https:// or http:// and names a host")
		return nil
	case u.User != nil:
		c.fault(p, "use credential", "must not hold a user or password")
	case u.RawQuery != "" || u.ForceQuery:
		c.fault(p, "", "must not hold a query")
	case strings.Contains(text, "#"):
		c.fault(p, "", "must not hold a fragment")
	}
	if n, err := strconv.Atoi(u.Port()); strings.HasSuffix(u.Host, ":") || u.Port() != "" && (err != nil || n < 1 || n > 65535) {
		c.fault(p, "", "the port must be from 1 to 65535")
	}
	if u.Scheme == "http" && provider != nil && provider.Name != openAICompatible && provider.Name != SimulatedProvider && !private(u.Hostname()) {
		c.fault(p, "use https://", "plain http to a public address would carry the credential in clear")
	}
	if len(c.faults) > before {
		return nil
	}
	u.Path, u.RawPath = strings.TrimRight(u.Path, "/"), strings.TrimRight(u.RawPath, "/")
	return u
}

func (c *compiler) defaultURL(o *object, provider *Provider) *url.URL {
	if provider == nil || provider.Name == SimulatedProvider || o.given["url"] {
		return nil
	}
	if provider.URL == "" {
		c.fault(o.at, `add url: "http://127.0.0.1:11434/v1"`, "url is missing: provider %s has none of its own", provider.Name)
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
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && (ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast())
}
