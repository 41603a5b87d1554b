// Package drill plays the faults of providers to a policy's chain and judges what its
// client gets. The real gateway runs the policy, chains, clocks and retries as the operator
// wrote them; the simulated provider answers in the place of each backend, and fails on the
// wire as a real one does. No key is needed.
//
// The promise: a verdict comes from the bytes that the client got and from the simulated
// provider's log, and from nothing that the gateway says of itself. Each fault and each way
// of asking has backends, a model and a pool of its own in one Envoy, so that all of them
// run at once and none ejects the backends of another.
//
// The trap: an answer is known by its text, which names the link that wrote it. A gateway
// that changes texts on purpose fails the drill.
package drill
