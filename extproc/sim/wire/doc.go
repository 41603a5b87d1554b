// Package wire is what the dialects of the simulated provider share: what a request asks
// (Call), what is answered (Answer), how the answer is to go wrong (Behaviour), what it
// costs (Usage), and what a Dialect must do. A dialect is a folder beside this one and a
// line in extproc/sim/kinds.go.
//
// The promise: no dialect knows the server, or another one, but for Responses, which has the
// errors and the models of OpenAI's other dialect. The trap: Headgate's own readers
// and writers must not be used here, as the provider is there to judge them.
package wire
