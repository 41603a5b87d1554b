package policy

import (
	"strings"

	"github.com/headgate/headgate/policy/strict"
	"go.yaml.in/yaml/v3"
)

// credentials reads where the secrets of a backend are found. Nothing here quotes
// a value: it may be the secret itself, put where it does not belong.
func (c *compiler) credentials(o *strict.Given, provider *Provider) []Credential {
	p, given := o.Get("credential")
	switch {
	case !given:
		if provider != nil && !provider.Keyless && !o.Given["credential"] {
			c.Fault(o.At, "add credential: {env: "+strings.ToUpper(provider.Name)+"_API_KEY}", "credential is missing")
		}
		return nil
	case p.Node.Kind == yaml.ScalarNode && p.Node.ShortTag() != "!!null":
		c.literal(p)
		return nil
	case p.Node.Kind == yaml.SequenceNode:
		return c.rotation(p)
	}
	one, ok := c.credential(p)
	if !ok {
		return nil
	}
	return []Credential{one}
}

func (c *compiler) literal(p strict.Place) {
	c.Fault(p, "name the place instead: {env: NAME} or {file: PATH}", "secrets do not belong in the policy")
}

func (c *compiler) rotation(p strict.Place) []Credential {
	places, ok := c.Elements(p, credentialType.Option(strict.List), "a list")
	if !ok {
		return nil
	}
	var all []Credential
	for _, at := range places {
		if !c.Plain(at) {
			continue
		}
		if at.Node.Kind == yaml.ScalarNode && at.Node.ShortTag() != "!!null" {
			c.literal(at)
			continue
		}
		one, ok := c.credential(at)
		if !ok {
			continue
		}
		if len(all) > 0 && all[0] == one {
			c.Fault(at, "", "both credentials name the same place")
		}
		all = append(all, one)
	}
	return all
}

func (c *compiler) credential(p strict.Place) (Credential, bool) {
	o, ok := c.Object(p, credentialObject)
	if !ok || len(o.Values) != 1 {
		return Credential{}, false
	}
	return Credential{Env: o.Text("env"), File: o.Text("file")}, true
}
