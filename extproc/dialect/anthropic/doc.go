// Package anthropic is the Anthropic Messages dialect.
//
// It has two halves. Dialect reads requests, answers and streams of its own kind in
// place, so that what nobody changes stays byte for byte. The translator turns them
// into the canonical form and back, for the other side of an exchange that speaks
// another dialect.
//
// The trap: input_tokens excludes cached tokens, and the usage in a stream is a
// snapshot whose absent fields say nothing: it overwrites, and never adds.
package anthropic
