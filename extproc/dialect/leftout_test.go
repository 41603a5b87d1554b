package dialect_test

import "maps"

// leftOutOfAnswers is what the clients of another dialect do not get of an answer, by its
// file, with the reasons. README.md has it in words.
var leftOutOfAnswers = map[string]map[string]string{
	"anthropic.json": all(anthropicHead, anthropicOnly, below("usage.", anthropicUsage), below("content[].", anthropicCall),
		map[string]string{"content[].citations": "they point into what only the provider has"}),
	"anthropic-own.json": all(anthropicHead, map[string]string{"content": ownTools, "stop_reason": "a pause is a stop"}),
	"anthropic.sse": all(anthropicEvents, below("message_start.message.", all(anthropicHead, anthropicStart)), below("message_start.message.usage.", anthropicStartUsage),
		below("message_delta.delta.", anthropicStop), below("content_block_start.content_block.", all(anthropicBlock, anthropicCall)), anthropicDelta),
	"anthropic-own.sse": all(anthropicEvents, below("message_start.message.", anthropicHead), anthropicOwnEvents),

	"openai.json":         all(openaiHead, below("choices[].", openaiChoice), below("choices[].message.", openaiMessage), below("usage.", openaiUsage)),
	"openai-refusal.json": all(openaiAny, below("choices[].", openaiRefusal), below("choices[].message.", openaiDetails)),
	"openai.sse":          all(openaiChunk, below("choices[].", openaiPiece), below("choices[].delta.", openaiMessage), below("usage.", openaiUsage)),
	"openai-refusal.sse":  all(openaiChunk, below("choices[].", openaiPieces), below("choices[].delta.", openaiDetails), below("usage.", openaiUsage)),
}

const (
	ownTools  = "only the provider can run its tools, and read what they found"
	unasked   = "it answers what a client of the other dialect cannot ask for"
	always    = "it is the same in every answer"
	none      = "there is none"
	same      = "the event's name says the same"
	elsewhere = "it follows from what is there"
	first     = "the first answer counts"
	recorded  = "it is the gateway's to count"
	words     = "the other dialect has other words for it, or none"
)

var (
	anthropicHead = map[string]string{"type": always, "role": always, "stop_sequence removed": none}
	anthropicOnly = map[string]string{
		"container": unasked, "context_management": unasked, "diagnostics": unasked, "input_transformations": unasked,
		"stop_details": "the finish says that it is a refusal", "stop_reason changed": "an answer with calls ended with them",
	}
	anthropicCall  = map[string]string{"caller": ownTools, "toolset_name": unasked}
	anthropicUsage = map[string]string{
		"cache_creation.ephemeral_5m_input_tokens": elsewhere, "cache_creation_input_tokens removed": elsewhere,
		"fallback_credit": unasked, "iterations": recorded, "server_tool_use": recorded,
		"service_tier": words, "inference_geo": unasked, "speed": unasked,
	}

	anthropicEvents = map[string]string{
		"message_start.type": same, "message_delta.type": same, "message_stop.type": same, "ping.type": same,
		"content_block_start.type": same, "content_block_delta.type": same, "content_block_stop.type": same,
		"message_start.message.content removed": none, "message_start.message.stop_reason removed": none,
	}
	anthropicStart      = map[string]string{"container": unasked, "diagnostics": unasked, "stop_details removed": none}
	anthropicStartUsage = map[string]string{
		"cache_creation": "the last report counts", "cache_creation_input_tokens": "the last report counts",
		"cache_read_input_tokens": "the last report counts", "input_tokens": "the last report counts", "output_tokens": "the last report counts",
		"service_tier": words, "inference_geo": unasked, "speed": unasked,
	}
	anthropicBlock = map[string]string{"input removed": none, "signature removed": none, "text removed": none, "thinking removed": none}
	anthropicStop  = map[string]string{"container": unasked, "stop_details": "the finish says that it is a refusal", "stop_sequence removed": none}
	anthropicDelta = map[string]string{
		"content_block_delta.delta.estimated_tokens": recorded,
		"message_delta.context_management":           unasked,
		"message_delta.usage.iterations":             recorded, "message_delta.usage.server_tool_use": recorded,
		"message_delta.usage.cache_creation_input_tokens removed": "the first report has it",
	}
	anthropicOwnEvents = map[string]string{
		"content_block_start.content_block": ownTools, "content_block_delta.delta": ownTools,
		"message_delta.delta.stop_reason changed": "every other word is a stop",
		"message_delta.delta.stop_sequence":       "a stop is a stop",

		"message_start.message.usage.cache_creation.ephemeral_5m_input_tokens": elsewhere,
		"message_start.message.usage.cache_creation_input_tokens removed":      elsewhere,
		"message_start.message.usage.output_tokens":                            "the last report counts",
		"message_start.message.usage.server_tool_use":                          recorded,
	}
)

var (
	openaiAny  = map[string]string{"object": always, "created": words, "usage.total_tokens": elsewhere, "usage.completion_tokens removed": "total_tokens shows it"}
	openaiHead = map[string]string{"object": always, "created": words, "system_fingerprint": words, "service_tier": words, "metadata": unasked, "moderation": unasked}

	openaiChoice  = map[string]string{"index": first, "logprobs": unasked, "message.role": always, "message.refusal removed": none, "message.tool_calls[].type": always}
	openaiRefusal = map[string]string{
		"index": first, "finish_reason": "it refused, whatever the server says",
		"message.role": always, "message.content removed": none,
	}
	openaiPieces  = map[string]string{"index": first, "finish_reason": "it refused, whatever the server says", "delta.role": always}
	openaiMessage = map[string]string{"annotations": "they point into what only the provider has", "audio": unasked, "function_call": unasked}
	openaiDetails = map[string]string{"reasoning_details[].index": elsewhere, "reasoning_details[].format": "another one carries no signature"}
	openaiUsage   = map[string]string{
		"total_tokens": elsewhere, "completion_tokens removed": "total_tokens shows it", "prompt_tokens_details.audio_tokens": "it is input", "prompt_tokens_details.text_tokens": elsewhere,
		"prompt_tokens_details.image_tokens": elsewhere, "completion_tokens_details.audio_tokens": "it is output",
		"completion_tokens_details.text_tokens": elsewhere, "completion_tokens_details.accepted_prediction_tokens": unasked,
		"completion_tokens_details.rejected_prediction_tokens": unasked,
	}
	openaiChunk = map[string]string{"object": always, "created": words, "system_fingerprint": words, "service_tier": words, "obfuscation": "it only fills"}
	openaiPiece = map[string]string{
		"index removed": first, "logprobs": unasked, "delta.role": always,
		"delta.tool_calls[].index": "calls are counted anew", "delta.tool_calls[].type": always,
		"delta.tool_calls[].function.arguments removed": none,
	}
)

// below returns a table of what is below a path.
func below(path string, table map[string]string) map[string]string {
	out := make(map[string]string, len(table))
	for key, why := range table {
		out[path+key] = why
	}
	return out
}

// all returns several tables as one.
func all(tables ...map[string]string) map[string]string {
	out := map[string]string{}
	for _, t := range tables {
		maps.Copy(out, t)
	}
	return out
}
