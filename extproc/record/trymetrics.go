package record

import (
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/headgate/headgate/policy/policypb"
)

// tryMetrics count attempts, and what came of them. They are safe for concurrent use.
type tryMetrics struct {
	attempts  *prometheus.CounterVec
	fallbacks *prometheus.CounterVec
	dropped   *prometheus.CounterVec
}

func newTryMetrics(reg prometheus.Registerer) *tryMetrics {
	m := &tryMetrics{
		attempts: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "headgate_attempts_total",
			Help: "Attempts at backends, by the model that clients ask for, the backend, its own name of the model, the class of its status and why there was no answer."},
			[]string{"model", "backend", "served", "status", "failure"}),
		fallbacks: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "headgate_fallbacks_total",
			Help: "Times that a link of a chain was asked because another one had failed, and why."},
			[]string{"model", "from", "to", "failure"}),
		dropped: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "headgate_fields_dropped_total",
			Help: "Exchanges whose backend did not get a field of the request as it came, because it cannot express it."},
			[]string{"backend", "field"}),
	}
	reg.MustRegister(m.attempts, m.fallbacks, m.dropped)
	return m
}

// maxTries is how many attempts of an exchange are counted without taking memory.
const maxTries = 8

// take counts a row.
func (m *tryMetrics) take(r *policypb.Row) {
	var room [maxTries]try
	all := tries(room[:0], r)
	for i := range all {
		t := &all[i]
		m.attempts.WithLabelValues(r.Route, t.backend, t.model, statusClass(t.status), string(t.failure)).Inc()
		if i > 0 && all[i-1].backend != "" && t.backend != "" && !t.sameLink(&all[i-1]) {
			m.fallbacks.WithLabelValues(r.Route, all[i-1].link(), t.link(), string(all[i-1].failure)).Inc()
		}
	}
	m.takeDropped(r)
}

func (t *try) sameLink(other *try) bool { return t.backend == other.backend && t.model == other.model }

// link is how the policy writes what was asked.
func (t *try) link() string { return t.backend + "/" + t.model }

// statusClass is the class of a status, of which providers may send any.
func statusClass(status int) string {
	classes := [...]string{"none", "1xx", "2xx", "3xx", "4xx", "5xx"}
	if class := status / 100; status >= 0 && class < len(classes) {
		return classes[class]
	}
	return "other"
}

// takeDropped counts each field of a row once, however many places of it were left out.
func (m *tryMetrics) takeDropped(r *policypb.Row) {
	var room [16]string
	seen := room[:0]
	for _, path := range r.Dropped {
		if field := fieldOf(path); !slices.Contains(seen, field) {
			seen = append(seen, field)
			m.dropped.WithLabelValues(r.Backend, field).Inc()
		}
	}
}

// otherField stands for what clients may call as they like.
const otherField = "other"

// fields are the members of requests in all dialects, in order: no client's own word becomes a label.
var fields = []string{
	"audio", "background", "cache_control", "context_management", "conversation", "enable_thinking", "frequency_penalty", "function_call", "functions",
	"include", "input", "instructions", "logit_bias", "logprobs", "max_completion_tokens", "max_output_tokens", "max_tokens", "max_tool_calls",
	"mcp_servers", "messages", "metadata", "min_p", "modalities", "n", "output_config", "parallel_tool_calls", "prediction", "presence_penalty",
	"previous_response_id", "prompt", "prompt_cache_key", "prompt_cache_retention", "reasoning", "reasoning_effort", "repetition_penalty",
	"response_format", "safety_identifier", "seed", "service_tier", "stop", "stop_sequences", "store", "stream_options", "system", "temperature",
	"text", "thinking", "thread", "tool_choice", "tools", "top_k", "top_logprobs", "top_p", "truncation", "user", "verbosity", "web_search_options",
}

// fieldOf is the member of the request in which a path begins, which is a metric's label.
func fieldOf(path string) string {
	if end := strings.IndexAny(path, ".["); end >= 0 {
		path = path[:end]
	}
	if _, known := slices.BinarySearch(fields, path); known {
		return path
	}
	return otherField
}
