package policy

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// credentials reads where the secrets of a backend are found. Nothing here quotes
// a value: it may be the secret itself, put where it does not belong.
func (c *compiler) credentials(o *object, provider *Provider) []Credential {
	p, given := o.get("credential")
	switch {
	case !given:
		if provider != nil && !provider.Keyless && !o.given["credential"] {
			c.fault(o.at, "add credential: {env: "+strings.ToUpper(provider.Name)+"_API_KEY}", "credential is missing")
		}
		return nil
	case p.node.Kind == yaml.ScalarNode && p.node.ShortTag() != "!!null":
		c.literal(p)
		return nil
	case p.node.Kind == yaml.SequenceNode:
		return c.rotation(p)
	}
	one, ok := c.credential(p)
	if !ok {
		return nil
	}
	return []Credential{one}
}

func (c *compiler) literal(p place) {
	c.fault(p, "name the place instead: {env: NAME} or {file: PATH}", "secrets do not belong in the policy")
}

func (c *compiler) rotation(p place) []Credential {
	places, ok := c.elements(p, credentialType.option(List), "a list")
	if !ok {
		return nil
	}
	var all []Credential
	for _, at := range places {
		if !c.plain(at) {
			continue
		}
		if at.node.Kind == yaml.ScalarNode && at.node.ShortTag() != "!!null" {
			c.literal(at)
			continue
		}
		one, ok := c.credential(at)
		if !ok {
			continue
		}
		if len(all) > 0 && all[0] == one {
			c.fault(at, "", "both credentials name the same place")
		}
		all = append(all, one)
	}
	return all
}

func (c *compiler) credential(p place) (Credential, bool) {
	o, ok := c.object(p, credentialObject)
	if !ok || len(o.values) != 1 {
		return Credential{}, false
	}
	return Credential{Env: o.text("env"), File: o.text("file")}, true
}
