package policy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"github.com/headgate/headgate/policy/price"
)

// Canonical returns the set as a document in JSON, which is YAML too: defaults
// written out, keys sorted, no comments. Parsing it gives an equal set, and two
// documents that mean the same have the same canonical form.
func (s *Set) Canonical() []byte {
	doc := map[string]any{
		"version":   1,
		"listen":    s.Listen.String(),
		"anonymous": s.Anonymous,
		"unpriced":  s.Unpriced,
		"limits":    map[string]any{"body": fmt.Sprintf("%dB", s.BodyLimit)},
		"backends":  canonicalMap(s.Backends, canonicalBackend),
		"models":    canonicalMap(s.Models, canonicalModel),
		"prices":    canonicalPrices(s.Prices.Overrides()),
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(doc); err != nil {
		panic("policy: canonical form: " + err.Error()) // maps, texts and numbers only
	}
	return b.Bytes()
}

func canonicalMap[T any](all map[string]*T, one func(*T) any) map[string]any {
	out := make(map[string]any, len(all))
	for name, v := range all {
		out[name] = one(v)
	}
	return out
}

func canonicalBackend(b *Backend) any {
	out := map[string]any{"provider": b.Provider.Name, "without_credential": b.WithoutCredential}
	if b.URL != nil {
		out["url"] = b.URL.String()
	}
	if b.Provider.Name == openAICompatible || b.Provider.Name == SimulatedProvider {
		out["dialect"] = b.Dialect
	}
	if b.Region != "" {
		out["region"] = b.Region
	}
	if b.CAFile != "" {
		out["ca_file"] = b.CAFile
	}
	var credentials []any
	for _, c := range b.Credentials {
		if c.Env != "" {
			credentials = append(credentials, map[string]string{"env": c.Env})
		} else {
			credentials = append(credentials, map[string]string{"file": c.File})
		}
	}
	if credentials != nil {
		out["credential"] = credentials
	}
	return out
}

func canonicalModel(m *Model) any {
	var chain []any
	for _, l := range m.Chain {
		var link []any
		for _, u := range l.Uses {
			link = append(link, map[string]any{"use": u.Backend.Name + "/" + u.Model, "weight": u.Weight})
		}
		chain = append(chain, link)
	}
	out := map[string]any{
		"chain": chain, "retries": m.Retries, "unfit": m.Unfit, "nearest": m.Nearest,
		"timeout": m.Timeout.String(), "idle_timeout": m.IdleTimeout.String(),
		"breaker": map[string]uint32{
			"connections": m.Breaker.Connections, "pending": m.Breaker.Pending, "requests": m.Breaker.Requests,
		},
	}
	if m.Health.Interval > 0 {
		out["health"] = map[string]string{"interval": m.Health.Interval.String()}
	}
	return out
}

func canonicalPrices(overrides []price.Override) any {
	out := make(map[string][]any)
	for _, o := range overrides {
		p := o.Price
		row := map[string]any{}
		for key, rate := range map[string]price.Pico{
			"input": p.Input, "output": p.Output, "cache_read": p.CacheRead,
			"cache_write_5m": p.CacheWrite5m, "cache_write_1h": p.CacheWrite1h,
			"audio_input": p.AudioInput, "audio_output": p.AudioOutput,
		} {
			row[key] = json.Number(rate.PerMillion())
		}
		if !p.ValidFrom.IsZero() {
			row["valid_from"] = p.ValidFrom.Format(time.DateOnly)
		}
		name := o.Model
		if o.Backend != "" {
			name = o.Backend + "/" + o.Model
		}
		out[name] = append(out[name], row)
	}
	return out
}
