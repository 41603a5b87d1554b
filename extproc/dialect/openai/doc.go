// Package openai is the OpenAI dialect: chat completions, embeddings, moderations and models.
//
// It has two halves. Dialect reads requests, answers and streams of its own kind in
// place, so that what nobody changes stays byte for byte. The translator turns them
// into the canonical form and back, for the other side of an exchange that speaks
// another dialect.
//
// The trap: prompt_tokens includes cached and audio tokens, completion_tokens
// includes reasoning; everything beyond this package counts disjoint buckets.
package openai
