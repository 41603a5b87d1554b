package envoy

import "strings"

// EndpointFailure is how attempts failed at the endpoints of a backend without an answer. Of an attempt
// that got no connection ext_proc may see nothing, so this is all that is known of it.
type EndpointFailure struct {
	Backend string // of the policy
	Model   string // at the backend, as the policy writes it
	Failure string // a closed set, also a metric label: "connect_failed" or "timeout"
}

// failureStats are the statistics of an endpoint that count failures, by their names.
var failureStats = map[string]string{
	"cx_connect_fail": "connect_failed", // refused, unreachable, or no TLS
	"rq_timeout":      "timeout",        // no headers in an attempt's time
}

// failures knows how often attempts failed at each endpoint. Not for concurrent use.
type failures struct {
	failed func(f EndpointFailure, more int64)
	seen   map[endpointStat]int64 // nil: nothing was seen yet
}

// endpointStat is one statistic of one endpoint in one pool.
type endpointStat struct{ pool, address, backend, model, name string }

// take reports by how much the failures are more than before. What an Envoy had counted before it was
// seen first is nobody's news; one that was started again begins at 0, and so does a new endpoint.
func (f *failures) take(all *clusters) {
	now, more := make(map[endpointStat]int64), make(map[EndpointFailure]int64)
	for _, c := range all.Statuses {
		if !strings.HasPrefix(c.Name, poolPrefix) {
			continue
		}
		for i := range c.Hosts {
			h := &c.Hosts[i]
			for _, s := range h.Stats {
				failure := failureStats[s.Name]
				if failure == "" || s.Value == 0 {
					continue
				}
				key := endpointStat{c.Name, h.address(), h.Locality.Backend, h.Locality.Model, s.Name}
				now[key] = s.Value
				more[EndpointFailure{h.Locality.Backend, h.Locality.Model, failure}] += growth(f.seen[key], s.Value)
			}
		}
	}
	first := f.seen == nil
	f.seen = now
	if first {
		return
	}
	for is, n := range more {
		if n > 0 {
			f.failed(is, n)
		}
	}
}

// none notes that Envoy has counted no failure yet.
func (f *failures) none() {
	if f.seen == nil {
		f.seen = make(map[endpointStat]int64)
	}
}

// growth is how much a counter grew that may have begun anew.
func growth(before, now int64) int64 {
	if now < before {
		return now
	}
	return now - before
}
