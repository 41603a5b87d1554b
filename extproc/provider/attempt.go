package provider

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/headgate/headgate/extproc/exchange"
)

// credentialHeaders are the headers in which one provider or another takes its
// secret. An attempt removes those that it does not set: the headers of the
// attempt before are still there.
var credentialHeaders = []string{"authorization", "x-api-key", "api-key", "x-goog-api-key"}

// dialectHeaders mean something to one dialect only.
var dialectHeaders = map[string][]string{
	"openai":    {"openai-beta"},
	"anthropic": {"anthropic-version", "anthropic-beta"},
}

// Attempt prepares one try of an exchange at the backend that Envoy chose, and
// adds it to the exchange's attempts. It may run while the exchange's own stream
// waits, on another goroutine: it only reads what the request stages have left.
func (s *Stage) Attempt(ex *exchange.Exchange, backend, model string, now time.Time) (out *exchange.Mutation, index int, err error) {
	p := s.pools[ex.Route.Model]
	if p == nil {
		return nil, 0, fmt.Errorf("model %q has no pool", ex.Route.Model)
	}
	t := p.find(backend, model)
	if t == nil {
		return nil, 0, fmt.Errorf("model %q has no backend %q with model %q", ex.Route.Model, backend, model)
	}
	out = &exchange.Mutation{}
	secret, err := s.prepare(out, ex, t)
	if err != nil {
		return nil, 0, err
	}
	out.Remove = append(out.Remove, undo(out, t)...)
	index = ex.Attempts.Begin(exchange.Attempt{
		Backend: t.backend.Name, Provider: t.backend.Provider.Name, Model: t.model, Secret: secret, Started: now,
	})
	return out, index, nil
}

// undo lists what an earlier attempt may have left and this one does not set.
func undo(out *exchange.Mutation, t *target) (names []string) {
	for _, name := range credentialHeaders {
		if out.Set.Get(name) == nil {
			names = append(names, name)
		}
	}
	for dialect, headers := range dialectHeaders {
		if dialect != t.dialect.Name() {
			names = append(names, headers...)
		}
	}
	if !t.simulated {
		names = append(names, SimHeader)
	}
	return names
}

// Answered notes the response headers of an attempt. It returns the status that
// Envoy shall judge, because Envoy decides by it on the next attempt, and whether
// the endpoint shall be used last for a while.
//
// A 429 goes to the next link at once. A refused credential is answered like one:
// another backend may do better, and none would on the same key. Where every
// backend has said so no round is left to win, and the status ends the retries.
func (s *Stage) Answered(ex *exchange.Exchange, index int, h exchange.Headers, now time.Time) (status int, degrade bool) {
	status, _ = strconv.Atoi(string(h.Get(":status")))
	ex.Attempts.Answered(index, status, RetryAfter(h, now), now)
	attempts := ex.Attempts.List()
	switch status {
	case 401, 402, 403:
		s.secrets.Reject(attempts[index].Backend, attempts[index].Secret)
		fallthrough
	case 429:
		if s.pools[ex.Route.Model].spent(attempts) {
			return http.StatusFailedDependency, true
		}
		return http.StatusTooManyRequests, true
	}
	return status, false
}

// spent tells whether the latest word of every backend of the pool was that it
// cannot take the request now.
func (p *pool) spent(attempts []exchange.Attempt) bool {
	for _, t := range p.targets {
		latest := 0
		for i := range attempts {
			if attempts[i].Backend == t.backend.Name && attempts[i].Model == t.model {
				latest = attempts[i].Status
			}
		}
		if latest != 401 && latest != 402 && latest != 403 && latest != 429 {
			return false
		}
	}
	return true
}

// RetryAfter reads when a provider wants to be asked again: retry-after-ms, or
// retry-after in seconds or as a date. 0: it does not say.
func RetryAfter(h exchange.Headers, now time.Time) time.Duration {
	const most = 24 * time.Hour
	if ms, err := strconv.ParseFloat(string(h.Get("retry-after-ms")), 64); err == nil && ms > 0 {
		return min(time.Duration(ms*float64(time.Millisecond)), most)
	}
	text := string(h.Get("retry-after"))
	if s, err := strconv.ParseFloat(text, 64); err == nil && s > 0 {
		return time.Duration(min(s, most.Seconds()) * float64(time.Second))
	}
	if at, err := http.ParseTime(text); err == nil && at.After(now) {
		return min(at.Sub(now), most)
	}
	return 0
}
