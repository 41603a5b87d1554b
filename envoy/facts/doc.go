// Package facts holds nothing but tests: each is named by one thing that the
// design takes for granted about Envoy, and shows it on a real Envoy. When a
// new Envoy version is tried, the names of the tests that fail are the list of
// what changed.
//
// The tests promise to say what Envoy does, not what it should do: a test that
// fails is a question to the design, and is never repaired by making it laxer.
// They need an Envoy binary, see README.md.
package facts
