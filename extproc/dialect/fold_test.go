package dialect_test

import (
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/canon/leaftest"
	"github.com/headgate/headgate/extproc/dialect"
	"github.com/headgate/headgate/extproc/scan"
)

// folded is the whole answer that a stream of a dialect makes.
func folded(name string, stream []byte) []byte {
	f := dialect.ByName(name).Fold()
	var split scan.Splitter
	split.Feed(stream)
	for ev, err := split.Next(); ev != nil && err == nil; ev, err = split.Next() {
		if fault := f.Frame(ev); fault != nil {
			return []byte(fault.Error())
		}
	}
	out, _ := f.Answer(nil)
	return out
}

// leftOutOfFolded is what a whole answer has no place for, by the file of the stream.
var leftOutOfFolded = map[string]map[string]string{
	"anthropic.sse": all(foldedEvents, below("message_start.message.", map[string]string{
		"container": replaced, "usage.cache_creation_input_tokens changed": replaced, "usage.cache_read_input_tokens changed": replaced,
		"usage.input_tokens changed": replaced, "usage.output_tokens changed": replaced,
	}), map[string]string{
		"content_block_start.content_block.signature changed":     replaced,
		"message_delta.delta.container removed":                   started,
		"message_delta.delta.stop_sequence removed":               started,
		"message_delta.usage.cache_creation_input_tokens removed": started,
		"content_block_delta.delta.estimated_tokens":              "it says how far the stream is",
	}),
	"anthropic-own.sse": all(foldedEvents, map[string]string{"message_start.message.usage.output_tokens changed": replaced}),
	"openai.sse":        all(foldedChunk, map[string]string{"choices[].delta.tool_calls[].index": "calls of a whole answer have none"}),
	"openai-refusal.sse": all(foldedChunk, below("choices[].delta.reasoning_details[].", map[string]string{
		"format": replaced, "type": "pieces of one index are of one type", "index removed": first,
	}), map[string]string{"choices[].finish_reason removed": "it ended", "choices[].finish_reason emptied": "it ended"}),
}

const (
	replaced = "what comes last counts"
	started  = "the start has it"
)

var (
	foldedEvents = all(map[string]string{"content_block_stop": "a block ends where the next begins"},
		below("ping.", map[string]string{"type": same}), below("message_stop.", map[string]string{"type": same}),
		map[string]string{
			"message_start.type": same, "content_block_start.type": same, "content_block_delta.type": same, "message_delta.type": same,
			"content_block_delta.delta.type": "the name of its member says the same",
		})
	foldedChunk = map[string]string{
		"obfuscation": "it only fills", "object": "that of a whole answer is another one", "choices[].index removed": first,
		"choices[].delta.role emptied": always,
	}
)

// TestNothingOfAFoldedStreamIsLost changes each leaf of streams that set all that the
// vendors' SDKs know.
func TestNothingOfAFoldedStreamIsLost(t *testing.T) {
	for file, leftOut := range leftOutOfFolded {
		name := file[:strings.IndexAny(file, ".-")]
		t.Run(file, func(t *testing.T) {
			leaftest.NothingLostOfStream(t, leaves(t, file), func(stream []byte) []byte { return folded(name, stream) }, leftOut)
		})
	}
}
