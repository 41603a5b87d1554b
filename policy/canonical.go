package policy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"github.com/headgate/headgate/policy/price"
)

// Canonical returns the set as a document in JSON, which is YAML too: keys sorted, no
// comments, and nothing that equals its default. Parsing it gives an equal set, and two
// documents that mean the same have the same canonical form.
//
// Versions of Headgate that differ rest on it: a policy that does not use a key reads
// the same where the key is not known. So no default ever changes within version 1 of
// the document, a key that is added gets a default which means what its absence meant,
// and no value that was allowed becomes a fault. testdata/defaults.yaml holds every
// default.
func (s *Set) Canonical() []byte {
	usual := defaults()
	doc := sparse{"version": 1}
	doc.add("listen", s.Listen.String(), usual.Listen.String())
	doc.add("anonymous", s.Anonymous, usual.Anonymous)
	doc.add("unpriced", s.Unpriced, usual.Unpriced)
	limits := sparse{}
	limits.add("body", fmt.Sprintf("%dB", s.BodyLimit), fmt.Sprintf("%dB", usual.BodyLimit))
	doc.addObject("limits", limits)
	doc.addObject("backends", canonicalMap(s.Backends, canonicalBackend))
	doc.addObject("models", canonicalMap(s.Models, canonicalModel))
	doc.addObject("prices", canonicalPrices(s.Prices.Overrides()))
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(doc); err != nil {
		panic("policy: canonical form: " + err.Error()) // maps, texts and numbers only
	}
	return b.Bytes()
}

// sparse is an object of a canonical form.
type sparse map[string]any

// add writes a key, unless its value is the default.
func (f sparse) add(key string, value, usual any) {
	if value != usual {
		f[key] = value
	}
}

// addObject writes an object, unless nothing is in it.
func (f sparse) addObject(key string, value sparse) {
	if len(value) > 0 {
		f[key] = value
	}
}

func canonicalMap[T any](all map[string]*T, one func(*T) sparse) sparse {
	out := make(sparse, len(all))
	for name, v := range all {
		out[name] = one(v)
	}
	return out
}

func canonicalBackend(b *Backend) sparse {
	out := sparse{"provider": b.Provider.Name}
	url := ""
	if b.URL != nil {
		url = b.URL.String()
	}
	out.add("url", url, b.Provider.URL)
	out.add("dialect", b.Dialect, b.Provider.dialect())
	out.add("region", b.Region, "")
	out.add("ca_file", b.CAFile, "")
	out.add("without_credential", string(b.WithoutCredential), backendType.Field("without_credential").Default)
	switch all := canonicalCredentials(b.Credentials); len(all) {
	case 0:
	case 1:
		out["credential"] = all[0]
	default:
		out["credential"] = all
	}
	return out
}

func canonicalCredentials(all []Credential) []sparse {
	var out []sparse
	for _, c := range all {
		one := sparse{}
		one.add("env", c.Env, "")
		one.add("file", c.File, "")
		out = append(out, one)
	}
	return out
}

func canonicalModel(m *Model) sparse {
	usual := defaultModel()
	out := sparse{"chain": canonicalChain(m.Chain)}
	out.add("retries", m.Retries, usual.Retries)
	out.add("timeout", m.Timeout.String(), usual.Timeout.String())
	out.add("idle_timeout", m.IdleTimeout.String(), usual.IdleTimeout.String())
	out.add("nearest", m.Nearest, usual.Nearest)
	out.add("unfit", m.Unfit, usual.Unfit)
	breaker := sparse{}
	breaker.add("connections", m.Breaker.Connections, usual.Breaker.Connections)
	breaker.add("pending", m.Breaker.Pending, usual.Breaker.Pending)
	breaker.add("requests", m.Breaker.Requests, usual.Breaker.Requests)
	out.addObject("breaker", breaker)
	health := sparse{}
	health.add("interval", m.Health.Interval.String(), usual.Health.Interval.String())
	out.addObject("health", health)
	return out
}

// canonicalChain writes a link of one use without a weight as that use.
func canonicalChain(chain []Link) []any {
	var out []any
	for _, l := range chain {
		if len(l.Uses) == 1 && l.Uses[0].Weight == defaultWeight {
			out = append(out, l.Uses[0].text())
			continue
		}
		var link []sparse
		for _, u := range l.Uses {
			use := sparse{"use": u.text()}
			use.add("weight", u.Weight, uint32(defaultWeight))
			link = append(link, use)
		}
		out = append(out, link)
	}
	return out
}

func (u Use) text() string { return u.Backend.Name + "/" + u.Model }

func canonicalPrices(overrides []price.Override) sparse {
	rows := make(map[string][]sparse)
	for _, o := range overrides {
		name := o.Model
		if o.Backend != "" {
			name = o.Backend + "/" + o.Model
		}
		rows[name] = append(rows[name], canonicalPrice(o.Price))
	}
	out := make(sparse, len(rows))
	for name, all := range rows {
		if out[name] = all; len(all) == 1 {
			out[name] = all[0]
		}
	}
	return out
}

// canonicalPrice leaves out the buckets that cost what their parents do.
func canonicalPrice(p price.Price) sparse {
	usual := price.Rates{Input: p.Input, Output: p.Output}.Price("", time.Time{})
	text := func(rate price.Pico) any { return json.Number(rate.PerMillion()) }
	out := sparse{"input": text(p.Input), "output": text(p.Output)}
	out.add("cache_read", text(p.CacheRead), text(usual.CacheRead))
	out.add("cache_write_5m", text(p.CacheWrite5m), text(usual.CacheWrite5m))
	out.add("cache_write_1h", text(p.CacheWrite1h), text(usual.CacheWrite1h))
	out.add("audio_input", text(p.AudioInput), text(usual.AudioInput))
	out.add("audio_output", text(p.AudioOutput), text(usual.AudioOutput))
	if !p.ValidFrom.IsZero() {
		out["valid_from"] = p.ValidFrom.Format(time.DateOnly)
	}
	return out
}
