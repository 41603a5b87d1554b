package extproc

import (
	"testing"

	"github.com/headgate/headgate/extproc/exchange"
)

// TestTheLabelOfAnAnswerSaysWhatItIsReadAs holds which answers to a request for a stream are read
// as one.
func TestTheLabelOfAnAnswerSaysWhatItIsReadAs(t *testing.T) {
	for label, want := range map[string]bool{
		"text/event-stream":               true,
		"Text/Event-Stream;charset=utf-8": true,
		"":                                true,
		"text/plain; charset=utf-8":       true,
		"application/octet-stream":        true,
		"application/x-ndjson":            true,
		"application/jsonl":               true,
		"application/json":                false,
		"Application/JSON; charset=utf-8": false,
		"text/json":                       false,
		"application/problem+json":        false,
		"text/html":                       false,
		"application/xhtml+xml":           false,
		"application/xml":                 false,
	} {
		h := exchange.Headers{{Name: "content-type", Value: []byte(label)}}
		if label == "" {
			h = nil
		}
		if got := arrivesAsStream(&exchange.Request{Stream: true, Operation: exchange.Chat}, 200, h); got != want {
			t.Errorf("%q: %v, want %v", label, got, want)
		}
		events := isEventStream(h)
		for name, req := range map[string]*exchange.Request{
			"one that is to be whole": {Operation: exchange.Chat}, "embeddings": {Stream: true, Operation: exchange.Embeddings},
		} {
			if got := arrivesAsStream(req, 200, h); got != events {
				t.Errorf("%q, %s: %v, want %v", label, name, got, events)
			}
		}
		if arrivesAsStream(&exchange.Request{Stream: true, Operation: exchange.Chat}, 500, h) {
			t.Errorf("%q: an error is a stream", label)
		}
	}
}
