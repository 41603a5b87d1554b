// Package facts has nothing but tests. Each is named after one behaviour of Envoy that
// the design relies on, and shows it on a real Envoy. When a new Envoy version is tried,
// the names of the tests that fail are the list of what changed.
//
// The tests say what Envoy does, not what it should do: a test that fails is a question
// to the design, and is never mended by making it less strict. They need an Envoy binary,
// see README.md.
package facts
