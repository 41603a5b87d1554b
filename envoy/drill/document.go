package drill

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/headgate/headgate/policy"
)

// Break says what of the policy is taken away, to see that the drill notices.
type Break string

// BreakNoRetry leaves of a chain its first use, and no further attempt.
const BreakNoRetry Break = "no-retry"

// section is a part of a policy with its keys as they stand there.
type section = map[string]json.RawMessage

// kept are the sections that a drill keeps as they are written. All others are left out, those
// that this package has never heard of, too: who may ask and how much, and what the gateway
// needs of its surroundings, say nothing of what a client gets when a provider fails.
var kept = []string{"version", "limits"}

// document writes the policy that a drill runs: what it keeps of the operator's, with a copy
// of the model for each play. Every key of the model but ofTheGateway is carried as it is
// written, those that this package has never heard of, too.
func document(set *policy.Set, model *policy.Model, listen netip.AddrPort, plays []*play, b Break) ([]byte, error) {
	var doc section
	if err := json.Unmarshal(set.Document().Canonical(), &doc); err != nil {
		return nil, fmt.Errorf("reading the policy again: %w", err)
	}
	var backends, models map[string]section
	var likes section
	for key, to := range map[string]any{"backends": &backends, "models": &models, "models_like": &likes} {
		if text, ok := doc[key]; ok {
			if err := json.Unmarshal(text, to); err != nil {
				return nil, fmt.Errorf("reading %s again: %w", key, err)
			}
		}
	}
	out := struct{ backends, models, likes map[string]any }{map[string]any{}, map[string]any{}, map[string]any{}}
	for _, p := range plays {
		for _, b := range p.backends {
			out.backends[b.copy] = standIn(backends[b.name], b)
		}
		out.models[p.name] = copyOf(models[model.Name], p.chain, b)
	}
	for name, like := range likes {
		for _, at := range likeNames(name, backends, plays) {
			out.likes[at] = like
		}
	}
	maps.DeleteFunc(doc, func(key string, _ json.RawMessage) bool { return !slices.Contains(kept, key) })
	doc["unpriced"], doc["listen"] = raw(policy.UnpricedFlag), raw(listen.String()) // nothing is paid for
	doc["backends"], doc["models"] = raw(out.backends), raw(out.models)
	if len(out.likes) > 0 {
		doc["models_like"] = raw(out.likes)
	}
	return json.Marshal(doc)
}

// ofTheProvider are the keys of a backend that the simulated provider does not need.
var ofTheProvider = []string{"credential", "without_credential", "auth_header", "auth_scheme", "organization", "project", "headers", "ca_file"}

// standIn is the backend with the simulated provider in its place.
func standIn(written section, b *backend) section {
	out := maps.Clone(written)
	for _, key := range ofTheProvider {
		delete(out, key)
	}
	out["provider"], out["dialect"], out["url"] = raw(policy.SimulatedProvider), raw(b.dialect), raw(b.url)
	return out
}

// ofTheGateway are the keys of a model that a drill does without: a quota would refuse its
// clients, guards judge what is said and not who fails, a cache would answer in a backend's place,
// and the regions have acted, what they leave out is not in the chain.
var ofTheGateway = []string{"quota", "guards", "cache", "regions_only"}

// copyOf is the model with the backends of a play.
func copyOf(written section, c *chain, b Break) section {
	type use struct {
		Use    string `json:"use"`
		Weight uint32 `json:"weight"`
	}
	var links [][]use
	for _, link := range c.links {
		var uses []use
		for _, u := range link {
			uses = append(uses, use{u.copy + "/" + u.model, u.weight})
		}
		links = append(links, uses)
	}
	out := maps.Clone(written)
	for _, key := range ofTheGateway {
		delete(out, key)
	}
	if b == BreakNoRetry {
		links = [][]use{links[0][:1]}
		out = section{"retries": raw(0)}
		for _, key := range []string{"timeout", "idle_timeout"} { // the others are about chains
			if value, ok := written[key]; ok {
				out[key] = value
			}
		}
	}
	out["chain"] = raw(links)
	return out
}

// likeNames are the names that a key of models_like has in the drill's policy.
func likeNames(name string, backends map[string]section, plays []*play) (names []string) {
	at, model, slash := strings.Cut(name, "/")
	if _, ok := backends[at]; !slash || !ok {
		return []string{name}
	}
	for _, p := range plays {
		for _, b := range p.backends {
			if b.name == at {
				names = append(names, b.copy+"/"+model)
			}
		}
	}
	return names
}

// raw writes a value that JSON can always hold.
func raw(value any) json.RawMessage {
	text, err := json.Marshal(value)
	if err != nil {
		panic("drill: " + err.Error())
	}
	return text
}
