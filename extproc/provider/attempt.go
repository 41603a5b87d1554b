package provider

import (
	"bytes"
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

// Attempt implements exchange.Tries. It adds the attempt to the exchange's.
func (p *part) Attempt(backend, model string, now time.Time) (*exchange.Mutation, int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	t := p.pool.find(backend, model)
	if t == nil {
		p.unready = true
		return nil, 0, fmt.Errorf("model %q has no backend %q with model %q", p.ex.Route.Model, backend, model)
	}
	out := &exchange.Mutation{}
	secret, dropped, err := p.prepare(out, t)
	if err != nil {
		p.unready = true
		return nil, 0, err
	}
	out.SetHeader(":authority", t.host)
	restore(out, &p.ex.Request, t)
	out.Remove = append(out.Remove, unwanted(out, t)...)
	index := p.ex.Attempts.Begin(exchange.Attempt{
		Backend: t.backend.Name, Provider: t.backend.Provider.Name, Model: t.model, Secret: secret, Dropped: dropped, Started: now,
	})
	return out, index, nil
}

// unprepared tells whether an attempt ended because it could not be prepared.
func (p *part) unprepared() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.unready
}

// unwanted lists what the client or an earlier attempt may have left and this
// target must not get: all of the target's but what is set for it.
func unwanted(out *exchange.Mutation, t *target) []string {
	names := make([]string, 0, len(t.unwanted))
	for _, name := range t.unwanted {
		if out.Set.Get(name) == nil {
			names = append(names, name)
		}
	}
	return names
}

// restore sets again what the client sent for the target's dialect: an attempt at
// another dialect before may have removed it.
func restore(out *exchange.Mutation, req *exchange.Request, t *target) {
	for _, name := range t.own {
		if out.Set.Get(name) != nil {
			continue
		}
		var values [][]byte
		for i := range req.Headers {
			if req.Headers[i].Name == name {
				values = append(values, req.Headers[i].Value)
			}
		}
		if len(values) > 0 {
			out.SetHeader(name, string(bytes.Join(values, []byte(","))))
		}
	}
}

// Answered implements exchange.Tries.
//
// A 429 goes to the next link at once. A refused credential is answered like one:
// another backend may do better, and none would on the same key. Where every
// backend has said so no round is left to win, and the status ends the retries.
func (p *part) Answered(index int, h exchange.Headers, now time.Time) (status int, degrade bool) {
	status, _ = strconv.Atoi(string(h.Get(":status")))
	p.ex.Attempts.Answered(index, status, RetryAfter(h, now), now)
	attempts := p.ex.Attempts.List()
	if refusedKey(status) {
		p.stage.reject(attempts[index].Backend, attempts[index].Secret, status)
	} else if status != 429 {
		return status, false
	}
	if p.spent(attempts) {
		return http.StatusFailedDependency, true
	}
	return http.StatusTooManyRequests, true
}

func refusedKey(status int) bool { return status == 401 || status == 402 || status == 403 }

// spent tells whether the latest word of every backend that can serve the request
// was that it cannot take it now.
func (p *part) spent(attempts []exchange.Attempt) bool {
	for _, t := range p.pool.targets {
		latest := 0
		for i := range attempts {
			if attempts[i].Backend == t.backend.Name && attempts[i].Model == t.model {
				latest = attempts[i].Status
			}
		}
		if p.fits&(1<<t.class) != 0 && !refusedKey(latest) && latest != 429 {
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
		return min(time.Duration(min(ms, most.Seconds()*1000)*float64(time.Millisecond)), most)
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
